from decimal import Decimal

import pytest
from make_fhir import ago, creatinine, egfr, height, observation, patient, renal, rounded, weight

from cards.facts.renal import RenalFunction, discordant


def limited(value, comparator):
    return egfr(0, valueQuantity={"value": value, "comparator": comparator, "unit": "mL/min/{1.73_m2}"})


@pytest.mark.parametrize(
    ("reported", "crcl", "band"),
    [
        (egfr(12), "12.00", "<15"),
        (egfr("14.99"), "14.99", "<15"),
        (egfr(15), "15.00", "<30"),
        (egfr("29.99"), "29.99", "<30"),
        (egfr(30), None, None),
        (egfr(89), None, None),
        (egfr(90), "90.00", ">=90"),
        (limited(90, ">"), "90.00", ">=90"),
        (limited(90, ">="), "90.00", ">=90"),
        (limited(60, ">"), None, None),
        (limited(15, "<"), "15.00", "<15"),
        (limited(30, "<"), "30.00", "<30"),
        (limited(30, "<="), None, None),
        (limited(60, "<"), None, None),
        (limited(95, "<"), None, None),
    ],
)
def test_an_indexed_egfr_alone_is_used_in_the_far_bands_only(terminology, reported, crcl, band):
    read = renal(terminology, patient(60), reported)
    assert (rounded(read.crcl), read.far_band) == (crcl, band)
    assert (read.basis, read.issue) == (
        ("none", "no-creatinine") if crcl is None else ("egfr-indexed", "none")
    )


def test_less_than_15_stays_below_15(terminology):
    assert renal(terminology, patient(60), limited(15, "<")).crcl < 15


def test_an_egfr_is_de_indexed_where_height_and_weight_are_known(terminology):
    read = renal(terminology, patient(55), egfr("37.85"), weight(150), height(165))
    assert (read.basis, rounded(read.crcl), read.egfr, read.egfr_reported) == (
        "egfr-deindexed", "53.57", Decimal("37.85"), True,
    )  # fmt: skip
    assert any("de-indexed" in note for note in read.notes)
    assert "no creatinine on file" in read.why


def test_de_indexing_lowers_the_estimate_of_a_small_body(terminology):
    read = renal(terminology, patient(82), egfr("50.17"), weight(45), height(150))
    assert rounded(read.crcl) == "39.72"


def test_cockcroft_gault_decides_and_the_reported_egfr_is_shown(terminology):
    read = renal(terminology, patient(82), creatinine(1.1), egfr("50.17"), weight(45), height(150))
    assert (read.basis, rounded(read.crcl), read.egfr_reported) == ("cockcroft-gault", "28.01", True)
    assert (read.egfr, rounded(read.egfr_deindexed)) == (Decimal("50.17"), "39.72")
    assert discordant(read, [Decimal(60), Decimal(30)]) is True
    assert discordant(read, [Decimal(60), Decimal(15)]) is False


def test_a_calculated_egfr_cannot_disagree():
    calculated = RenalFunction(basis="cockcroft-gault", crcl=Decimal(28), egfr=Decimal(50))
    assert discordant(calculated, [Decimal(30)]) is False


def test_of_two_egfrs_at_one_time_the_lower_counts(terminology):
    other = observation("48643-1", 25, "mL/min/{1.73_m2}", ago())
    assert renal(terminology, patient(60), egfr(21), other).crcl == 21


def test_an_egfr_with_a_fair_creatinine_and_no_weight_is_used_when_far(terminology):
    read = renal(terminology, patient(60), creatinine(0.7), egfr(97))
    assert (read.basis, read.crcl, read.creatinine_mg_dl) == ("egfr-indexed", 97, Decimal("0.7"))
    assert renal(terminology, patient(60), creatinine(0.9), egfr(70)).issue == "no-weight"


def test_an_egfr_older_than_the_creatinine_does_not_stand_in_for_it(terminology):
    read = renal(terminology, patient(60), creatinine(1.4), egfr(97, days=30))
    assert (read.issue, read.crcl) == ("no-weight", None)
    assert read.egfr_reported is False


@pytest.mark.parametrize(("days", "reported"), [(7, True), (8, False)])
def test_a_reported_egfr_goes_with_a_creatinine_of_the_same_week(terminology, days, reported):
    read = renal(terminology, patient(60), creatinine(1.0), egfr(70, days=days), weight(70))
    assert read.egfr_reported is reported
    assert rounded(read.egfr) == ("70.00" if reported else "64.50")


@pytest.mark.parametrize(("value", "basis"), [(5.0, "egfr-indexed"), (1.0, "none"), (0.5, "none")])
def test_a_creatinine_without_weight_shows_severe_impairment_but_never_a_good_kidney(
    terminology, value, basis
):
    read = renal(terminology, patient(60), creatinine(value))
    assert read.basis == basis
    assert (read.issue == "no-weight") is (basis == "none")


def test_severe_impairment_without_a_weight_names_its_band(terminology):
    read = renal(terminology, patient(60), creatinine(5.0))
    assert (rounded(read.crcl), read.far_band, read.egfr_reported) == ("9.35", "<15", False)


def test_a_newer_severe_egfr_overrides_an_older_good_creatinine(terminology):
    read = renal(terminology, patient(60), creatinine(0.9, days=200), egfr(22, days=3), weight(70))
    assert (read.basis, read.crcl, read.creatinine_age_days) == ("egfr-indexed", 22, 3)
    assert "newer than the creatinine" in read.why
    assert read.creatinine_original == ""


def test_a_severe_egfr_of_the_same_days_leaves_the_decision_to_cockcroft_gault(terminology):
    read = renal(terminology, patient(60), creatinine(0.9, days=7), egfr(22), weight(70))
    assert read.basis == "cockcroft-gault"


def test_a_newer_egfr_that_is_not_severe_leaves_the_decision_to_cockcroft_gault(terminology):
    read = renal(terminology, patient(60), creatinine(0.9, days=200), egfr(92, days=3), weight(70))
    assert (read.basis, read.egfr) == ("cockcroft-gault", 92)


@pytest.mark.parametrize(
    ("days", "stale", "issue"), [(365, False, "none"), (366, True, "none"), (731, False, "no-creatinine")]
)
def test_a_reported_egfr_ages_like_a_creatinine(terminology, days, stale, issue):
    read = renal(terminology, patient(60), egfr(95, days=days))
    assert (read.stale, read.issue) == (stale, issue)


def test_a_severe_egfr_does_not_expire(terminology):
    read = renal(terminology, patient(60), egfr(20, days=2000))
    assert (read.crcl, read.stale, read.creatinine_age_days) == (20, True, 2000)


def test_a_reported_clearance_stands_in_for_a_missing_creatinine(terminology):
    read = renal(terminology, patient(60), observation("35591-7", 41, "mL/min", ago(3)), egfr(95))
    assert (read.basis, read.crcl) == ("measured", 41)
    own = renal(
        terminology, patient(60), observation("35591-7", 41, "mL/min", ago(3)), creatinine(1.0), weight(70)
    )
    assert own.basis == "cockcroft-gault"


@pytest.mark.parametrize("value", [0, -5, "0.9", 251, 1e300])
def test_an_implausible_egfr_is_not_used(terminology, value):
    assert renal(terminology, patient(60), egfr(value)).issue == "no-creatinine"


def test_an_unusable_newest_egfr_is_not_replaced_by_an_older_one(terminology):
    newest = egfr(0, valueQuantity={"value": 20})
    assert renal(terminology, patient(60), newest, egfr(95, days=5)).issue == "no-creatinine"


def test_a_newer_far_egfr_without_a_weight_hides_the_creatinine_it_replaces(terminology):
    read = renal(terminology, patient(60), creatinine(1.0, days=100), egfr(95, days=3))
    assert (read.basis, read.creatinine_mg_dl, read.creatinine_age_days) == ("egfr-indexed", None, 3)


def test_without_a_weight_an_expired_creatinine_is_expired_unless_it_was_severe(terminology):
    assert renal(terminology, patient(60), creatinine(1.0, days=900)).issue == "expired"
    severe = renal(terminology, patient(60), creatinine(5.0, days=900))
    assert (severe.basis, severe.stale) == ("egfr-indexed", True)
