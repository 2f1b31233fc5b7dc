"""What was taken and has ended: read when a statement asks for its class."""

from datetime import UTC, datetime

import pytest

from cards.facts import medications
from cards.facts.medications import Ended, read_therapy

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def entry(name, identifier, status="stopped", **more):
    return {
        "resourceType": "MedicationRequest",
        "id": identifier,
        "status": status,
        "medicationCodeableConcept": {"text": name},
        **more,
    }


def ended(terminology, *entries):
    _, over = read_therapy(entries, {}, terminology, None, NOW, UTC)
    return Ended(over, (), NOW, UTC)


def refuse(*_):
    raise AssertionError


def test_the_classes_of_all_that_ended_are_known_without_reading_their_dates(terminology, monkeypatch):
    monkeypatch.setattr(medications, "ended_at", refuse)
    found = ended(terminology, entry("sertraline 50 MG Oral Tablet", "a"), entry("warfarin 5 MG", "b"))
    assert {"sertraline", "ssri", "warfarin"} <= found.classes
    assert found.of(("maoi",)) == ()


def test_only_entries_of_the_class_are_given_each_with_its_end(terminology):
    found = ended(
        terminology,
        entry("sertraline 50 MG Oral Tablet", "a", authoredOn="2026-05-01"),
        entry("warfarin sodium 5 MG Oral Tablet", "b", meta={"lastUpdated": "2026-06-01T08:00:00Z"}),
    )
    (order,) = found.of(("ssri",))
    assert (order.id, order.kind) == ("MedicationRequest/a", "ended")
    assert order.ends.earliest.isoformat() == "2026-05-01T00:00:00+00:00"
    assert found.of({"ssri"}) == (order,)
    assert [one.ends.latest.day for one in found.of(("warfarin",))] == [1]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"authoredOn": "2026-07-01"},
        {"status": "cancelled", "authoredOn": "2026-05-01"},
        {"status": "active", "authoredOn": "2026-05-01"},
        {"doNotPerform": True, "authoredOn": "2026-05-01"},
    ],
)
def test_what_has_no_date_in_the_past_or_was_never_taken_or_is_still_taken_has_not_ended(terminology, more):
    assert ended(terminology, entry("sertraline 50 MG Oral Tablet", "a", **more)).of(("ssri",)) == ()


def test_what_a_draft_stops_today_ends_with_it(terminology):
    taken, over = read_therapy(
        [entry("sertraline 50 MG Oral Tablet", "a", "active")], {}, terminology, None, NOW, UTC
    )
    found = Ended(over, taken, NOW, UTC)
    assert "ssri" in found.classes
    assert found.of(("ssri",)) == taken
    assert found.of(("maoi",)) == ()
