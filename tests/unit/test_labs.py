from datetime import UTC, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from make_fhir import NOW, ago, creatinine, egfr, height, observation, weight

from cards.facts import lab_reading
from cards.facts.labs import NEWEST, newest, results
from terminology.coding import LOINC, UCUM


def read(terminology, *observations, of="creatinine", zone=UTC):
    return results(observations, of, terminology, NOW, zone)


def values(found):
    return [one.value for one in found[0]]


def codes(found):
    return [one.code for one in found[1]]


@pytest.mark.parametrize(
    ("value", "unit", "mg_dl"),
    [
        (1.87, "mg/dL", "1.87"),
        (177, "umol/L", "2.00"),
        (194, "µmol/L", "2.19"),
        (0.1149, "mmol/L", "1.30"),
        (13, "mg/L", "1.30"),
    ],
)
def test_creatinine_is_converted_by_its_unit(terminology, value, unit, mg_dl):
    (result,), _ = read(terminology, creatinine(value, unit))
    assert f"{result.value:.2f}" == mg_dl
    assert result.unit == "mg/dL"


def test_the_original_value_and_unit_are_kept_for_people(terminology):
    assert [r.original for r in read(terminology, creatinine(194, "umol/L"))[0]] == ["194 umol/L"]
    assert [r.original for r in read(terminology, creatinine(1.0329481736482901))[0]] == ["1.03 mg/dL"]
    assert [r.original for r in read(terminology, creatinine("2.50"))[0]] == ["2.5 mg/dL"]
    assert [r.original for r in read(terminology, egfr(52), of="egfr")[0]] == ["52 mL/min/1.73 m²"]
    assert [r.original for r in read(terminology, weight(150, "lbs"), of="body-weight")[0]] == ["150 lb"]


@pytest.mark.parametrize(
    ("value", "unit", "kg"),
    [(154, "[lb_av]", "69.85"), (176, "lbs", "79.83"), (4500, "g", "4.50"), (70.5, "kg", "70.50")],
)
def test_weight_is_read_in_kg(terminology, value, unit, kg):
    (result,), _ = read(terminology, weight(value, unit), of="body-weight")
    assert f"{result.value:.2f}" == kg


@pytest.mark.parametrize(
    ("value", "unit", "cm"), [(68, "[in_i]", "172.72"), (1.65, "m", "165.00"), (165, "cm", "165.00")]
)
def test_height_is_read_in_cm(terminology, value, unit, cm):
    (result,), _ = read(terminology, height(value, unit), of="body-height")
    assert f"{result.value:.2f}" == cm


@pytest.mark.parametrize("unit", ["mL/min", "mL/min/{1.73_m2}", "mL/min/1.73m2"])
def test_an_egfr_code_is_indexed_however_its_unit_is_printed(terminology, unit):
    found = read(terminology, observation("33914-3", 52, unit, ago(1)), of="egfr")
    assert (values(found), found[0][0].unit) == ([52], "mL/min/{1.73_m2}")


def test_a_clearance_in_an_indexed_unit_is_not_a_clearance(terminology):
    indexed = observation("35591-7", 52, "mL/min/{1.73_m2}", ago(1))
    plain = observation("35591-7", 52, "mL/min", ago(1))
    assert codes(read(terminology, indexed, of="creatinine-clearance")) == ["no-unit"]
    assert values(read(terminology, plain, of="creatinine-clearance")) == [52]


def test_only_the_codes_of_the_value_set_count(terminology):
    urine = observation("2161-8", 90, "mg/dL", ago(1))
    other_system = creatinine(1.0, code={"coding": [{"system": "http://local", "code": "2160-0"}]})
    assert read(terminology, urine, other_system, egfr(50), {"resourceType": "Patient"}) == ((), ())


@pytest.mark.parametrize("unit", [None, "", "widgets", "mL", "{creatinine}"])
def test_a_number_without_a_unit_of_creatinine_is_not_guessed(terminology, unit):
    good, (bad,) = read(terminology, creatinine(90, unit))
    assert (good, bad.code) == ((), "no-unit")
    assert "90" in bad.why


@pytest.mark.parametrize("value", [None, True, [], {}, "high", "1,2", "", "1.2.3", "haemolysed"])
def test_what_is_no_number_has_no_value(terminology, value):
    assert codes(read(terminology, creatinine(value))) == ["no-value"]


@pytest.mark.parametrize("value", [1e300, 10**30, 1e-30, float("inf")])
def test_a_number_beyond_any_real_one_is_implausible(terminology, value):
    assert codes(read(terminology, creatinine(value))) == ["implausible"]


@pytest.mark.parametrize(
    ("quantity", "comparator"),
    [
        ({"value": 0.3, "comparator": "<"}, "<"),
        ({"value": "<0.3"}, "<"),
        ({"value": ">= 7"}, ">="),
        ({"value": 7}, ""),
    ],
)
def test_a_comparator_is_kept(terminology, quantity, comparator):
    full = {"unit": "mg/dL", "system": UCUM, "code": "mg/dL", **quantity}
    (result,), _ = read(terminology, creatinine(1, valueQuantity=full))
    assert result.comparator == comparator


def test_an_unknown_comparator_leaves_no_value(terminology):
    full = {"value": 1, "unit": "mg/dL", "comparator": "about"}
    assert codes(read(terminology, creatinine(1, valueQuantity=full))) == ["no-value"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [("1.2 mg/dL", "1.2"), ("<0.3 mg/dL", "0.3"), ("106 umol/L", "1.20"), (" 1.2mg/dl ", "1.2")],
)
def test_a_text_value_is_read_when_it_is_a_number_and_a_unit(terminology, written, expected):
    text_only = creatinine(1, valueString=written)
    del text_only["valueQuantity"]
    (result,), _ = read(terminology, text_only)
    assert f"{result.value:.2f}" == f"{Decimal(expected):.2f}"


@pytest.mark.parametrize(
    "written", ["1.2", "normal", "1.2 mg/dL repeated", "1.2-1.4 mg/dL", "5 ft 8 in", "1,2 mg/dL", 1.2, None]
)
def test_any_other_text_value_is_not_read(terminology, written):
    text_only = creatinine(1, valueString=written)
    del text_only["valueQuantity"]
    good, bad = read(terminology, text_only)
    assert (good, len(bad)) == ((), 1)


def test_a_component_with_the_code_is_read_and_other_components_are_not(terminology):
    component = [
        {
            "code": {"coding": [{"system": LOINC, "code": "3094-0"}]},
            "valueQuantity": {"value": 20, "unit": "mg/dL"},
        },
        {
            "code": {"coding": [{"system": LOINC, "code": "2160-0"}]},
            "valueQuantity": {"value": 1.4, "unit": "mg/dL"},
        },
    ]
    panel = observation("24323-8", None, None, ago(1), component=component)
    assert values(read(terminology, panel)) == [Decimal("1.4")]


def test_results_come_newest_first_whatever_the_order(terminology):
    made = [creatinine(1.0, days=3), creatinine(2.0, days=1), creatinine(3.0, days=2)]
    assert values(read(terminology, *made)) == values(read(terminology, *reversed(made))) == [2, 3, 1]


@pytest.mark.parametrize("status", ["final", "amended", "corrected", None, "", 7])
def test_final_results_and_those_without_a_status_count(terminology, status):
    assert values(read(terminology, creatinine(1.0, status=status))) == [1]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered"])
def test_results_that_do_not_stand_are_dropped(terminology, status):
    assert read(terminology, creatinine(1.0, status=status)) == ((), ())


def test_a_preliminary_result_counts_only_without_a_final_one(terminology):
    early, final = creatinine(2.0, days=1, status="preliminary"), creatinine(1.0, days=9)
    assert values(read(terminology, early)) == [2]
    assert values(read(terminology, early, final)) == [1]
    assert values(read(terminology, early, final, of="egfr")) == []


def test_a_final_result_without_a_value_does_not_displace_a_preliminary_one(terminology):
    empty = creatinine(None, days=1)
    assert values(read(terminology, creatinine(2.0, status="preliminary"), empty)) == [2]


@pytest.mark.parametrize(
    "when",
    [
        {"effectiveDateTime": ago(5)},
        {"effectiveInstant": ago(5)},
        {"effectivePeriod": {"start": ago(9), "end": ago(5)}},
        {"effectivePeriod": {"start": ago(5)}},
        {"effectiveTiming": {"event": [ago(7), ago(5)]}},
    ],
)
def test_the_time_is_read_in_every_form(terminology, when):
    made = creatinine(1.0)
    del made["effectiveDateTime"]
    (result,), _ = read(terminology, made | when)
    assert (result.observed, result.by_issue_date) == (NOW - timedelta(days=5), False)


def test_issued_stands_in_only_where_there_is_no_effective_time(terminology):
    made = creatinine(1.0, issued=ago(2))
    assert read(terminology, made)[0][0].observed == NOW
    del made["effectiveDateTime"]
    (result,), _ = read(terminology, made)
    assert (result.observed, result.by_issue_date) == (NOW - timedelta(days=2), True)
    assert codes(read(terminology, made | {"effectiveDateTime": "2026-13-40"})) == ["undated"]


def test_a_result_without_any_date_is_rejected(terminology):
    made = creatinine(1.0)
    del made["effectiveDateTime"]
    assert codes(read(terminology, made)) == ["undated"]


@pytest.mark.parametrize(("hours", "accepted"), [(-24, True), (-24.01, False), (-1, True)])
def test_up_to_24_hours_ahead_is_now_and_later_is_an_error(terminology, hours, accepted):
    good, bad = read(terminology, creatinine(1.0, hours=hours))
    assert [one.observed for one in good] == ([NOW] if accepted else [])
    assert [one.code for one in bad] == ([] if accepted else ["future"])


def test_a_date_alone_is_a_local_day_and_never_after_now(terminology):
    berlin = ZoneInfo("Europe/Berlin")
    (today,), _ = read(terminology, creatinine(1.0, effectiveDateTime="2026-06-15"), zone=berlin)
    assert (today.observed, today.earliest.isoformat()) == (NOW, "2026-06-14T22:00:00+00:00")
    # The day on which clocks went forward had 23 hours.
    (spring,), _ = read(terminology, creatinine(1.0, effectiveDateTime="2026-03-29"), zone=berlin)
    assert spring.observed - spring.earliest < timedelta(hours=23)


def test_a_year_alone_does_not_displace_a_dated_result(terminology):
    found = read(terminology, creatinine(3.0, effectiveDateTime="2026"), creatinine(1.0, days=5))
    assert values(found) == [1, 3]
    assert [one.day_known for one in found[0]] == [True, False]


def test_newest_takes_the_cautious_of_results_at_one_time(terminology):
    good, _ = read(terminology, creatinine(1.0, days=1), creatinine(1.4, days=1), creatinine(2.0, days=2))
    assert newest(good, max).value == Decimal("1.4")
    assert newest(good, min).value == Decimal("1.0")
    assert newest((), max) is None


def test_a_result_known_to_the_day_shares_its_time_with_those_of_that_day(terminology):
    day = creatinine(1.8, effectiveDateTime="2026-06-15")
    morning = creatinine(1.0, effectiveDateTime="2026-06-15T08:00:00Z")
    good, _ = read(terminology, day, morning)
    assert (newest(good, max).value, newest(good, min).value) == (Decimal("1.8"), Decimal("1.0"))


def test_values_older_than_a_question_needs_are_not_read(terminology, monkeypatch):
    read = []
    real = lab_reading.quantity_of
    monkeypatch.setattr(lab_reading, "quantity_of", lambda part: read.append(part) or real(part))
    listed = [creatinine(1.0, days=days) for days in (30, 2, 9, 400)]
    found, _ = results(listed, "creatinine", terminology, NOW, UTC, need=NEWEST)
    assert len(found) == 1
    assert read == [listed[1]]


def test_an_unusable_newest_value_has_the_next_one_read_and_an_undated_one_is_always_read(terminology):
    listed = [creatinine(1.0, days=30), creatinine("?", days=2), creatinine(1.2, days=9)]
    undated = observation("2160-0", 3.0, "mg/dL", None)
    found, bad = results([*listed, undated], "creatinine", terminology, NOW, UTC, need=NEWEST)
    assert values((found, bad)) == [Decimal("1.2")]
    assert sorted(codes((found, bad))) == ["no-value", "undated"]
