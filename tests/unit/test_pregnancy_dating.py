from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from make_pregnancy import (
    TODAY,
    condition,
    day,
    due,
    gestational_age,
    hcg,
    last_period,
    observation,
    pregnant,
    read,
)


def test_an_ultrasound_due_date_comes_before_a_newer_one_and_that_before_all_else(terminology):
    evidence = [
        due(126, 60, code="11781-2"),
        due(130, 1),
        gestational_age(20, 0),
        last_period(160),
        condition("Z3A.25", 0),
    ]
    found = [read(terminology, pregnant(0), *evidence[start:]).ga_days for start in range(5)]
    assert found == [154, 150, 140, 160, 175]


def test_the_newest_of_equal_rank_counts(terminology):
    assert read(terminology, due(100, 30), due(110, 10), due(120, 20)).ga_days == 170
    assert read(terminology, gestational_age(20, 30), gestational_age(25, 10)).ga_days == 185


@pytest.mark.parametrize(
    "code", ["11778-8", "11779-6", "11780-4", "11781-2", "53692-0", "57063-0", "57064-8", "90368-2"]
)
def test_every_due_date_code_is_read(terminology, code):
    assert read(terminology, due(126, 5, code=code)).ga_days == 154


@pytest.mark.parametrize(
    ("left", "days", "trimester"), [(183, 97, 1), (182, 98, 2), (85, 195, 2), (84, 196, 3), (0, 280, 3)]
)
def test_trimesters_begin_at_14_and_28_weeks(terminology, left, days, trimester):
    found = read(terminology, due(left, 30))
    assert (found.ga_days, found.ga_weeks, found.trimester) == (days, days // 7, trimester)


def test_a_coded_week_carries_its_last_day_as_upper_bound(terminology):
    found = read(terminology, condition("Z3A.19", 0))
    assert (found.ga_weeks, found.ga_days_least, found.ga_days_most) == (19, 133, 139)
    assert not found.may_have_reached(20)
    assert found.may_be_below(20)
    later = read(terminology, condition("Z3A.19", 1))
    assert (later.ga_weeks, later.ga_days_most) == (19, 140)
    assert later.may_have_reached(20)
    assert later.may_be_below(20)


def test_the_week_codes_at_the_ends_have_one_bound_only(terminology):
    early = read(terminology, condition("Z3A.01", 3))
    assert (early.ga_days, early.ga_days_least, early.ga_days_most, early.trimester) == (None, 3, 58, 1)
    late = read(terminology, condition("Z3A.49", 3))
    assert (late.ga_days, late.ga_days_least, late.ga_days_most, late.trimester) == (None, 298, None, 3)
    assert late.may_have_reached(45)
    assert (early.ga_words, late.ga_words) == (
        "between 0 weeks 3 days and 8 weeks 2 days",
        "at least 42 weeks 4 days",
    )


@pytest.mark.parametrize(
    ("value", "unit", "code", "days"),
    [
        (20, "wk", "49051-6", 140),
        (20, "wk", "18185-9", 140),
        (20, "wk", "11884-4", 140),
        (20, "wk", "11885-1", 140),
        (143, "d", "49052-4", 143),
        (143, "d", "18185-9", 143),
        (20, None, "49051-6", 140),
        (143, None, "49052-4", 143),
        (20.5, "wk", "49051-6", 143),
        ("20", "weeks", "49051-6", 140),
        (20, None, "18185-9", None),
        (20, "cm", "49051-6", None),
        (0, "wk", "49051-6", None),
        (43, "wk", "49051-6", 301),
        (43.2, "wk", "49051-6", None),
        (-3, "wk", "49051-6", None),
    ],
)
def test_gestational_age_is_read_in_weeks_or_days(terminology, value, unit, code, days):
    found = read(terminology, gestational_age(value, 0, unit, code))
    assert found.ga_days == days
    assert (found.status == "yes") == (days is not None)
    assert bool(found.notes) == (days is None)


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("20w3d", 143),
        ("20 weeks 3 days", 143),
        ("20+3", 143),
        ("20w", 140),
        ("20 3/7 weeks", None),
        ("?", None),
    ],
)
def test_gestational_age_is_read_from_text(terminology, written, days):
    assert read(terminology, observation("18185-9", 0, valueString=written)).ga_days == days


def test_a_part_of_a_day_widens_the_bounds(terminology):
    found = read(terminology, gestational_age(20.5, 0))
    assert (found.ga_days_least, found.ga_days_most) == (143, 144)


def test_days_pass_between_the_observation_and_today(terminology):
    assert read(terminology, gestational_age(30, 14)).ga_days == 224


def test_a_due_date_known_to_the_month_gives_bounds_and_no_age(terminology):
    found = read(terminology, due("2026-10", 30))
    assert (found.status, found.ga_days, found.ga_days_least, found.ga_days_most) == ("yes", None, 142, 172)
    assert (found.trimester, found.ga_weeks) == (2, None)
    assert found.may_have_reached(24)
    assert found.may_be_below(21)
    across = read(terminology, due("2026-09", 30))
    assert (across.ga_days_least, across.ga_days_most, across.trimester) == (173, 202, None)


def test_a_due_date_with_a_time_is_a_local_day(terminology):
    late = due("2026-10-19T23:30:00-05:00", 30)
    assert read(terminology, late).ga_days == 153
    assert read(terminology, late, zone=ZoneInfo("America/Chicago")).ga_days == 154


def test_today_is_the_local_day(terminology):
    found = read(
        terminology,
        due(126, 30),
        now=datetime(2026, 6, 16, 3, 0, tzinfo=UTC),
        zone=ZoneInfo("America/Chicago"),
    )
    assert found.ga_days == 154


@pytest.mark.parametrize(
    ("ago", "days"),
    [(302, None), (301, 301), (5, None), (10, 10), (-3, None)],
)
def test_a_last_period_dates_only_what_it_can_have_begun(terminology, ago, days):
    assert read(terminology, pregnant(10), last_period(ago)).ga_days == days


def test_a_last_period_before_the_last_end_dates_nothing(terminology):
    assert read(terminology, condition("O03.9", 100), pregnant(10), last_period(100)).ga_days is None
    assert read(terminology, condition("O03.9", 100), pregnant(10), last_period(99)).ga_days == 99


def test_the_trimester_of_a_code_is_trusted_for_28_days(terminology):
    assert read(terminology, condition("O99.343", 28)).trimester == 3
    assert read(terminology, condition("O99.343", 29)).trimester is None
    assert read(terminology, condition("O99.341", 20), condition("O99.342", 3)).trimester == 2
    assert read(terminology, condition("O99.341", 3), condition("O09.92", 3)).trimester is None


def test_a_gestational_age_outweighs_the_trimester_of_a_code(terminology):
    assert read(terminology, condition("O99.343", 3), due(126, 3)).trimester == 2


def test_without_an_age_every_period_is_possible_and_a_trimester_narrows_it(terminology):
    unknown = read(terminology, hcg("positive", 3))
    assert unknown.may_have_reached(36)
    assert unknown.may_be_below(4)
    second = read(terminology, condition("O99.342", 3))
    assert (second.may_have_reached(27), second.may_have_reached(28)) == (True, False)
    assert (second.may_be_below(15), second.may_be_below(14)) == (True, False)
    none = read(terminology)
    assert not none.may_have_reached(1)
    assert not none.may_be_below(40)


def test_the_basis_says_where_the_age_comes_from(terminology):
    assert read(terminology, due(126, 5)).ga_basis == f"the due date {day(-126)}"
    assert (
        read(terminology, due(126, 5, code="11781-2")).ga_basis == f"the due date by ultrasound {day(-126)}"
    )
    assert read(terminology, gestational_age(20, 7)).ga_basis == f"20 weeks 0 days on {day(7)}"
    assert read(terminology, condition("Z3A.20", 7)).ga_basis == f"the week coded on {day(7)}"
    assert read(terminology, pregnant(7), last_period(90)).ga_basis == f"the last menstrual period {day(90)}"


def test_a_due_date_not_confirmed_by_ultrasound_is_noted(terminology):
    assert any("ultrasound" in note for note in read(terminology, due(126, 5)).notes)
    assert read(terminology, due(126, 5, code="11781-2")).notes == ()


def test_dates_at_the_ends_of_the_calendar_are_survived(terminology):
    found = read(terminology, due("9999-12-31", 1), due("0001-01-01", 1), last_period("9999"), pregnant(3))
    assert found.status == "yes"
    assert TODAY.isoformat() not in found.why
