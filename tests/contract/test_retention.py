"""What is older than the retention period goes by itself, and keeps nobody waiting."""

import time
from datetime import timedelta

import pytest
from hook_requests import NOW, SIGN, plain
from sqlalchemy import func, insert, select
from sqlalchemy.exc import OperationalError

from cds_service.store import answers, retention
from cds_service.store.breaker import Breaker
from cds_service.store.engine import database_url, open_engine
from cds_service.store.records import Answer, AuditEvent
from cds_service.store.retention import Upkeep, portions
from cds_service.store.schema import upgrade
from cds_service.store.tables import audit, cards, feedback, seen_tokens
from cds_service.store.writer import Writer

TABLES = (feedback, cards, audit, seen_tokens)
DAYS = 30


@pytest.fixture
def stored(database):
    url = database_url(database)
    upgrade(url)
    made = open_engine(url, 8)
    yield made
    made.dispose()


def aged(engine, days, rows=1):
    """Keeps one record of each kind, and one token, that are so many days old."""
    at = NOW - timedelta(days=days)
    for place in range(rows):
        name = f"{days}-{place}"
        answer = Answer(client="c", card=name, service="s", outcome="accepted", outcome_at=None)
        answers.keep(engine, [answer], at)
        card = {
            "client": "c", "card": name, "service": "s", "hook": "h", "issued_at": at, "patient_hash": "",
            "statements": [], "topic": "t", "indicator": "i", "drugs": [], "suggestions": [], "knowledge_version": "",
            "terminology_version": "",
        }  # fmt: skip
        with engine.begin() as connection:
            connection.execute(insert(cards), [card])
            connection.execute(insert(audit), [event(at).row()])
            connection.execute(insert(seen_tokens), [{"token_hash": name, "expires_at": int(at.timestamp())}])


def event(at):
    return AuditEvent(
        at=at, request_id="r", endpoint="invoke", client="c", service="s", hook="h", status=200, reason="",
        patient_hash="", user_hash="", outcomes={}, not_checked=(), cards=0, knowledge_version="k",
        terminology_version="t", software_version="1", latency_ms=1.0,
    )  # fmt: skip


def counts(engine):
    with engine.connect() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES]


class Ticks:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


def upkeep(engine, days=DAYS, report=lambda _: None):
    ticks = Ticks()
    made = Upkeep(engine, days, NOW.timestamp, report, ticks)
    ticks.now += 601
    return made, ticks


def test_records_go_when_their_time_is_over_and_a_day_earlier_they_stay(stored):
    aged(stored, DAYS + 1)
    aged(stored, DAYS - 1)
    made, _ = upkeep(stored)
    for _ in range(20):
        made.step()
    assert counts(stored) == [1, 1, 1, 0]


def test_much_goes_in_portions_with_room_for_others_between_them(stored, monkeypatch):
    monkeypatch.setattr(retention, "_AT_ONCE", 4)
    aged(stored, DAYS + 1, rows=10)
    aged(stored, 0, rows=2)
    made, _ = upkeep(stored)
    made.step()
    seen = [counts(stored)]
    for _ in range(12):
        made.step()
        seen.append(counts(stored))
    assert [one[0] for one in seen[:4]] == [12, 8, 4, 2]
    assert seen[-1][:3] == [2, 2, 2]


def test_a_round_begins_after_ten_minutes_and_then_every_ten(stored):
    aged(stored, DAYS + 1)
    made, ticks = upkeep(stored)
    ticks.now -= 2
    made.step()
    assert counts(stored) == [1, 1, 1, 1]
    ticks.now += 2
    for _ in range(20):
        made.step()
    assert counts(stored) == [0, 0, 0, 0]
    aged(stored, DAYS + 2)
    made.step()
    assert counts(stored) == [1, 1, 1, 1]
    ticks.now += 601
    for _ in range(20):
        made.step()
    assert counts(stored) == [0, 0, 0, 0]


def test_where_everything_is_kept_only_expired_tokens_go(stored):
    aged(stored, 10_000)
    made, _ = upkeep(stored, days=0)
    for _ in range(20):
        made.step()
    assert counts(stored) == [1, 1, 1, 0]


def test_what_could_not_be_removed_is_reported_and_tried_again_in_the_next_round(stored, monkeypatch):
    aged(stored, DAYS + 1)
    said = []
    made, ticks = upkeep(stored, report=said.append)

    def failing(*_):
        raise OperationalError("DELETE", {}, Exception("Mustermann"))

    with monkeypatch.context() as broken:
        broken.setattr(retention, "_removed", failing)
        for _ in range(5):
            made.step()
    assert said == ["OperationalError"]
    assert counts(stored)[:3] == [1, 1, 1]
    ticks.now += 601
    for _ in range(20):
        made.step()
    assert counts(stored) == [0, 0, 0, 0]


def test_two_workers_may_remove_side_by_side(stored):
    aged(stored, DAYS + 1, rows=5)
    before = NOW - timedelta(days=DAYS)
    rounds = [portions(stored, before, NOW.timestamp()) for _ in range(2)]
    removed = 0
    for one, other in zip(*rounds, strict=False):
        removed += one[1] + other[1]
    assert removed == 20
    assert counts(stored) == [0, 0, 0, 0]


def test_the_oldest_are_found_by_an_index_and_without_reading_the_table(tmp_path):
    url = database_url(f"sqlite:///{tmp_path}/s.sqlite")
    upgrade(url)
    engine = open_engine(url, 1)
    plans = []
    with engine.connect() as connection:
        for table, column in retention._BY_TIME:
            found = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN SELECT id FROM {table.name} WHERE {column} < 'x' ORDER BY {column} LIMIT 9"  # noqa: S608
            )
            plans.append(" ".join(str(row) for row in found))
    engine.dispose()
    for plan in plans:
        assert "SEARCH" in plan
        assert "INDEX" in plan
        assert "TEMP B-TREE" not in plan


def test_a_writer_keeps_house_while_records_never_stop_coming(stored):
    done = []
    writer = Writer(stored, Breaker(1), 1_000, upkeep=lambda: done.append(1))
    until = time.monotonic() + 20
    while len(done) < 3 and time.monotonic() < until:
        writer.add(event(NOW))
        time.sleep(0.005)
    writer.close(10)
    assert len(done) >= 3


def test_the_service_removes_by_itself_what_the_setting_says(serve, database, monkeypatch):
    monkeypatch.setattr(retention, "_EVERY_SECONDS", 0.0)
    app = serve(database_url=database, retention_days=DAYS)
    url = database_url(database)
    engine = open_engine(url, 2)
    aged(engine, DAYS + 1, rows=3)
    aged(engine, DAYS - 1)
    assert app.test_client().post(SIGN, json=plain()).status_code == 200
    until = time.monotonic() + 20
    while counts(engine)[0] != 1 and time.monotonic() < until:
        time.sleep(0.05)
    left = counts(engine)
    engine.dispose()
    assert left[0] == 1
    assert app.test_client().get("/readyz").json["retentionDays"] == DAYS
