"""The page of what became of the cards: counts by statement, reason, client and week, and no small cell."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import count

import pytest
from click.testing import CliRunner
from hook_requests import NOW, SIGN, plain
from sqlalchemy import func, insert, select

from cards.card import OVERRIDE_REASON_SYSTEM
from cds_service.commands.feedback import feedback_group
from cds_service.publish.feedback_tables import flagged, tables
from cds_service.store.engine import database_url, open_engine
from cds_service.store.feedback_counts import DEMO, Counts, FeedbackCounts, feedback_counts
from cds_service.store.schema import upgrade
from cds_service.store.tables import cards, feedback

RENAL, LIMIT = "gabapentin-renal-dose", "gabapentin-label-maximum"
_NUMBERS = count()


@pytest.fixture
def store(database):
    """The engine of a database with its tables."""
    url = database_url(database)
    upgrade(url)
    engine = open_engine(url, 1)
    yield engine
    engine.dispose()


def shown(engine, number, *, statement=RENAL, client="ehr", days_ago=1, version="2026.11.1", **answer):
    """So many cards, each with the answer given ("outcome", "code", "comment"), or with none."""
    at = NOW - timedelta(days=days_ago)
    rows = [
        {
            "client": client, "card": f"card-{next(_NUMBERS)}", "service": "neuropathic-order-sign",
            "hook": "order-sign", "issued_at": at, "patient_hash": "p", "user_hash": "u", "location": "",
            "statements": [statement] if statement else [], "topic": "dosing", "indicator": "warning", "drugs": [],
            "daily_mg": None, "suggestions": [], "knowledge_version": version, "terminology_version": "1",
        }
        for _ in range(number)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(cards), rows)
    if answer:
        for row in rows:
            answered(engine, row, at + timedelta(minutes=1), **answer)
    return rows


def answered(engine, card, at, outcome="overridden", code="", system=OVERRIDE_REASON_SYSTEM, comment=""):
    row = {
        "event_hash": f"event-{next(_NUMBERS)}", "client": card["client"], "card": card["card"],
        "service": card["service"], "received_at": at, "outcome": outcome, "outcome_at": at, "suggestions": [],
        "reason_code": code, "reason_system": system if code else "", "reason_display": "", "comment": comment,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(feedback), [row])


def counted(engine, days=30):
    with engine.connect() as connection:
        return feedback_counts(connection, NOW - timedelta(days=days), NOW)


@pytest.fixture
def page(serve, store, database):  # noqa: ARG001  the tables are there first
    app = serve(database_url=database, pages=frozenset({"feedback", "knowledge"}))
    return app.test_client()


def row_of(text, statement):
    (row,) = [
        one
        for one in re.findall(r"<tr.*?</tr>", text, re.DOTALL)
        if f">{statement}</code>" in one and 'class="b"' in one
    ][:1]
    return re.findall(r'<td class="n">(.*?)</td>', row)


def test_cards_are_counted_by_client_statement_and_week_in_both_databases(store):
    shown(store, 3, outcome="accepted")
    shown(store, 2, client="other", code="will-monitor")
    shown(store, 1, statement=LIMIT, days_ago=8)
    shown(store, 1, days_ago=40)
    found = counted(store)
    total = found.total()
    assert (total.cards, total.accepted, total.overridden, total.unanswered) == (6, 3, 2, 1)
    assert {name: one.cards for name, one in found.by(1).items()} == {RENAL: 5, LIMIT: 1}
    assert {name: one.cards for name, one in found.by(0).items()} == {"ehr": 4, "other": 2}
    assert len(found.by(2)) == 2
    assert all(monday.weekday() == 0 for monday in found.by(2))
    assert found.demo is False


def test_of_several_answers_to_a_card_the_last_one_counts(store):
    (card,) = shown(store, 1, outcome="accepted")
    answered(store, card, NOW - timedelta(hours=1), code="data-wrong")
    total = counted(store).total()
    assert (total.cards, total.accepted, total.overridden) == (1, 0, 1)
    assert total.reasons == {"data-wrong": 1}


def test_a_card_of_the_last_minute_of_a_week_belongs_to_that_week(store):
    sunday = datetime(2026, 6, 7, 23, 59, 59, tzinfo=UTC)
    for at in (sunday, sunday + timedelta(seconds=1)):
        shown(store, 1, days_ago=(NOW - at) / timedelta(days=1))
    assert [monday.isoformat() for monday in sorted(counted(store, 365).by(2))] == [
        "2026-06-01",
        "2026-06-08",
    ]


def test_a_foreign_reason_is_counted_and_not_shown(store, page):
    shown(store, 20, code="Mustermann 1", system="https://ehr.example.org/reasons")
    text = page.get("/feedback").text
    assert "Mustermann" not in text
    assert "A reason of the EHR&#39;s own list" in text


def test_a_comment_is_never_on_the_page_nor_in_its_csv(store, page):
    shown(store, 20, code="will-monitor", comment="Erika Mustermann")
    for path in ("/feedback", "/feedback.csv"):
        text = page.get(path).text
        assert "Will monitor" in text
        assert "Mustermann" not in text


def test_the_page_counts_and_flags_nothing_in_ordinary_numbers(store, page, engine):
    shown(store, 30, outcome="accepted")
    shown(store, 20, code="will-monitor")
    shown(store, 40, statement=LIMIT)
    text = page.get("/feedback").text
    assert row_of(text, RENAL) == ["50", "30", "20", "0", "40.0%"]
    assert escape(engine.knowledge.statements[RENAL].title).replace("&#x27;", "&#39;") in text
    assert "To be reviewed" not in text
    assert "Demo data" not in text
    assert 'class="weeks"' not in text  # one week alone makes no chart


@pytest.mark.parametrize(("number", "hidden"), [(10, True), (11, False)])
def test_a_row_of_fewer_than_eleven_cards_is_hidden_with_the_next_smallest(store, page, number, hidden):
    shown(store, number, statement=LIMIT, outcome="accepted")
    shown(store, 60, outcome="accepted")
    shown(store, 90, statement="qt-stack", outcome="accepted")
    text = page.get("/feedback").text
    assert (row_of(text, LIMIT)[0] == "hidden") is hidden
    assert (row_of(text, RENAL)[0] == "hidden") is hidden
    assert row_of(text, "qt-stack")[0] == "90"


@pytest.mark.parametrize(("accepted", "cells"), [
    (10, ["110", "hidden", "hidden", "hidden", "hidden"]),
    (11, ["111", "11", "100", "0", "90.1%"]),
    (0, ["100", "0", "100", "0", "100.0%"]),
])  # fmt: skip
def test_a_part_of_fewer_than_eleven_hides_all_parts_of_its_row(store, page, accepted, cells):
    shown(store, accepted, outcome="accepted") if accepted else None
    shown(store, 100, code="will-monitor")
    text = page.get("/feedback").text
    assert row_of(text, RENAL) == cells
    assert ("Will monitor" in text) is ("hidden" not in cells)


def test_no_number_of_a_hidden_cell_is_in_the_csv(store, page):
    shown(store, 7, statement=LIMIT, outcome="accepted")
    shown(store, 60, outcome="accepted")
    rows = list(csv.DictReader(io.StringIO(page.get("/feedback.csv").text)))
    by_statement = {row["statement"]: row for row in rows if row["table"] == "statements"}
    assert by_statement[LIMIT]["hidden"] == "yes"
    assert by_statement[LIMIT]["cards"] == ""
    assert by_statement[RENAL]["hidden"] == "yes"  # else the total would tell
    assert all(row["demo_data"] == "no" for row in rows)


def test_a_site_can_choose_its_small_cells(store, serve, database):
    shown(store, 4, outcome="accepted")
    app = serve(database_url=database, pages=frozenset({"feedback"}), small_cells=1)
    assert row_of(app.test_client().get("/feedback").text, RENAL)[:2] == ["4", "4"]


@pytest.mark.parametrize(
    ("overridden", "accepted", "is_flagged"),
    [(200, 0, True), (199, 0, False), (191, 9, True), (190, 10, False), (381, 19, True), (380, 20, False)],
)
def test_more_than_95_percent_of_at_least_200_answers_are_flagged(overridden, accepted, is_flagged):
    counts = Counts(cards=overridden + accepted + 50, accepted=accepted, overridden=overridden)
    found = FeedbackCounts({("ehr", RENAL, NOW.date()): counts}, demo=False)
    assert flagged(found) == ((RENAL,) if is_flagged else ())


def test_a_flag_counts_the_cards_of_all_clients_and_weeks(store, page):
    for client, days_ago in (("ehr", 1), ("other", 9)):
        shown(store, 101, client=client, days_ago=days_ago, code="will-monitor")
    text = page.get("/feedback").text
    assert "To be reviewed" in text
    assert '<span class="tag bad">to be reviewed</span>' in text
    assert 'class="weeks"' in text


def test_cards_that_no_statement_leads_are_named_as_such(store, page):
    shown(store, 20, statement="")
    assert "No statement leads" in page.get("/feedback.csv").text
    assert page.get("/feedback").status_code == 200


def test_a_name_of_a_client_is_text(store, page):
    shown(store, 20, client="<script>x</script>")
    shown(store, 20, client="=1+1")
    assert "<script>" not in page.get("/feedback").text
    assert ",'=1+1," in page.get("/feedback.csv").text


def test_an_empty_store_says_that_no_card_was_shown(page):
    text = page.get("/feedback").text
    assert "No card was shown" in text
    assert page.get("/feedback.csv").text.count("\n") == 1


def test_another_period_than_those_offered_is_refused(page, serve):
    assert page.get("/feedback?days=31").status_code == 400
    assert page.get("/feedback.csv?days=x").status_code == 400
    assert serve(pages=frozenset({"feedback"})).test_client().get("/feedback").status_code == 503


def test_a_real_answer_stands_on_the_page(serve, database, engine):
    app = serve(database_url=database, pages=frozenset({"feedback"}), small_cells=1)
    client = app.test_client()
    (card,) = client.post(SIGN, json=plain()).json["cards"]
    answer = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": NOW.isoformat(),
              "overrideReason": {"reason": card["overrideReasons"][0], "userComment": "Mustermann"}}  # fmt: skip
    assert client.post(f"{SIGN}/feedback", json={"feedback": [answer]}).status_code == 200
    app.extensions["cds_worker"].get().store.writer.drain(10)
    text = client.get("/feedback").text
    assert escape(engine.knowledge.statements[RENAL].title).replace("&#x27;", "&#39;") in text
    assert "Will monitor" in text
    assert "Mustermann" not in text


def test_demo_data_is_marked_in_every_row_and_on_the_page(tmp_path, serve, knowledge):  # noqa: ARG001
    url = f"sqlite:///{tmp_path}/demo.sqlite"
    arguments = ["demo", "--database", url, "--cards", "900", "--days", "30"]
    made = CliRunner().invoke(feedback_group, arguments)
    assert made.exit_code == 0, made.output
    engine = open_engine(database_url(url), 1)
    with engine.connect() as connection:
        versions = select(cards.c.knowledge_version, func.count()).group_by(cards.c.knowledge_version)
        assert connection.execute(versions).all() == [(DEMO, 900)]
        clients = connection.execute(select(feedback.c.client).distinct()).scalars().all()
        assert clients
        assert all(name.startswith("demo ") for name in clients)
    engine.dispose()
    again = CliRunner().invoke(feedback_group, arguments)
    assert again.exit_code != 0
    assert "not empty" in again.output
    app = serve(database_url=url, pages=frozenset({"feedback"}), clock=lambda: datetime.now(UTC))
    client = app.test_client()
    assert "<strong>Demo data.</strong>" in client.get("/feedback?days=90").text
    download = client.get("/feedback.csv?days=90")
    assert "-demo.csv" in download.headers["Content-Disposition"]
    assert all(row["demo_data"] == "yes" for row in csv.DictReader(io.StringIO(download.text)))


def test_one_demo_card_among_real_ones_marks_the_page(store, page):
    shown(store, 20)
    shown(store, 1, version=DEMO)
    assert "<strong>Demo data.</strong>" in page.get("/feedback").text


def test_reasons_of_a_statement_are_left_out_where_they_would_tell_a_hidden_number(engine):
    split = Counts(cards=100, accepted=5, overridden=95)
    split.reasons["will-monitor"] = 95
    whole = Counts(cards=100, accepted=40, overridden=60)
    whole.reasons["will-monitor"] = 60
    day = NOW.date()
    found = FeedbackCounts({("ehr", RENAL, day): split, ("ehr", LIMIT, day): whole}, demo=False)
    made = {one.id: one for one in tables(found, engine.knowledge, 11)}
    assert [line.cells[0] for line in made["statement-reasons"].lines] == [LIMIT]
    assert replace(made["statements"]).lines[0].cells[2] != 5
