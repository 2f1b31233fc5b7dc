"""What statements are said not to look at makes no difference to them: every case is judged again without it."""

from dataclasses import replace
from decimal import Decimal

import pytest

import cards.judging as judging
from cards.facts.daily_dose import DailyDose
from cards.knowledge.cases import evaluate_case
from cards.knowledge.loader import HOME, cases_file, knowledge_files
from cards.knowledge.strict_yaml import read
from cards.rules.looked_at import by_statement

HUGE = DailyDose(
    min_mg_per_day=Decimal(90_000),
    max_mg_per_day=Decimal(90_000),
    max_single_mg=Decimal(9_000),
    peak_day_mg=Decimal(90_000),
    start_mg_per_day=Decimal(90_000),
    doses_per_day=Decimal(10),
    as_needed=True,
    confidence="low",
    flags=("one-off", "taper-down"),
)
UNREADABLE = DailyDose(why="not readable")


def redosed(order, dose):
    """The same order of the same product, to be taken otherwise; also elsewhere on the body, and without an end."""
    kept = {key: value for key, value in order.resource.items() if key not in ("dosageInstruction", "dosage")}
    return replace(order, dose=dose, resource=kept, strength=None, ends=None, sites=frozenset(("thigh",)))


def graded(outcome):
    finding = outcome.finding
    return outcome.kind, None if finding is None else (finding.severity, finding.drugs)


@pytest.mark.parametrize("dose", [HUGE, UNREADABLE], ids=["huge", "unreadable"])
def test_a_statement_that_does_not_look_at_dosing_says_the_same_of_any(
    dose, knowledge, terminology, monkeypatch
):
    plain, judged, unlike = judging.check, set(), []

    def check(statement, order, ctx):
        outcome = plain(statement, order, ctx)
        if order.kind == "draft" and not by_statement(statement, knowledge).dosing:
            judged.add(statement.id)
            other = redosed(order, dose)
            drafts = tuple(other if one is order else one for one in ctx.drafts)
            again = plain(statement, other, ctx.with_drafts(drafts, ctx.standing, ctx.knowledge))
            if graded(again) != graded(outcome):
                unlike.append(statement.id)
        return outcome

    monkeypatch.setattr(judging, "check", check)
    for path in knowledge_files(HOME):
        for case in read(cases_file(path)):
            evaluate_case(case, knowledge, terminology)
    assert unlike == []
    assert len(judged) > 100
