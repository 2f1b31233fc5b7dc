"""Gestational age in a summary, and predicates on the due date."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from cards.facts.pregnancy import Pregnancy
from cards.facts.record import Record
from cards.rules.about_pregnancy import contraception_effective, due_within, gestation_line
from cards.rules.answer import Situation
from cards.wording import gestation

PREGNANT = Pregnancy(status="yes", reason="the record says pregnant")


def situation(found):
    return Situation(SimpleNamespace(pregnancy=found, record=Record(patient_id="p1")), None)


def exactly(days):
    return PREGNANT._replace(ga_days=days, ga_days_least=days, ga_days_most=days, ga_basis="the due date")


@pytest.mark.parametrize(
    ("least", "most", "trimester", "words"),
    [
        (154, 154, 2, "22w0d"),
        (139, 139, 2, "19w6d"),
        (133, 139, 2, "19w0d-19w6d"),
        (0, 55, 1, "up to 7w6d"),
        (294, None, 3, "42w0d or more"),
        (None, None, 3, "trimester 3"),
        (None, None, None, "week not known"),
    ],
)
def test_gestation_in_words(least, most, trimester, words):
    assert gestation(least, most, trimester) == words


@pytest.mark.parametrize(("days", "holds"), [(249, False), (250, True), (285, True)])
def test_due_within_thirty_days_begins_at_35_weeks_5_days(days, holds):
    assert due_within(situation(exactly(days)), Decimal(30)).holds is holds


def test_due_within_holds_where_the_upper_bound_reaches_or_the_week_is_not_known():
    bounds = PREGNANT._replace(ga_days_least=245, ga_days_most=251)
    assert due_within(situation(bounds), Decimal(30)).holds is True
    assert due_within(situation(bounds._replace(ga_days_most=249)), Decimal(30)).holds is False
    assert due_within(situation(PREGNANT), Decimal(30)).holds is True


def test_due_within_of_someone_not_pregnant_or_not_known_to_be():
    assert due_within(situation(Pregnancy(status="no")), Decimal(30)).holds is False
    assert due_within(situation(Pregnancy(reason="nothing is recorded")), Decimal(30)).holds is None


def test_the_basis_says_where_the_age_comes_from_and_what_is_not_known():
    assert "22 weeks 0 days by the due date" in gestation_line(exactly(154))
    assert "gestational age not known" in gestation_line(PREGNANT)
    assert "trimester 2 by its code" in gestation_line(PREGNANT._replace(trimester=2))
    bounds = PREGNANT._replace(ga_days_least=133, ga_days_most=139, ga_basis="the week coded on 2026-06-15")
    assert "between 19 weeks 0 days and 19 weeks 6 days by the week coded" in gestation_line(bounds)


def test_contraception_is_named_with_its_source():
    found = Pregnancy(contraception="effective", contraception_sources=("Condition/c1",))
    said = contraception_effective(situation(found)).said()
    assert said == "Contraception: sterilisation or an intrauterine device (Condition/c1)"
    assert contraception_effective(situation(Pregnancy())).said() == "Contraception: none on record"
