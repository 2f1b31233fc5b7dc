"""The members of a case about pregnancy become the evidence they name."""

from datetime import date, timedelta

import pytest

from cards.knowledge.case_pregnancy import gestation_days, pregnancy_codes, pregnancy_observations
from cards.knowledge.cases import evaluate_case
from cards.knowledge.strict_yaml import KnowledgeFileError

TODAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("weeks", "days"), [(22, 154), ("22w0d", 154), ("19w6d", 139), ("20w0d", 140), (22.5, 158)]
)
def test_weeks_are_read_with_and_without_days(weeks, days):
    assert gestation_days(weeks) == days


def test_the_due_date_lies_280_days_after_the_first_day():
    ((_, code, _, value),) = pregnancy_observations({"pregnant_weeks": "19w6d"}, TODAY)
    assert code == "11778-8"
    assert value == {"valueDateTime": (TODAY + timedelta(days=280 - 139)).isoformat()}


def test_a_case_without_these_members_makes_nothing():
    assert list(pregnancy_observations({"age": 30}, TODAY)) == []
    assert pregnancy_codes("a case", {"age": 30}) == ()


def test_a_method_of_contraception_that_is_not_known_is_refused_by_name():
    with pytest.raises(KnowledgeFileError, match=r"a case: contraception is one of .*, not coil"):
        pregnancy_codes("a case", {"contraception": "coil"})


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"pregnant_weeks": "19w6d"}, {"status": "yes", "ga_days": 139}),
        ({"pregnant": True}, {"status": "yes", "ga_days": None}),
        ({"delivered_days_ago": 21}, {"status": "no", "lactating": "unknown", "infant_days": 21}),
        ({"delivered_days_ago": 21, "breastfeeding": True}, {"lactating": "yes", "infant_days": 21}),
        ({"delivered_days_ago": 2, "breastfeeding": False}, {"lactating": "no"}),
        ({"breastfeeding": {"answer": True, "days_ago": 181}}, {"lactating": "unknown"}),
        ({"pregnancy_test": {"result": "negative", "days_ago": 3}}, {"negative_test_days": 3}),
        ({"pregnancy_test": {"result": "positive", "days_ago": 3}}, {"status": "yes"}),
        ({"contraception": "intrauterine"}, {"contraception": "effective"}),
        ({"contraception": "hormonal"}, {"contraception": "hormonal"}),
        ({"contraception": "other"}, {"contraception": "recorded"}),
        ({"contraception": "sterilisation"}, {"contraception": "effective", "childbearing_potential": "no"}),
    ],
)
def test_the_facts_read_what_the_case_says(knowledge, terminology, members, expected):
    case = {"name": "a case", "patient": {"age": 30, "sex": "female", **members}, "drafts": []}
    found = evaluate_case(case, knowledge, terminology).pregnancy
    assert {name: getattr(found, name) for name in expected} == expected
