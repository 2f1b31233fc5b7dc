"""No leak of the future: whatever happens after an order was signed leaves its cards as they are."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from back_test import bench_of, rows_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_population import DRUGS, order, person, result

T = datetime(2023, 6, 15, 12, 0, tzinfo=UTC)
SUBJECT = {"reference": "Patient/p1"}
_SETTINGS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

_DRUG = st.sampled_from(DRUGS)
_AFTER = st.integers(1, 500).map(lambda days: T + timedelta(days=days))


def _draft(drug: Any) -> dict[str, Any]:
    return order("draft", drug[0], drug[1][-1], drug[2], T, SUBJECT)


def _past(number: int) -> list[dict[str, Any]]:
    """The record of somebody, told as that of p1, all of it before T."""
    moved = []
    for one in person(number):
        one = {**one, "id": "p1"} if one["resourceType"] == "Patient" else {**one, "subject": SUBJECT}
        written = str(one.get("authoredOn") or one.get("effectiveDateTime") or one.get("recordedDate") or "")
        if written[:10] < "2023-06-14":
            moved.append(one)
    return moved


@st.composite
def _later(draw: st.DrawFn) -> dict[str, Any]:
    """A resource of after T."""
    when = draw(_AFTER)
    name = f"later-{draw(st.integers(0, 10**6))}"
    kind = draw(st.sampled_from(("order", "result", "condition", "procedure", "statement", "service")))
    if kind == "order":
        drug = draw(_DRUG)
        return order(name, drug[0], drug[1][0], drug[2], when, SUBJECT)
    if kind == "result":
        loinc, value, unit = draw(
            st.sampled_from((("2160-0", 5.0, "mg/dL"), ("29463-7", 40, "kg"), ("6301-6", 6.0, "{INR}")))
        )
        return result(name, loinc, value, unit, when, SUBJECT)
    icd = "http://hl7.org/fhir/sid/icd-10-cm"
    return {
        "condition": {
            "resourceType": "Condition",
            "code": {"coding": [{"system": icd, "code": draw(st.sampled_from(("N18.5", "Z33.1", "J44.9")))}]},
            "recordedDate": when.isoformat(),
        },
        "procedure": {
            "resourceType": "Procedure",
            "status": "completed",
            "code": {"text": draw(st.sampled_from(("Hysterectomy", "Renal dialysis")))},
            "performedDateTime": when.isoformat(),
        },
        "statement": {
            "resourceType": "MedicationStatement",
            "status": "active",
            "medicationCodeableConcept": {"text": draw(_DRUG)[0]},
            "effectivePeriod": {"start": when.isoformat()},
        },
        "service": {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "code": {"text": "Acupuncture"},
            "authoredOn": when.isoformat(),
        },
    }[kind] | {"id": name, "subject": SUBJECT}


def _ended(resource: dict[str, Any], when: datetime) -> dict[str, Any]:
    """The resource as it stands once it has ended after T."""
    end = when.isoformat()
    if resource["resourceType"] == "MedicationRequest":
        dosage = [
            {**one, "timing": {"repeat": {**one["timing"]["repeat"], "boundsPeriod": {"end": end}}}}
            for one in resource["dosageInstruction"]
        ]
        supply = {"validityPeriod": {"end": end}}
        return {
            **resource,
            "status": "stopped",
            "dateEnded": end,
            "dosageInstruction": dosage,
            "dispenseRequest": supply,
        }
    if resource["resourceType"] == "Condition":
        return {**resource, "clinicalStatus": {"coding": [{"code": "resolved"}]}, "abatementDateTime": end}
    if resource["resourceType"] == "Patient":
        return {**resource, "deceasedDateTime": end}
    return resource


@given(number=st.integers(0, 300), drug=_DRUG, more=st.lists(_later(), max_size=6))
@_SETTINGS
def test_what_is_recorded_after_the_signing_changes_no_card(knowledge, terminology, number, drug, more):
    bench = bench_of(knowledge, terminology, until=T.date())
    then = rows_of([*_past(number), _draft(drug)], bench)
    now = rows_of([*more, *_past(number), _draft(drug)], bench)
    assert now.orders == then.orders
    assert now.cards == then.cards


@given(number=st.integers(0, 300), drug=_DRUG, when=_AFTER)
@_SETTINGS
def test_what_ends_after_the_signing_changes_no_card(knowledge, terminology, number, drug, when):
    bench = bench_of(knowledge, terminology)
    past = [*_past(number), _draft(drug)]
    wanted = [row["order"] for row in rows_of([_past(number)[0], _draft(drug)], bench).orders]
    then, now = rows_of(past, bench), rows_of([_ended(one, when) for one in past], bench)
    assert [row for row in now.orders if row["order"] in wanted] == [
        row for row in then.orders if row["order"] in wanted
    ]
    assert [card for card in now.cards if card["order"] in wanted] == [
        card for card in then.cards if card["order"] in wanted
    ]


@given(number=st.integers(0, 300), drug=_DRUG, seed=st.integers(0, 1_000_000))
@_SETTINGS
def test_the_order_of_the_lines_changes_no_row(knowledge, terminology, number, drug, seed):
    bench = bench_of(knowledge, terminology)
    resources = [*_past(number), _draft(drug)]
    mixed = list(resources)
    Random(seed).shuffle(mixed)

    def rows(listed: list[dict[str, Any]]) -> Any:
        found = rows_of(listed, bench)
        return sorted(found.orders, key=lambda row: row["order"]), sorted(
            found.cards, key=lambda card: (card["order"], card["position"])
        )

    assert rows(mixed) == rows(resources)


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_MEMBERS = st.sampled_from(
    (
        "authoredOn", "status", "dosageInstruction", "dispenseRequest", "effectivePeriod", "meta", "subject",
        "encounter", "code", "recordedDate", "abatementDateTime", "effectiveDateTime", "issued", "id",
        "medicationReference", "requester", "period", "birthDate", "component", "category", "intent",
    )
)  # fmt: skip


@given(number=st.integers(0, 50), changes=st.lists(st.tuples(st.integers(0, 30), _MEMBERS, _ANY), max_size=6))
@_SETTINGS
def test_no_content_of_a_resource_stops_the_evaluation(knowledge, terminology, number, changes):
    resources = [*_past(number), _draft(DRUGS[0])]
    for place, name, value in changes:
        resources[place % len(resources)] = {**resources[place % len(resources)], name: value}
    rows = rows_of(resources, bench_of(knowledge, terminology))
    assert all(row["outcome"] != "failed" for row in rows.orders)
