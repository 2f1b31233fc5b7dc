"""What was on file when an order was signed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from back_test import KEY, bench_of, cards_of, row_of, rows_of
from make_population import order, result

from cards.facts.resources import Resource
from cds_service.backtest.patient_orders import evaluation_of
from cds_service.backtest.record_at import history, record_at
from cds_service.backtest.versions import read_entries

T = datetime(2023, 6, 15, 12, 0, tzinfo=UTC)
SUBJECT = {"reference": "Patient/p1"}
GABAPENTIN = "gabapentin 600 MG Oral Tablet"


def before(days: float = 0, **more: float) -> str:
    return (T - timedelta(days=days, **more)).isoformat()


def patient(**more: Any) -> Resource:
    return {"resourceType": "Patient", "id": "p1", "gender": "male", "birthDate": "1950-01-01", **more}


def gabapentin(name: str = "draft", when: datetime = T, dose: int = 1200, **more: Any) -> Resource:
    return order(name, GABAPENTIN, dose, 3, when, SUBJECT, **more)


def listed(name: str, drug: str, days: float, **more: Any) -> Resource:
    return order(name, drug, 10, 2, T - timedelta(days=days), SUBJECT, **more)


def kidney(value: float, days: float = 1) -> list[Resource]:
    when = T - timedelta(days=days)
    return [
        result(f"cr-{value}-{days}", "2160-0", value, "mg/dL", when, SUBJECT),
        result(f"w-{value}-{days}", "29463-7", 70, "kg", when, SUBJECT),
    ]


def condition(**more: Any) -> Resource:
    return {
        "resourceType": "Condition",
        "id": "c",
        "subject": SUBJECT,
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "N18.4"}]},
        **more,
    }


@pytest.fixture
def record(terminology):
    """The record at the signing of the order "draft"."""

    def build(*resources: Resource, name: str = "draft") -> Any:
        entries, _ = read_entries(resources, UTC)
        past = history("p1", entries, terminology, UTC)
        entry = next(one for one in entries if one.id == name and one.kind == "MedicationRequest")
        return record_at(past, entry, entry.versions[0].resource, T)

    return build


def ids(record: Any, key: str) -> set[str]:
    return {one["id"] for one in record.of(key)}


def test_an_overdose_at_the_kidney_function_of_that_day_gives_one_critical_card(knowledge, terminology):
    # Cockcroft-Gault: (140 - 73) x 70 / (72 x 2.6) = 25 mL/min
    rows = rows_of([patient(), gabapentin(), *kidney(2.6)], bench_of(knowledge, terminology))
    (card,) = [one for one in cards_of(rows, "draft") if one["topic"] == "dosing"]
    assert card["indicator"] == "critical"
    assert row_of(rows, "draft")["critical"] >= 1


def test_a_result_of_the_day_after_is_not_seen(record):
    seen = record(patient(), gabapentin(), *kidney(2.6, days=-1))
    assert ids(seen, "kidney") == set()


def test_a_result_at_the_very_second_of_signing_is_seen_and_a_second_later_is_not(record):
    now = result("same", "2160-0", 1, "mg/dL", T, SUBJECT)
    late = result("late", "2160-0", 1, "mg/dL", T + timedelta(seconds=1), SUBJECT)
    assert ids(record(patient(), gabapentin(), now, late), "kidney") == {"same"}


def test_a_result_taken_before_and_issued_after_the_signing_is_not_seen(record):
    taken = result("r", "2160-0", 1, "mg/dL", T - timedelta(hours=3), SUBJECT)
    late = {**taken, "issued": (T + timedelta(hours=1)).isoformat()}
    early = {**taken, "issued": (T - timedelta(hours=1)).isoformat()}
    assert ids(record(patient(), gabapentin(), late), "kidney") == set()
    assert ids(record(patient(), gabapentin(), early), "kidney") == {"r"}


def test_only_as_many_results_are_seen_as_the_key_brings(record):
    many = [result(f"r{n}", "2160-0", 1, "mg/dL", T - timedelta(days=n), SUBJECT) for n in range(1, 60)]
    seen = ids(record(patient(), gabapentin(), *many), "kidney")
    assert seen == {f"r{n}" for n in range(1, 31)}


def test_an_order_started_before_is_active_whatever_its_status_is_today(record):
    for status in ("active", "completed", "stopped", "cancelled", "draft"):
        seen = record(patient(), gabapentin(), listed("l", "warfarin", 30, status=status))
        assert ids(seen, "medications") == {"l"}, status


def test_an_order_entered_in_error_never_was(record):
    seen = record(patient(), gabapentin(), listed("l", "warfarin", 30, status="entered-in-error"))
    assert ids(seen, "medications") == set()
    assert ids(seen, "endedMedications") == set()


@pytest.mark.parametrize(
    "ended",
    [
        lambda end: {"effectivePeriod": {"end": end}},
        lambda end: {"dateEnded": end},
        lambda end: {"dispenseRequest": {"validityPeriod": {"end": end}}},
        lambda end: {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": end}}}}]},
    ],
)
def test_an_order_that_a_date_ended_is_over_and_one_that_ends_later_is_not(record, ended):
    over = record(patient(), gabapentin(), listed("l", "warfarin", 30, **ended(before(2))))
    assert (ids(over, "medications"), ids(over, "endedMedications")) == (set(), {"l"})
    later = record(patient(), gabapentin(), listed("l", "warfarin", 30, **ended(before(-2))))
    assert (ids(later, "medications"), ids(later, "endedMedications")) == ({"l"}, set())
    assert before(-2) not in str(next(iter(later.of("medications"))))


def test_an_order_written_after_the_signing_is_not_on_file(record):
    assert ids(record(patient(), gabapentin(), listed("l", "warfarin", -1)), "medications") == set()


def test_of_two_orders_signed_at_once_only_the_later_by_id_sees_the_other(record):
    pair = [patient(), gabapentin("a"), order("b", "warfarin", 5, 1, T, SUBJECT)]
    assert ids(record(*pair, name="a"), "medications") == set()
    assert ids(record(*pair, name="b"), "medications") == {"a"}


def test_a_renewed_order_ends_with_its_renewal_and_another_product_stays(record):
    seen = record(
        patient(),
        gabapentin(),
        listed("old", "warfarin sodium 5 MG Oral Tablet", 90),
        listed("new", "warfarin sodium 5 MG Oral Tablet", 10),
        listed("other", "oxycodone hydrochloride 10 MG Oral Tablet", 90),
    )
    assert ids(seen, "medications") == {"new", "other"}
    assert ids(seen, "endedMedications") == {"old"}


def test_two_orders_of_one_product_written_on_one_day_both_stand(record):
    seen = record(
        patient(), gabapentin(), listed("a", "warfarin 5 MG", 10), listed("b", "warfarin 5 MG", 10.1)
    )
    assert ids(seen, "medications") == {"a", "b"}


@pytest.mark.parametrize("name", ["recordedDate", "assertedDate", "onsetDateTime"])
def test_a_condition_counts_from_the_day_it_was_recorded(record, name):
    assert ids(record(patient(), gabapentin(), condition(**{name: before(1)})), "conditions") == {"c"}
    assert ids(record(patient(), gabapentin(), condition(**{name: before(-1)})), "conditions") == set()


def test_a_condition_recorded_later_is_not_seen_though_it_began_before(record):
    late = condition(onsetDateTime=before(100), recordedDate=before(-1))
    assert ids(record(patient(), gabapentin(), late), "conditions") == set()


def test_a_date_counts_from_its_day_on_and_a_month_once_it_is_over(record):
    for written, seen in (
        ("2023-06-15", {"c"}),
        ("2023-06-16", set()),
        ("2023-06", set()),
        ("2023-05", {"c"}),
    ):
        assert ids(record(patient(), gabapentin(), condition(recordedDate=written)), "conditions") == seen


def test_a_later_end_of_a_condition_and_its_present_status_are_blanked(record):
    resolved = {"coding": [{"code": "resolved"}]}
    (shown,) = record(
        patient(),
        gabapentin(),
        condition(recordedDate=before(9), abatementDateTime=before(-3), clinicalStatus=resolved),
    ).of("conditions")
    assert "abatementDateTime" not in shown
    assert "clinicalStatus" not in shown
    (over,) = record(
        patient(), gabapentin(), condition(recordedDate=before(9), abatementDateTime=before(3))
    ).of("conditions")
    assert over["abatementDateTime"] == before(3)


def test_an_undated_condition_counts_from_the_end_of_its_encounter(record):
    def encounter(days: float) -> Resource:
        span = {"start": before(days + 1), "end": before(days)}
        return {"resourceType": "Encounter", "id": "e", "subject": SUBJECT, "period": span}

    of_stay = condition(encounter={"reference": "Encounter/e"})
    assert ids(record(patient(), gabapentin(), of_stay, encounter(1)), "conditions") == {"c"}
    assert ids(record(patient(), gabapentin(), of_stay, encounter(-0.5)), "conditions") == set()


def test_what_has_no_date_is_left_out_and_counted(knowledge, terminology):
    rows = rows_of([patient(), gabapentin(), condition()], bench_of(knowledge, terminology))
    assert rows.counts["undated-Condition"] == 1


def test_the_storing_of_a_version_dates_what_nothing_else_dates(record):
    stored = condition(meta={"lastUpdated": before(2)})
    assert ids(record(patient(), gabapentin(), stored), "conditions") == {"c"}
    loaded = condition(meta={"lastUpdated": before(-200)})
    assert ids(record(patient(), gabapentin(), loaded), "conditions") == set()


def test_the_version_that_stood_is_shown(record):
    first = condition(recordedDate=before(50), meta={"versionId": "1", "lastUpdated": before(50)}, note="1")
    second = {**first, "meta": {"versionId": "2", "lastUpdated": before(10)}, "note": "2"}
    third = {**first, "meta": {"versionId": "3", "lastUpdated": before(-10)}, "note": "3"}
    (shown,) = record(patient(), gabapentin(), third, first, second).of("conditions")
    assert shown["note"] == "2"


def test_the_oldest_version_is_shown_where_all_were_stored_later(record):
    first = condition(recordedDate=before(50), meta={"lastUpdated": before(-5)}, note="1")
    second = {**first, "meta": {"lastUpdated": before(-10)}, "note": "2"}
    (shown,) = record(patient(), gabapentin(), second, first).of("conditions")
    assert shown["note"] == "1"


def test_a_status_counts_where_two_versions_up_to_then_show_it(record):
    on = listed("l", "warfarin", 50, status="active", meta={"lastUpdated": before(50)})
    off = {**on, "status": "stopped", "meta": {"lastUpdated": before(20)}}
    assert ids(record(patient(), gabapentin(), on, off), "medications") == set()
    later = {**off, "meta": {"lastUpdated": before(-20)}}
    assert ids(record(patient(), gabapentin(), on, later), "medications") == {"l"}


def test_the_encounter_of_the_order_is_under_way_though_it_is_finished_today(record):
    stay = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "subject": SUBJECT,
        "period": {"start": before(1), "end": before(-3)},
    }
    (shown,) = record(patient(), gabapentin(encounter={"reference": "Encounter/e"}), stay).of("encounter")
    assert shown["status"] == "in-progress"
    assert shown["period"] == {"start": before(1)}


def test_a_death_that_came_later_is_not_known(knowledge, terminology):
    bench = bench_of(knowledge, terminology)
    for more in ({"deceasedDateTime": before(-30)}, {"deceasedBoolean": True}):
        row = row_of(rows_of([patient(**more), gabapentin(), *kidney(2.6)], bench), "draft")
        assert row["statements"] > 0
    dead = rows_of([patient(deceasedDateTime=before(30)), gabapentin()], bench)
    assert [card["topic"] for card in dead.cards] == ["data"]
    assert row_of(dead, "draft")["drug_state"] == "patient-deceased"


def test_age_is_taken_at_the_signing_and_a_later_birth_gives_none(knowledge, terminology):
    bench = bench_of(knowledge, terminology)
    assert row_of(rows_of([patient(), gabapentin()], bench), "draft")["age"] == "65-74"
    unborn = row_of(rows_of([patient(birthDate="2149-01-01"), gabapentin()], bench), "draft")
    assert unborn["age"] == "unknown"
    assert "age" in unborn["missing"]


def test_a_medication_reference_is_resolved(knowledge, terminology):
    pointing = gabapentin()
    del pointing["medicationCodeableConcept"]
    pointing["medicationReference"] = {"reference": "Medication/g"}
    product = {"resourceType": "Medication", "id": "g", "code": {"text": GABAPENTIN}}
    bench = bench_of(knowledge, terminology)
    assert row_of(rows_of([patient(), pointing, product], bench), "draft")["drug"] == "gabapentin"
    assert row_of(rows_of([patient(), pointing], bench), "draft")["drug_state"] == "unrecognised"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (None, "no-date"),
        ("soon", "unreadable-date"),
        ("2023", "date-too-coarse"),
        ("2023-06", "date-too-coarse"),
    ],
)
def test_an_order_without_a_usable_date_is_counted_and_not_evaluated(knowledge, terminology, written, reason):
    undated = gabapentin()
    undated["authoredOn"] = written
    row = row_of(rows_of([patient(), undated], bench_of(knowledge, terminology)), "draft")
    assert (row["outcome"], row["reason"], row["cards"]) == ("not-evaluated", reason, 0)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"doNotPerform": True}, "do-not-perform"),
        ({"intent": "plan"}, "no-order-intent"),
        ({"status": "entered-in-error"}, "entered-in-error"),
    ],
)
def test_what_is_no_order_to_sign_is_counted_and_not_evaluated(knowledge, terminology, more, reason):
    row = row_of(rows_of([patient(), gabapentin(**more)], bench_of(knowledge, terminology)), "draft")
    assert (row["outcome"], row["reason"]) == ("not-evaluated", reason)


def test_an_order_of_a_patient_who_is_not_in_the_sources_is_not_evaluated(knowledge, terminology):
    bench = bench_of(knowledge, terminology)
    assert row_of(rows_of([gabapentin()], bench), "draft")["reason"] == "patient-not-in-sources"
    nobody = rows_of([gabapentin()], bench, patient="")
    assert nobody.orders[0]["reason"] == "no-patient-reference"


def test_an_order_that_stands_twice_is_one_row(knowledge, terminology):
    rows = rows_of([patient(), gabapentin(), gabapentin()], bench_of(knowledge, terminology))
    assert len(rows.orders) == 1
    assert rows.counts["repeated"] == 1


def test_an_order_with_a_date_alone_is_evaluated_at_the_end_of_its_day(knowledge, terminology):
    day = gabapentin(authoredOn="2023-06-15")
    evening = [
        result("cr", "2160-0", 2.6, "mg/dL", T + timedelta(hours=6), SUBJECT),
        result("w", "29463-7", 70, "kg", T, SUBJECT),
    ]
    rows = rows_of([patient(), day, *evening], bench_of(knowledge, terminology))
    assert row_of(rows, "draft")["critical"] >= 1


def test_orders_of_dstu2_are_read(knowledge, terminology):
    old = {
        "resourceType": "MedicationOrder",
        "id": "old",
        "patient": SUBJECT,
        "dateWritten": T.isoformat(),
        "medicationCodeableConcept": {"text": GABAPENTIN},
    }
    rows = rows_of([patient(), old], bench_of(knowledge, terminology))
    assert row_of(rows, "old", kind="MedicationOrder")["drug"] == "gabapentin"


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(
            {
                "medicationCodeableConcept": {"text": GABAPENTIN},
                "requester": {"agent": {"reference": "Practitioner/d1"}},
                "context": {"reference": "Encounter/e1"},
                "dosageInstruction": [
                    {
                        "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
                        "doseQuantity": {"value": 1200, "unit": "mg"},
                    }
                ],
            },
            id="STU3",
        ),
        pytest.param(
            {
                "medication": {"concept": {"text": GABAPENTIN}},
                "requester": {"reference": "Practitioner/d1"},
                "encounter": {"reference": "Encounter/e1"},
                "dosageInstruction": [
                    {
                        "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
                        "doseAndRate": [{"doseQuantity": {"value": 1200, "unit": "mg"}}],
                    }
                ],
            },
            id="R5",
        ),
    ],
)
def test_orders_of_stu3_and_r5_are_evaluated_like_those_of_r4(knowledge, terminology, shape):
    order = {
        "resourceType": "MedicationRequest",
        "id": "other",
        "status": "completed",
        "intent": "order",
        "subject": SUBJECT,
        "authoredOn": T.isoformat(),
        **shape,
    }
    results = [
        result("cr", "2160-0", 2.6, "mg/dL", T - timedelta(days=2), SUBJECT),
        result("w", "29463-7", 70, "kg", T - timedelta(days=2), SUBJECT),
    ]
    row = row_of(rows_of([patient(), order, *results], bench_of(knowledge, terminology)), "other")
    assert (row["drug"], row["dose_confidence"], row["critical"]) == ("gabapentin", "high", 1)
    assert row["prescriber"]


def test_orders_outside_the_period_are_counted_only(knowledge, terminology):
    day = T.date()
    for since, until, inside in ((day, day, 1), (day + timedelta(1), None, 0), (None, day - timedelta(1), 0)):
        rows = rows_of([patient(), gabapentin()], bench_of(knowledge, terminology, since, until))
        assert len(rows.orders) == inside
        assert rows.counts.get("outside-period", 0) == 1 - inside


def test_an_order_no_statement_concerns_gets_what_its_whole_record_would_give(knowledge, terminology):
    bench = bench_of(knowledge, terminology)
    resources = [
        patient(),
        order("x", "levothyroxine sodium 0.1 MG Oral Tablet", 1, 1, T, SUBJECT),
        listed("l", "warfarin sodium 5 MG Oral Tablet", 30),
        *kidney(2.6),
    ]
    entries, _ = read_entries(resources, UTC)
    entry = next(one for one in entries if one.id == "x")
    evaluated = evaluation_of(history("p1", entries, terminology, UTC), entry, T, "s", bench)
    whole = rows_of(resources, bench)
    assert [card.as_json() for card in evaluated.cards] == []
    assert row_of(whole, "x")["outcome"] == "evaluated"


def test_hashes_depend_on_the_key(knowledge, terminology):
    from dataclasses import replace

    bench = bench_of(knowledge, terminology)
    here = rows_of([patient(), gabapentin()], bench).orders[0]
    other = rows_of([patient(), gabapentin()], replace(bench, key=KEY[::-1].replace(b"k", b"q"))).orders[0]
    assert here["order"] != other["order"]
    assert here["patient"] != other["patient"]
