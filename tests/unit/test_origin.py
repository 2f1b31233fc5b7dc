"""Where the advice of a card comes from: worked out once a day for statements that speak together."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from make_fhir import NOW

from cards.card import Indicator
from cards.finding import Finding, Words
from cards.knowledge.governance import Approval, Review
from cards.origin import origin_of, origins_of_today
from cards.policy import Policy

RENAL = "gabapentin-renal-dose"


@pytest.fixture
def statement(knowledge):
    approval = Approval(
        by="Dr A. Example", role="", on=NOW.date(), fingerprint="f", due=NOW.date() + timedelta(days=1)
    )
    return replace(knowledge.statements[RENAL], review=Review(current=approval, history=(approval,)))


def context(now=NOW, derived=None, **policy):
    remembered = SimpleNamespace(derived={} if derived is None else derived)
    return SimpleNamespace(now=now, policy=Policy(**policy), knowledge=remembered)


def finding(statement, **more):
    return Finding(
        statement=statement, order="o", severity=Indicator.warning, words=lambda: Words("s", "r"), **more
    )


def origin(findings, ctx):
    return origin_of(findings, ctx, origins_of_today(ctx))


def test_statements_that_speak_together_again_have_the_same_origin(statement):
    ctx = context()
    assert origin([finding(statement)], ctx) is origin([finding(statement)], ctx)


def test_what_is_remembered_of_a_review_ends_with_the_day(statement):
    derived = {}
    due, after = (context(NOW + timedelta(days=days), derived) for days in (1, 2))
    assert origin([finding(statement)], due).lines[-1] == "Review: approved by Dr A. Example"
    assert (
        origin([finding(statement)], after).lines[-1]
        == "Review: approved by Dr A. Example; the review is overdue"
    )


def test_the_topic_of_a_finding_and_what_is_unchecked_make_another_origin(statement):
    ctx = context()
    plain = origin([finding(statement)], ctx)
    assert origin([finding(statement, topic="data")], ctx).source == replace(plain.source, topic="data")
    assert "not yet checked against its source" in origin([finding(statement, unchecked=True)], ctx).lines[-1]
    assert "not yet checked" not in plain.lines[-1]


def test_the_statements_page_is_the_first_link_where_it_is_served(statement):
    derived = {}
    served = context(derived=derived, statement_url="https://example.org/{statement}")
    assert origin([finding(statement)], served).links[0].url == f"https://example.org/{RENAL}"
    assert all(
        "example.org" not in one.url for one in origin([finding(statement)], context(derived=derived)).links
    )
