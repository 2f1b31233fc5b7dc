from decimal import Decimal

import pytest

from terminology.coding import GTS_ABBREVIATION, SNOMED, Coding
from terminology.timing import event_timing, timing_code, timing_text


@pytest.mark.parametrize(
    ("code", "per_day"),
    [
        ("QD", "1"),
        ("BID", "2"),
        ("TID", "3"),
        ("QID", "4"),
        ("QOD", "0.5"),
        ("Q4H", "6"),
        ("Q6H", "4"),
        ("Q8H", "3"),
        ("Q1H", "24"),
        ("BED", "1"),
        ("tid", "3"),
    ],
)
def test_gts_abbreviations_give_administrations_per_day(code, per_day):
    found = timing_code(Coding(GTS_ABBREVIATION, code))
    assert found is not None
    assert found.per_day == Decimal(per_day)


def test_weekly_and_monthly_are_fractions_of_a_day():
    weekly, monthly = timing_code(Coding(GTS_ABBREVIATION, "WK")), timing_code(Coding(GTS_ABBREVIATION, "MO"))
    assert weekly is not None
    assert monthly is not None
    assert weekly.per_day == Decimal(1) / 7
    assert monthly.per_day == Decimal(1) / 30


def test_day_parts_are_told_apart():
    codes = ("AM", "PM", "BED")
    slots = {found.slots for code in codes if (found := timing_code(Coding(GTS_ABBREVIATION, code)))}
    assert slots == {"morning", "afternoon", "bedtime"}


def test_q12h_is_no_gts_code_and_is_read_as_text():
    found = timing_code(Coding(GTS_ABBREVIATION, "Q12H"))
    assert found is not None
    assert found.per_day == 2


def test_a_snomed_frequency_needs_its_own_system():
    assert timing_code(Coding(SNOMED, "229798009")).per_day == 3
    assert timing_code(Coding("urn:local", "229798009")) is None


def test_a_local_code_is_read_by_its_display():
    assert timing_code(Coding("urn:local", "17", "four times daily")).per_day == 4


@pytest.mark.parametrize("text", ["Q6H:PRN", "Q6H PRN", "q 6 h prn", "every 6 hours as needed"])
def test_as_needed_is_kept_beside_the_frequency(text):
    found = timing_text(text)
    assert found is not None
    assert (found.per_day, found.prn) == (4, True)


@pytest.mark.parametrize(
    ("text", "per_day"), [("b.i.d.", 2), ("TDS", 3), ("three times daily", 3), ("QHS", 1), ("AC & HS", 4)]
)
def test_common_abbreviations_are_read(text, per_day):
    found = timing_text(text)
    assert found is not None
    assert (found.per_day, found.prn, found.once) == (per_day, False, False)


def test_once_is_a_single_dose_and_once_daily_is_not():
    assert timing_text("ONCE").once
    assert not timing_text("once daily").once


def test_three_times_a_week_is_not_three_times_a_day():
    assert timing_text("TIW").per_day == Decimal(3) / 7


@pytest.mark.parametrize("text", ["", "PRN", "0900", "TITRATE TO", "take 1 TID", "B" * 200, "as needed"])
def test_what_states_no_frequency_is_none(text):
    assert timing_text(text) is None


def test_meals_count_three_and_a_day_part_one():
    assert [event_timing(code) for code in ("AC", "PCM", "HS", "MORN.early", "nonsense")] == [
        3,
        1,
        1,
        1,
        None,
    ]
