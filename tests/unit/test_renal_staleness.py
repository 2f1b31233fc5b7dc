from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from make_fhir import NOW, ago, condition, creatinine, egfr, inpatient, patient, renal, rounded, weight

from cards.facts.renal_limits import RENAL_LIMITS
from cards.facts.renal_staleness import Setting, limit_days


def state(read):
    return "expired" if read.issue == "expired" else "stale" if read.stale else "fresh"


def setting(**more):
    return Setting(**({"inpatient": False, "changed": lambda: False, "oldest": 60, "ckd": False} | more))


@pytest.mark.parametrize(
    ("gfr", "days"),
    [
        ("14.99", 90),
        ("15", 120),
        ("29.99", 120),
        ("30", 180),
        ("44.99", 180),
        ("45", 365),
        ("60", 365),
        ("110", 365),
    ],
)
def test_the_lower_the_egfr_the_shorter_a_result_keeps(gfr, days):
    assert limit_days(Decimal(gfr), setting(), RENAL_LIMITS) == days


@pytest.mark.parametrize(
    ("gfr", "more", "days"),
    [
        ("80", {"oldest": 75}, 180),
        ("80", {"oldest": 74}, 365),
        ("80", {"oldest": 75, "ckd": True}, 365),
        ("20", {"oldest": 75}, 120),
        (None, {}, 365),
    ],
)
def test_age_shortens_it_further(gfr, more, days):
    assert limit_days(None if gfr is None else Decimal(gfr), setting(**more), RENAL_LIMITS) == days


@pytest.mark.parametrize(
    ("days", "expected"), [(365, "fresh"), (366, "stale"), (590, "stale"), (730, "stale"), (731, "expired")]
)
def test_a_creatinine_of_egfr_46_is_stale_after_a_year_and_gone_after_two(terminology, days, expected):
    read = renal(terminology, patient(69, "male"), creatinine(1.6, days=days), weight(80))
    assert state(read) == expected
    assert read.creatinine_age_days == days
    assert rounded(read.crcl) == (None if expected == "expired" else "49.31")


def test_an_expired_creatinine_says_how_old_it_is(terminology):
    read = renal(terminology, patient(69, "male"), creatinine(1.6, days=800), weight(80))
    assert (read.issue, read.why) == ("expired", "the last creatinine is 800 days old")
    assert read.creatinine_original == "1.6 mg/dL"


@pytest.mark.parametrize(
    ("days", "expected"), [(180, "fresh"), (181, "stale"), (360, "stale"), (361, "expired")]
)
def test_at_75_without_kidney_disease_half_a_year_is_the_limit(terminology, days, expected):
    read = renal(terminology, patient(75, "male"), creatinine(0.9, days=days), weight(80))
    assert state(read) == expected


def test_at_75_with_kidney_disease_on_the_list_the_egfr_decides(terminology):
    read = renal(
        terminology,
        patient(75, "male"),
        creatinine(0.9, days=300),
        weight(80),
        conditions=[condition("N18.2")],
    )
    assert state(read) == "fresh"


@pytest.mark.parametrize(("days", "expected"), [(14, "fresh"), (15, "stale"), (28, "stale"), (29, "expired")])
def test_after_a_change_of_a_drug_that_acts_on_the_kidney_two_weeks_are_the_limit(
    terminology, days, expected
):
    read = renal(
        terminology, patient(60, "male"), creatinine(0.9, days=days), weight(80),
        changed_classes=lambda: frozenset({"nsaid", "opioid"}),
    )  # fmt: skip
    assert state(read) == expected


def test_whether_a_drug_changed_is_not_asked_of_a_result_that_is_fresh_either_way(terminology):
    def refuse():
        raise AssertionError

    renal(terminology, patient(60, "male"), creatinine(0.9, days=14), weight(80), changed_classes=refuse)


def test_a_change_of_another_drug_does_not_shorten_it(terminology):
    read = renal(
        terminology,
        patient(60),
        creatinine(0.9, days=100),
        weight(80),
        changed_classes=lambda: frozenset({"opioid"}),
    )
    assert state(read) == "fresh"


@pytest.mark.parametrize(
    ("hours", "expected"), [(48, "fresh"), (49, "stale"), (7 * 24, "stale"), (7 * 24 + 1, "expired")]
)
def test_in_hospital_two_days_are_the_limit_and_a_week_the_end(terminology, hours, expected):
    read = renal(
        terminology, patient(60), creatinine(0.9, hours=hours), weight(80), encounter=inpatient(days=9)
    )
    assert state(read) == expected


@pytest.mark.parametrize(
    "encounter",
    [
        {"class": {"code": "AMB"}},
        inpatient() | {"status": "finished"},
        inpatient() | {"status": "planned"},
        inpatient() | {"period": {"end": ago(days=1)}},
        {"class": None},
        {},
    ],
)
def test_an_encounter_that_is_over_or_no_stay_keeps_the_outpatient_limits(terminology, encounter):
    read = renal(terminology, patient(60), creatinine(0.9, days=30), weight(80), encounter=encounter)
    assert state(read) == "fresh"


@pytest.mark.parametrize(
    "kind",
    ["inpatient", "emergency", {"code": "IMP"}, [{"coding": [{"code": "EMER"}]}],
     {"system": "http://hl7.org/fhir/v3/ActCode", "code": "ACUTE"}],
)  # fmt: skip
def test_a_stay_is_recognised_in_every_version_of_encounter_class(terminology, kind):
    encounter = {"resourceType": "Encounter", "class": kind}
    read = renal(terminology, patient(60), creatinine(0.9, days=3), weight(80), encounter=encounter)
    assert state(read) == "stale"


@pytest.mark.parametrize("days", [241, 1000, 4000])
def test_a_clearance_below_30_never_expires_to_normal(terminology, days):
    read = renal(terminology, patient(74), creatinine(1.87, days=days), weight(60))
    assert (rounded(read.crcl), read.stale, read.issue) == ("25.00", True, "none")


@pytest.mark.parametrize(("value", "issue"), [("1.55", "expired"), ("1.56", "none")])
def test_the_rule_against_expiry_ends_at_30(terminology, value, issue):
    # (140 - 74) * 60 / (72 * 1.55) * 0.85 = 30.16, and 29.97 at 1.56
    assert renal(terminology, patient(74), creatinine(value, days=1000), weight(60)).issue == issue


def test_age_in_days_is_counted_in_the_local_calendar(terminology):
    now = datetime(
        2026, 3, 30, 0, 30, tzinfo=ZoneInfo("Europe/Berlin")
    )  # the night after clocks went forward
    made = creatinine(1.0, effectiveDateTime="2026-03-28T23:30:00+01:00")
    local = renal(terminology, patient(60), made, weight(70), now=now, zone=ZoneInfo("Europe/Berlin"))
    utc = renal(terminology, patient(60), made, weight(70), now=now, zone=UTC)
    assert (local.creatinine_age_days, utc.creatinine_age_days) == (2, 1)


def test_a_result_known_to_the_year_is_as_old_as_it_can_be(terminology):
    read = renal(terminology, patient(60), creatinine(1.0, effectiveDateTime="2025"), weight(70))
    assert read.creatinine_age_days == (NOW.date() - datetime(2025, 1, 1, tzinfo=UTC).date()).days
    assert state(read) == "stale"
    assert any("as old as it can be" in note for note in read.notes)


def test_a_fresh_egfr_stands_in_for_an_expired_creatinine(terminology):
    read = renal(terminology, patient(60), creatinine(1.0, days=900), egfr(95, days=20), weight(70))
    expired = renal(terminology, patient(60), creatinine(1.0, days=900), weight(70))
    assert expired.issue == "expired"
    assert (read.basis, read.crcl, read.creatinine_age_days) == ("egfr-indexed", 95, 20)
    assert read.creatinine_observed is None
