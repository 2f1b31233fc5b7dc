from decimal import Decimal

import pytest

from cards.facts.renal_equations import (
    adjusted_weight,
    bedside_schwartz,
    body_mass_index,
    body_surface,
    ckd_epi_2021,
    cockcroft_gault,
    deindexed,
    ideal_weight,
)


def two(value):
    return f"{value:.2f}"


@pytest.mark.parametrize(
    ("age", "kg", "creatinine", "female", "expected"),
    [
        (45, "75", "0.8", False, "123.70"),
        (80, "55", "0.9", True, "43.29"),
        (74, "60", "1.87", True, "25.00"),
        (78, "62", "1.1", False, "48.54"),
        (66, "80", "7.2", False, "11.42"),
        (70, "64", "1.70", True, "31.11"),
        (70, "60", "1.68", True, "29.51"),
        (84, "42", "0.4", True, "69.42"),
        (84, "42", "0.8", True, "34.71"),
        (84, "42", "1.0", True, "27.77"),
        (60, "70", "1.0", False, "77.78"),
        (60, "70", "1.0", True, "66.11"),
        (72, "70", "0.34", False, "194.44"),
        (31, "92", "1.25", False, "111.42"),
    ],
)
def test_cockcroft_gault_gives_the_published_clearance(age, kg, creatinine, female, expected):
    assert two(cockcroft_gault(age, Decimal(kg), Decimal(creatinine), female)) == expected


@pytest.mark.parametrize(
    ("age", "creatinine", "female", "expected"),
    [
        (50, "1.00", False, "91.69"),
        (50, "0.80", True, "89.71"),
        (74, "1.87", True, "27.89"),
        (72, "2.19", False, "31.22"),
        (55, "1.6", True, "37.85"),
        (82, "1.1", True, "50.17"),
        (30, "0.6", True, "123.76"),  # below kappa, where the other exponent works
        (30, "0.6", False, "133.18"),
    ],
)
def test_ckd_epi_2021_gives_the_published_egfr(age, creatinine, female, expected):
    assert two(ckd_epi_2021(age, Decimal(creatinine), female)) == expected


def test_creatinine_at_kappa_leaves_age_and_sex_alone():
    assert ckd_epi_2021(0, Decimal("0.9"), False) == 142
    assert ckd_epi_2021(0, Decimal("0.7"), True) == 142 * Decimal("1.012")


@pytest.mark.parametrize(
    ("cm", "female", "expected"),
    [("170", False, "65.94"), ("165", True, "56.91"), ("150", True, "43.33"), ("152.4", False, "50.00")],
)
def test_ideal_weight_follows_devine_also_below_five_feet(cm, female, expected):
    assert two(ideal_weight(Decimal(cm), female)) == expected


def test_adjusted_weight_adds_the_given_part_of_the_excess():
    assert adjusted_weight(Decimal(110), Decimal(66), Decimal("0.4")) == Decimal("83.6")


def test_de_indexing_raises_the_estimate_of_a_large_body_and_lowers_that_of_a_small_one():
    assert two(body_surface(Decimal(150), Decimal(165))) == "2.45"
    assert two(deindexed(ckd_epi_2021(55, Decimal("1.6"), True), Decimal(150), Decimal(165))) == "53.57"
    assert two(deindexed(ckd_epi_2021(82, Decimal("1.1"), True), Decimal(45), Decimal(150))) == "39.72"


def test_body_mass_index_is_weight_over_squared_metres():
    assert two(body_mass_index(Decimal(150), Decimal(165))) == "55.10"


def test_bedside_schwartz_of_a_nine_year_old():
    assert two(bedside_schwartz(Decimal(132), Decimal("0.5"))) == "109.03"
