"""Feedback: what clients send, what is kept of it, and what an answered card leads to."""

# ruff: noqa: E501  a table is read line by line

import csv
import io
import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from hook_requests import NOW, SIGN, draft_of, plain, summaries
from sqlalchemy import create_engine, func, select

from cds_service.cli import main
from cds_service.commands.feedback import COLUMNS, cell
from cds_service.installation import version
from cds_service.store.engine import database_url
from cds_service.store.tables import audit, cards, feedback

FEEDBACK = SIGN + "/feedback"


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def kept(serve, database, clock):
    app = serve(clock=clock, database_url=database)
    app.url = database
    return app


def rows(app, table):
    writer = app.extensions["cds_worker"].get().store.writer
    assert writer.drain(20)
    engine = create_engine(database_url(app.url))
    try:
        with engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(select(table).order_by(table.c.id))]
    finally:
        engine.dispose()


def send(app, *entries, path=FEEDBACK):
    return app.test_client().post(path, json={"feedback": list(entries)})


def overridden(card, code="will-monitor", **more):
    return {
        "card": card, "outcome": "overridden", "outcomeTimestamp": NOW.isoformat(),
        "overrideReason": {"reason": {"code": code}}, **more,
    }  # fmt: skip


def signed_order(app, **changes):
    body = plain()
    draft_of(body).update(changes)
    return app.test_client().post(SIGN, json=body)


def test_an_accepted_suggestion_and_an_override_are_kept(kept):
    accepted = {
        "card": "c1", "outcome": "accepted", "acceptedSuggestions": [{"id": "s1"}, {"id": "s2"}],
        "outcomeTimestamp": "2026-06-15T10:05:31.123Z",
    }  # fmt: skip
    other = {
        "card": "c2", "outcome": "overridden", "outcomeTimestamp": "2026-06-15T10:10:23Z",
        "overrideReason": {
            "reason": {"code": "d7ecf885", "system": "https://ehr.example.org/reasons"}, "userComment": "Discussed.",
        },
    }  # fmt: skip
    response = send(kept, accepted, other)
    assert response.status_code == 200
    assert [one["severity"] for one in response.json["issue"]] == ["information"]
    first, second = rows(kept, feedback)
    assert (first["card"], first["outcome"], first["suggestions"]) == ("c1", "accepted", ["s1", "s2"])
    assert first["outcome_at"].isoformat() == "2026-06-15T10:05:31.123000+00:00"
    assert (second["reason_code"], second["reason_system"]) == ("d7ecf885", "https://ehr.example.org/reasons")
    assert second["comment"] == "Discussed."
    assert second["received_at"] == NOW


SHAPES = {
    "no reason": ({"outcome": "overridden"}, ("", "", "", "")),
    "code only": ({"overrideReason": {"reason": {"code": "a"}}}, ("a", "", "", "")),
    "comment only": ({"overrideReason": {"userComment": "why"}}, ("", "", "", "why")),
    "epic plural": (
        {"overrideReasons": {"reason": {"code": "a", "display": "A", "system": "s"}, "userComment": "why"}},
        ("a", "s", "A", "why"),
    ),
    "epic extension": (
        {
            "overrideReasons": {
                "extension": {
                    "com.epic.cdshooks.feedback.overrideReason.reasonCategory": "45",
                    "com.epic.cdshooks.feedback.overrideReason.reasonTitle": "Does not meet criteria",
                },
                "userComment": "why",
            }
        },
        ("45", "urn:epic:override-reason-category", "Does not meet criteria", "why"),
    ),
    "plural as a list": ({"overrideReasons": [{"reason": {"code": "a"}}, {"reason": {"code": "b"}}]}, ("a", "", "", "")),
    "reasons in a list": ({"overrideReason": {"reason": [{"code": "a"}]}}, ("a", "", "", "")),
    "codeable concept": (
        {"overrideReason": {"reason": {"coding": [{"code": "a", "system": "s"}], "text": "T"}}}, ("a", "s", "", ""),
    ),
    "text for a reason": ({"overrideReason": {"reason": "a"}}, ("a", "", "", "")),
    "concept with text only": ({"overrideReason": {"reason": {"text": "T"}}}, ("", "", "T", "")),
    "bare coding": ({"overrideReason": {"code": "a", "system": "s"}}, ("a", "s", "", "")),
    "nothing usable": ({"overrideReason": 5, "overrideReasons": [None, "x"]}, ("", "", "", "")),
    "comment at the entry": ({"userComment": "why"}, ("", "", "", "why")),
    "nul": ({"overrideReason": {"userComment": "a\x00b"}}, ("", "", "", "a\ufffdb")),
    "number for a code": ({"overrideReason": {"reason": {"code": "7", "display": 5}}}, ("7", "", "5", "")),
    "misspelt outcome": ({"outcome": "Overriden"}, ("", "", "", "")),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_of_a_reason_is_read(kept, name):
    entry, expected = SHAPES[name]
    assert send(kept, {"card": "c1", "outcome": "overridden", **entry}).status_code == 200
    (row,) = rows(kept, feedback)
    assert (row["reason_code"], row["reason_system"], row["reason_display"], row["comment"]) == expected
    assert row["outcome"] == "overridden"


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"feedback": {"card": "c1", "outcome": "accepted"}}, 1),
        ([{"card": "c1", "outcome": "accepted"}], 1),
        ({"card": "c1", "outcome": "accepted"}, 1),
        ({"feedback": []}, 0),
        ({"feedback": [{"card": "c1", "acceptedSuggestions": [{"id": "s"}]}]}, 1),
        ({"feedback": [{"card": "urn:uuid:c1", "outcome": "ACCEPTED"}]}, 1),
        ({"feedback": [{"card": 123456, "outcome": "accepted", "acceptedSuggestions": ["s", {"uuid": "t"}, 5, None]}]}, 1),
        ({"feedback": [{"card": "c1", "outcome": "accepted", "outcomeTimestamp": "yesterday"}], "junk": 1}, 1),
    ],
)  # fmt: skip
def test_odd_envelopes_are_read(kept, body, count):
    assert kept.test_client().post(FEEDBACK, json=body).status_code == 200
    assert len(rows(kept, feedback)) == count


@pytest.mark.parametrize("body", [{}, 5, "x", None, {"feedback": None}, {"feedback": 5}, {"feedback": "x"}])
def test_a_body_without_feedback_is_refused(kept, body):
    response = kept.test_client().post(FEEDBACK, data=json.dumps(body), content_type="application/json")
    assert response.status_code == 400
    assert response.json["issue"][0]["expression"] == ["feedback"]


BAD = [
    5, None, {}, {"card": "c"}, {"card": "", "outcome": "accepted"}, {"card": [], "outcome": "accepted"},
    {"card": "c", "outcome": "ignored"}, {"card": "c", "outcome": 5}, {"outcome": "accepted"},
]  # fmt: skip


@pytest.mark.parametrize(("count", "status"), [(2_000, 200), (2_001, 413)])
def test_a_batch_has_a_size_beyond_which_nothing_of_it_is_kept(serve, tmp_path, count, status):
    app = serve(database_url=f"sqlite:///{tmp_path}/s.sqlite", max_body_bytes=1_000_000)
    entries = [{"card": f"c{place}", "outcome": "accepted"} for place in range(count)]
    assert app.test_client().post(FEEDBACK, json={"feedback": entries}).status_code == status
    store = app.extensions["cds_worker"].get().store
    with store.engine.connect() as connection:
        kept = connection.execute(select(func.count()).select_from(feedback)).scalar_one()
    assert kept == (count if status == 200 else 0)


def test_of_a_partly_bad_batch_the_good_entries_are_kept_and_the_others_named(kept):
    response = send(kept, *BAD, overridden("good"))
    assert response.status_code == 200
    named = [one["expression"][0] for one in response.json["issue"][1:]]
    assert len(named) == len(BAD)
    assert named[0] == "feedback[0]"
    assert [row["card"] for row in rows(kept, feedback)] == ["good"]


def test_a_batch_without_any_good_entry_is_refused(kept):
    response = send(kept, *BAD)
    assert response.status_code == 400
    assert len(response.json["issue"]) == len(BAD)
    assert rows(kept, feedback) == []


def test_the_same_feedback_sent_again_is_kept_once_and_another_answer_beside_it(kept):
    for _ in range(3):
        assert send(kept, overridden("c1")).status_code == 200
    assert len(rows(kept, feedback)) == 1
    send(kept, overridden("c1", "no-alternative"), {"card": "c1", "outcome": "accepted"})
    assert len(rows(kept, feedback)) == 3


def test_an_unknown_service_has_no_feedback(kept):
    assert send(kept, overridden("c1"), path="/cds-services/none/feedback").status_code == 404


def test_without_a_store_feedback_is_not_acknowledged_and_cards_come(serve):
    app = serve()
    response = send(app, overridden("c1"))
    assert response.status_code == 503
    assert response.json["issue"][0]["code"] == "transient"
    assert signed_order(app).json["cards"]


def test_cards_issued_are_kept_by_hash_with_what_feedback_is_read_with(kept, engine):
    body = plain()
    body["prefetch"]["encounter"] = {
        "resourceType": "Encounter", "id": "e1", "status": "in-progress",
        "location": [
            {"location": {"reference": "Location/old"}, "status": "completed"},
            {"location": {"reference": "Location/ward-3"}, "status": "active"},
        ],
    }  # fmt: skip
    (card,) = kept.test_client().post(SIGN, json=body).json["cards"]
    (row,) = rows(kept, cards)
    assert row["card"] == card["uuid"]
    assert row["client"] == "unauthenticated"
    assert row["statements"][0] == "gabapentin-renal-dose"
    assert (row["hook"], row["indicator"], row["topic"]) == ("order-sign", "critical", "dosing")
    assert (row["drugs"], row["daily_mg"]) == (["gabapentin"], "3600")
    assert row["suggestions"] == [one["uuid"] for one in card["suggestions"]]
    assert row["location"] == "Location/ward-3"
    assert row["issued_at"] == NOW
    assert row["knowledge_version"] == engine.knowledge.version
    assert row["terminology_version"] == engine.terminology.version
    for name in ("patient_hash", "user_hash"):
        assert len(row[name]) == 64
    assert len({row["patient_hash"], row["user_hash"]}) == 2


def test_the_same_call_again_issues_no_second_card(kept):
    for _ in range(3):
        signed_order(kept)
    assert len(rows(kept, cards)) == 1


def test_each_call_leaves_one_audit_event(kept, engine):
    signed_order(kept)
    kept.test_client().post(SIGN, json=[])
    send(kept, overridden("c1"))
    answered, refused, told = rows(kept, audit)
    assert (answered["status"], answered["cards"], answered["endpoint"]) == (200, 1, "invoke")
    assert "gabapentin-renal-dose" in answered["outcomes"]["fired"]
    assert answered["latency_ms"] > 0
    assert answered["knowledge_version"] == engine.knowledge.version
    assert answered["terminology_version"] == engine.terminology.version
    assert answered["software_version"] == version()
    assert answered["terminology_version"] == engine.terminology.version
    assert len(answered["patient_hash"]) == len(answered["user_hash"]) == 64
    assert (refused["status"], refused["reason"], refused["patient_hash"]) == (400, "structure", "")
    assert (told["status"], told["endpoint"], told["service"]) == (200, "feedback", "neuropathic-order-sign")


def test_what_was_not_checked_stands_in_the_audit(kept):
    body = plain()
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
    body["prefetch"] |= {"kidney": failed, "conditions": failed}
    kept.test_client().post(SIGN, json=body)
    (event,) = rows(kept, audit)
    assert "fetch-failed" in event["not_checked"]
    assert len(event["not_checked"]) > 1


def answer_first_card(app, code="will-monitor", **changes):
    (card,) = signed_order(app, **changes).json["cards"]
    assert send(app, overridden(card["uuid"], code)).status_code == 200
    rows(app, cards)
    return card


def dose(count, per_day=3):
    timing = {"repeat": {"frequency": per_day, "period": 1, "periodUnit": "d"}}
    amount = {"value": count, "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{pill}"}
    return {"dosageInstruction": [{"timing": timing, "doseAndRate": [{"doseQuantity": amount}]}]}


def test_a_card_that_was_overridden_today_is_not_repeated_tomorrow(kept, clock):
    answer_first_card(kept)
    clock.now = NOW + timedelta(days=1)
    assert signed_order(kept, id="another-draft").json == {"cards": []}
    *_, event = rows(kept, audit)
    assert "gabapentin-renal-dose" in event["outcomes"]["suppressed"]


def test_a_raised_dose_brings_the_card_back(kept, clock):
    answer_first_card(kept, **dose(1))
    clock.now = NOW + timedelta(days=1)
    assert signed_order(kept, **dose(1)).json["cards"] == []
    assert len(signed_order(kept, **dose(2)).json["cards"]) == 1


@pytest.mark.parametrize(("days", "shown"), [(29, 0), (31, 1)])
def test_the_window_ends(kept, clock, days, shown):
    answer_first_card(kept)
    clock.now = NOW + timedelta(days=days)
    assert len(signed_order(kept).json["cards"]) == shown


@pytest.mark.parametrize(
    ("code", "system", "shown"),
    [
        ("will-monitor", None, 0), ("tolerated-before", None, 0), ("data-wrong", None, 1), ("dose-adjusted", None, 1),
        ("will-monitor", "https://ehr.example.org/reasons", 1), ("", None, 1),
    ],
)  # fmt: skip
def test_only_a_lasting_reason_of_ours_keeps_a_card_silent(kept, code, system, shown):
    (card,) = signed_order(kept).json["cards"]
    reason = {"code": code, **({"system": system} if system else {})}
    send(kept, overridden(card["uuid"], overrideReason={"reason": reason} if code else {}))
    rows(kept, cards)
    assert len(signed_order(kept).json["cards"]) == shown


def test_the_offered_reason_keeps_a_card_silent_when_it_comes_back_with_its_system(kept):
    (card,) = signed_order(kept).json["cards"]
    offered = next(one for one in card["overrideReasons"] if one["code"] == "will-monitor")
    send(kept, overridden(card["uuid"], overrideReason={"reason": offered}))
    rows(kept, cards)
    assert signed_order(kept).json["cards"] == []


def test_another_patients_card_still_comes(kept):
    answer_first_card(kept)
    body = json.loads(json.dumps(plain()).replace("p1", "p2"))
    assert len(kept.test_client().post(SIGN, json=body).json["cards"]) == 1


def test_the_last_answer_counts(kept, clock):
    card = answer_first_card(kept)
    clock.now = NOW + timedelta(hours=2)
    later = clock.now.isoformat()
    send(kept, {"card": card["uuid"], "outcome": "accepted", "outcomeTimestamp": later})
    assert len(signed_order(kept).json["cards"]) == 1


def test_an_answer_long_ago_that_is_told_late_counts_from_when_it_was_given(kept):
    (card,) = signed_order(kept).json["cards"]
    send(kept, overridden(card["uuid"], outcomeTimestamp="2020-12-11T00:00:00Z"))
    rows(kept, cards)
    assert len(signed_order(kept).json["cards"]) == 1


def test_a_store_that_fails_costs_the_silence_and_nothing_else(kept):
    answer_first_card(kept)
    store = kept.extensions["cds_worker"].get().store
    store.breaker.failed(OSError())
    response = signed_order(kept)
    assert response.status_code == 200
    assert "Gabapentin" in summaries(response)


def export(app, *arguments, monkeypatch):
    monkeypatch.setenv("CDS_DATABASE_URL", app.url)
    monkeypatch.setenv("CDS_HASH_KEY_FILE", "unused")
    result = CliRunner().invoke(main, ["feedback", "export", *arguments])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_the_export_joins_answers_with_their_cards_and_keeps_the_unknown(kept, monkeypatch, engine):
    (card,) = signed_order(kept).json["cards"]
    suggestion = card["suggestions"][0]["uuid"]
    send(kept, {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": [{"id": suggestion}]})
    send(kept, overridden("nobody-knows", overrideReason={"userComment": "=1+1"}))
    rows(kept, cards)
    lines = export(kept, "--format", "ndjson", monkeypatch=monkeypatch).splitlines()
    first, second = (json.loads(line) for line in lines)
    assert set(first) == set(COLUMNS)
    assert first["intervention"][0] == "gabapentin-renal-dose"
    assert (first["action"], first["suggestions"], first["known"]) == ("accepted", [suggestion], True)
    assert (first["date"], first["knowledge_version"]) == ("2026-06-15T12:00:00Z", engine.knowledge.version)
    assert len(first["user"]) == 64
    assert (second["known"], second["intervention"], second["feedback"]) == (False, [], "=1+1")
    table = list(csv.DictReader(io.StringIO(export(kept, monkeypatch=monkeypatch))))
    assert [row["known"] for row in table] == ["yes", "no"]
    assert table[1]["feedback"] == "'=1+1"


def test_the_export_can_be_limited_to_days(kept, clock, monkeypatch):
    for days in range(3):
        clock.now = NOW + timedelta(days=days)
        send(kept, overridden(f"c{days}"))
    out = export(
        kept, "--format", "ndjson", "--from", "2026-06-16", "--to", "2026-06-16", monkeypatch=monkeypatch
    )
    assert [json.loads(line)["card"] for line in out.splitlines()] == ["c1"]


@pytest.mark.parametrize(
    "written",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u00a0=1",
        "＝1",
        "－1",
        "=cmd|' /C calc'!A0",
    ],
)
def test_no_cell_can_run_as_a_formula(written):
    assert cell(written) == f"'{written}"
    assert cell([written]).startswith("'")


@pytest.mark.parametrize("written", ["", "text", "1-1", "a=b", "2026-01-01", "x@y"])
def test_other_cells_stand_as_they_are(written):
    assert cell(written) == written
