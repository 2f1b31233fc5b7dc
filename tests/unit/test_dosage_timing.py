"""How often: frequencies, day parts, times of day, weekdays and codes."""

from decimal import Decimal
from fractions import Fraction

import pytest

from cards.facts.dose_rate import NoRate, Rate, longest_gap_h
from cards.facts.dose_timing import read_timing

GTS = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"


def rate(**members):
    found = read_timing({"repeat": members})
    assert isinstance(found, Rate)
    return found


@pytest.mark.parametrize(
    ("members", "low", "high", "peak"),
    [
        ({"frequency": 3, "period": 1, "periodUnit": "d"}, 3, 3, 3),
        ({"frequency": 2, "frequencyMax": 3, "period": 1, "periodUnit": "d"}, 2, 3, 3),
        ({"period": 4, "periodMax": 6, "periodUnit": "h"}, 4, 6, 6),
        ({"frequency": 1, "period": 5, "periodUnit": "h"}, Fraction(24, 5), Fraction(24, 5), 5),
        ({"frequency": 1, "period": 2, "periodUnit": "d"}, Fraction(1, 2), Fraction(1, 2), 1),
        ({"frequency": 3, "period": 1, "periodUnit": "wk"}, Fraction(3, 7), Fraction(3, 7), 1),
        ({"frequency": 10, "period": 1, "periodUnit": "wk"}, Fraction(10, 7), Fraction(10, 7), 2),
        ({"frequency": 1, "period": 1, "periodUnit": "mo"}, Fraction(1, 30), Fraction(1, 30), 1),
        ({"frequency": 1, "period": 90, "periodUnit": "min"}, 16, 16, 16),
        ({"frequency": 1, "period": 2, "periodUnit": "d", "when": ["HS"]}, Fraction(1, 2), Fraction(1, 2), 1),
        ({"period": 2, "periodUnit": "d", "when": ["MORN", "EVE"]}, 1, 1, 2),
        ({"when": ["AC", "HS"]}, 4, 4, 4),
        ({"when": "HS"}, 1, 1, 1),
        (
            {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon", "thu"]},
            Fraction(2, 7),
            Fraction(2, 7),
            1,
        ),
        (
            {"frequency": 2, "period": 1, "periodUnit": "d", "dayOfWeek": "mon"},
            Fraction(2, 7),
            Fraction(2, 7),
            2,
        ),
        (
            {"frequency": 1, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon"]},
            Fraction(1, 7),
            Fraction(1, 7),
            1,
        ),
        ({"dayOfWeek": ["mon", "wed", "fri"]}, Fraction(3, 7), Fraction(3, 7), 1),
        ({"dayOfWeek": ["mon"], "when": ["MORN", "HS"]}, Fraction(2, 7), Fraction(2, 7), 2),
    ],
)
def test_a_repeat_gives_the_average_and_the_doses_of_a_dose_day(members, low, high, peak):
    found = rate(**members)
    assert (found.low, found.high, found.peak) == (low, high, peak)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"frequency": 0, "period": 1, "periodUnit": "d"}, "frequency"),
        ({"frequency": -1, "period": 1, "periodUnit": "d"}, "frequency"),
        ({"frequency": "often", "period": 1, "periodUnit": "d"}, "frequency"),
        ({"frequency": 3, "period": 0, "periodUnit": "d"}, "period"),
        ({"frequency": 3, "period": 1}, "unit of time"),
        ({"frequency": 3, "period": 1, "periodUnit": "fortnight"}, "unit of time"),
        ({"frequency": 3}, "without a period"),
        ({"boundsDuration": {"value": 7, "unit": "d"}}, "no frequency"),
    ],
)
def test_a_repeat_that_states_no_rate_says_why(members, reason):
    found = read_timing({"repeat": members})
    assert isinstance(found, NoRate)
    assert reason in found.why


def test_day_parts_that_say_more_than_the_frequency_are_flagged_and_not_multiplied():
    found = rate(frequency=2, period=1, periodUnit="d", when=["AC"])
    assert (found.high, found.least, found.flags, found.confidence) == (
        3,
        2,
        ("when-frequency-conflict",),
        "medium",
    )


def test_a_frequency_range_that_holds_the_day_parts_is_no_conflict():
    assert rate(frequency=2, frequencyMax=3, period=1, periodUnit="d", when=["AC"]).flags == ()


@pytest.mark.parametrize(
    ("clocks", "gap"), [(["08:00", "20:00"], 12), (["08:00:00", "22:00"], 14), (["22:00"], 24)]
)
def test_the_longest_gap_includes_the_night(clocks, gap):
    assert longest_gap_h(rate(timeOfDay=clocks).times) == gap


def test_times_on_some_weekdays_have_no_daily_gap():
    assert rate(timeOfDay=["08:00"], dayOfWeek=["mon"]).times == ()


def coded(code, **members):
    return read_timing({"code": {"coding": [{"system": GTS, "code": code}]}, "repeat": members})


def test_a_code_and_a_repeat_that_differ_take_the_higher_and_are_flagged():
    found = coded("BID", frequency=3, period=1, periodUnit="d")
    assert (found.high, found.least, found.flags) == (3, 2, ("code-repeat-conflict",))


def test_a_code_and_a_repeat_that_agree_are_one():
    assert coded("TID", frequency=3, period=1, periodUnit="d").flags == ()


def test_weekdays_narrow_a_code():
    found = coded("BID", dayOfWeek=["mon"])
    assert (found.high, found.peak) == (Fraction(2, 7), 2)


def test_a_week_in_a_code_is_exactly_a_seventh():
    assert coded("WK").high == Fraction(1, 7)


@pytest.mark.parametrize(
    "timing",
    [
        {"code": {"text": "ONCE"}},
        {"event": ["2026-01-01"]},
        {"repeat": {"count": 1, "frequency": 2, "period": 1, "periodUnit": "d"}},
    ],
)
def test_a_single_administration_is_one_dose(timing):
    found = read_timing(timing)
    assert isinstance(found, Rate)
    assert (found.once, found.peak) == (True, 1)


def test_dated_events_count_the_fullest_day():
    found = read_timing({"event": ["2026-01-01T08:00:00Z", "2026-01-01T20:00:00Z", "2026-01-02T08:00:00Z"]})
    assert (found.peak, found.high) == (2, Fraction(3, 2))


def test_an_unknown_timing_code_is_no_frequency():
    found = read_timing({"code": {"coding": [{"code": "TITRATE TO"}]}})
    assert isinstance(found, NoRate)
    assert found.present


def test_a_wear_time_is_in_hours():
    assert rate(frequency=1, period=1, periodUnit="d", duration=90, durationUnit="min").wear_h == Decimal(
        "1.5"
    )
