"""The store: migrations, the replay guard, the writer, retention, and what happens when it is down."""

import json
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from click.testing import CliRunner
from hook_requests import NOW, SIGN, plain
from make_tokens import ISS, bearer, claims, signed, write_clients
from sqlalchemy import event, func, insert, inspect, select
from sqlalchemy.exc import IntegrityError, OperationalError

from cds_service.cli import main
from cds_service.settings import Settings, SettingsError
from cds_service.store import answers
from cds_service.store.breaker import Breaker, StoreDownError
from cds_service.store.engine import StoreUrlError, database_url, open_engine, sqlite_file
from cds_service.store.keyed_hash import HashKeyError, keyed_hash, read_key
from cds_service.store.records import Answer, AuditEvent
from cds_service.store.replay import ReplayGuard
from cds_service.store.retention import prune
from cds_service.store.schema import SchemaError, check_schema, downgrade, newest, upgrade
from cds_service.store.settings import prepare, store_settings
from cds_service.store.store import Counting, open_store
from cds_service.store.tables import audit, cards, feedback, metadata, seen_tokens
from cds_service.store.writer import Writer

FEEDBACK = SIGN + "/feedback"


@pytest.fixture
def url(database):
    return database_url(database)


@pytest.fixture
def engine_of(url):
    """Engines on a database whose tables are made; disposed of after the test."""
    upgrade(url)
    made = []

    def make(**more):
        made.append(open_engine(url, 8, **more))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


def count(engine, table):
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_migrations_go_up_down_and_up_again(url):
    assert upgrade(url) == newest()
    assert downgrade(url, "base") == ""
    engine = open_engine(url, 1)
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    assert upgrade(url) == upgrade(url) == newest()
    assert set(inspect(engine).get_table_names()) == {"alembic_version", *metadata.tables}
    engine.dispose()


def test_an_audit_trail_of_before_keeps_its_events_through_the_migration(url):
    upgrade(url, "0001")
    old = {name: value for name, value in audit_event(1).row().items() if name != "software_version"}
    engine = open_engine(url, 1)
    with engine.begin() as connection:
        connection.execute(insert(audit), [old])
    upgrade(url)
    with engine.connect() as connection:
        (row,) = connection.execute(select(audit)).all()
    assert (row.request_id, row.knowledge_version, row.software_version) == ("1", "k", "")
    engine.dispose()


def test_migrations_make_the_tables_that_the_code_reads(engine_of):
    with engine_of().connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_several_processes_migrate_one_after_the_other(url, database):
    code = (
        "import sys\nfrom cds_service.store.engine import database_url\n"
        "from cds_service.store.schema import upgrade\nupgrade(database_url(sys.argv[1]))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, database], stderr=subprocess.PIPE) for _ in range(3)
    ]
    for one in running:
        _, error = one.communicate(timeout=60)
        assert one.returncode == 0, error.decode()
    check_schema(url)


def test_an_old_schema_is_refused(url):
    with pytest.raises(SchemaError, match="db upgrade"):
        check_schema(url)


def settings_for(database, tmp_path, **more):
    file = tmp_path / "key"
    file.write_text("x" * 64)
    return Settings(database_url=database, hash_key_file=file, **more)


def test_the_start_migrates_sqlite_and_refuses_an_old_postgresql(database, tmp_path):
    settings = store_settings(settings_for(database, tmp_path))
    if database.startswith("sqlite"):
        assert prepare(settings) == ""
        check_schema(settings.url)
    else:
        with pytest.raises(SchemaError):
            prepare(settings)
        upgrade(settings.url)
        assert prepare(settings) == ""


@pytest.mark.parametrize(
    "database_at", ["sqlite:////proc/nowhere/s.sqlite", "postgresql://cds@127.0.0.1:1/none"]
)
def test_a_database_that_does_not_answer_is_a_warning_at_the_start(database_at, tmp_path):
    warning = prepare(store_settings(settings_for(database_at, tmp_path)))
    assert "cards are answered" in warning
    assert "127.0.0.1" not in warning


@pytest.mark.parametrize(
    "written",
    [
        "",
        "nonsense",
        "mysql://x/y",
        "sqlite://",
        "sqlite:///:memory:",
        "oracle://a:b@c/d",
        "postgresql+asyncpg:/x",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(written):
    with pytest.raises(StoreUrlError, match="CDS_DATABASE_URL") as raised:
        database_url(written)
    assert "b@c" not in str(raised.value)


@pytest.mark.parametrize("written", ["postgresql://u@h/d", "postgres://u@h/d", "postgresql+psycopg://u@h/d"])
def test_postgresql_is_used_over_psycopg(written):
    assert database_url(written).drivername == "postgresql+psycopg"


def test_postgresql_needs_a_key_file_and_sqlite_makes_one(tmp_path):
    with pytest.raises(SettingsError, match="CDS_HASH_KEY_FILE"):
        store_settings(Settings(database_url="postgresql://u@h/d"))
    settings = store_settings(Settings(database_url=f"sqlite:///{tmp_path}/s.sqlite"))
    assert prepare(settings) == ""
    assert settings.hash_key_file == tmp_path / ".hash-key"
    for file in (settings.hash_key_file, sqlite_file(settings.url)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = settings.hash_key_file.read_text()
    prepare(settings)
    assert settings.hash_key_file.read_text() == before


def test_settings_never_show_a_password(tmp_path):
    settings = settings_for("postgresql://u:secret-word@h/d", tmp_path)
    assert "secret-word" not in repr(settings) + repr(store_settings(settings))


def test_a_key_is_refused_where_it_is_missing_or_short(tmp_path):
    with pytest.raises(HashKeyError, match="openssl"):
        read_key(tmp_path / "none", make=False)
    (tmp_path / "short").write_text("x" * 31)
    with pytest.raises(HashKeyError, match="too short"):
        read_key(tmp_path / "short", make=False)
    with pytest.raises(HashKeyError, match="CDS_HASH_KEY_FILE"):
        read_key(tmp_path / "no" / "folder", make=True)
    assert "short" in [one.name for one in tmp_path.iterdir()]


def test_hashes_differ_by_key_kind_client_and_value():
    made = {
        keyed_hash(key, kind, client, value)
        for key in (b"k" * 32, b"l" * 32)
        for kind in ("patient", "user")
        for client in ("a", "b")
        for value in ("1", "2")
    }
    assert len(made) == 16
    assert keyed_hash(b"k" * 32, "patient", "a", "") == ""
    assert keyed_hash(b"k" * 32, "patient", "ab", "c") != keyed_hash(b"k" * 32, "patient", "a", "bc")


class Ticks:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


def guard(engine, clock, fallbacks=None):
    noted = fallbacks if fallbacks is not None else []
    return ReplayGuard(engine, Breaker(2), lambda: noted.append(1), clock)


def test_a_token_is_new_once_for_all_workers_and_after_a_restart(engine_of):
    clock = Ticks()
    first, second = guard(engine_of(durable=False), clock), guard(engine_of(durable=False), clock)
    assert first.first_use("a", 2_000)
    assert not first.first_use("a", 2_000)
    assert not second.first_use("a", 2_000)
    assert not guard(engine_of(), clock).first_use("a", 2_000)
    assert second.first_use("b", 2_000)
    assert not first.in_memory


def test_of_many_that_use_a_token_at_once_one_is_first(engine_of):
    clock = Ticks()
    guards = [guard(engine_of(durable=False), clock) for _ in range(4)]
    outcomes = []
    barrier = threading.Barrier(16)

    def use(place):
        barrier.wait()
        own = guards[place % 4]
        outcomes.extend((name, own.first_use(f"token-{name}", 2_000)) for name in range(10))

    threads = [threading.Thread(target=use, args=(place,)) for place in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if not any(one.in_memory for one in guards):
        assert sorted(name for name, new in outcomes if new) == list(range(10))
    assert len(outcomes) == 160


def test_without_a_store_a_worker_remembers_by_itself_and_tells():
    clock, fallbacks = Ticks(), []
    alone = guard(None, clock, fallbacks)
    assert alone.first_use("a", 2_000)
    assert not alone.first_use("a", 2_000)
    assert alone.in_memory
    assert len(fallbacks) == 1
    clock.now = 2_001
    assert alone.first_use("a", 3_000)


class Failing:
    """An engine that can be switched off."""

    def __init__(self, engine):
        self.down = False
        event.listen(engine, "engine_connect", self._fail)

    def _fail(self, *_):
        if self.down:
            raise OperationalError("statement of Mustermann", {}, Exception("Mustermann"))


def test_what_was_remembered_is_written_once_the_store_is_back(engine_of):
    clock, engine = Ticks(), engine_of(durable=False)
    switch = Failing(engine)
    breaker_clock = Ticks()
    one = ReplayGuard(engine, Breaker(2, breaker_clock), lambda: None, clock)
    switch.down = True
    assert one.first_use("a", 2_000)
    assert one.in_memory
    assert not one.first_use("a", 2_000)
    switch.down = False
    assert one.first_use("b", 2_000)  # the store is left alone for a while
    assert one.in_memory
    breaker_clock.now += 6
    assert one.first_use("c", 2_000)
    assert not one.in_memory
    other = guard(engine_of(), clock)
    assert [other.first_use(name, 2_000) for name in "abcd"] == [False, False, False, True]


def test_a_store_that_hangs_is_waited_for_a_moment_only():
    breaker = Breaker(1)
    ended = threading.Event()
    with pytest.raises(StoreDownError):
        breaker.run(ended.wait, 0.15)
    assert breaker.resting
    assert breaker.down_as == "TimeoutError"
    ended.set()
    breaker.close()


def test_too_little_time_is_no_proof_that_the_store_is_down():
    breaker = Breaker(1)
    ended = threading.Event()
    with pytest.raises(StoreDownError):
        breaker.run(ended.wait, 0.02)
    assert not breaker.resting
    ended.set()
    breaker.close()


def audit_event(place, **changes):
    made = {
        "at": NOW, "request_id": str(place), "endpoint": "invoke", "client": "c", "service": "s", "hook": "h",
        "status": 200, "reason": "", "patient_hash": "", "user_hash": "", "outcomes": {}, "not_checked": (), "cards": 0,
        "knowledge_version": "k", "terminology_version": "t", "software_version": "1", "latency_ms": 1.0,
    }  # fmt: skip
    return AuditEvent(**(made | changes))


def test_events_that_wait_are_written_when_the_writer_closes(engine_of):
    engine = engine_of()
    writer = Writer(engine, Breaker(1), 1_000)
    for place in range(700):
        writer.add(audit_event(place))
    assert writer.close(20) == 0
    assert count(engine, audit) == 700


def test_while_the_store_is_down_events_wait_and_what_does_not_fit_is_counted(engine_of):
    engine = engine_of()
    switch = Failing(engine)
    switch.down = True
    lost = []
    breaker = Breaker(1)
    writer = Writer(engine, breaker, 10, lost.append)
    for place in range(50):
        writer.add(audit_event(place))
        if place == 0:
            until = time.monotonic() + 10
            while not breaker.down_as and time.monotonic() < until:
                time.sleep(0.01)
    assert sum(lost) == writer.lost >= 39
    assert writer.waiting + writer.lost == 50
    assert breaker.down_as == "OperationalError"
    switch.down = False
    assert writer.drain(30)
    assert count(engine, audit) == 50 - writer.lost
    writer.close(5)


def test_what_is_lost_at_the_end_is_counted(engine_of):
    engine = engine_of()
    Failing(engine).down = True
    writer = Writer(engine, Breaker(1), 10)
    writer.add(audit_event(1))
    assert writer.close(5) == 1
    assert writer.lost == 1


def test_a_record_that_the_store_refuses_does_not_hold_up_the_others(engine_of):
    engine = engine_of()
    writer = Writer(engine, Breaker(1), 100)
    for place in (1, 2, 3):
        writer.add(audit_event(place, endpoint=None if place == 2 else "invoke"))
    assert writer.drain(20)
    writer.close(5)
    assert count(engine, audit) == 2
    assert writer.lost == 1


def answer(card, **more):
    return Answer(client="c", card=card, service="s", outcome="overridden", outcome_at=None, **more)


def test_feedback_is_all_or_nothing(engine_of):
    engine = engine_of()
    assert answers.keep(engine, [answer("1"), answer("2"), answer("1")], NOW) == 2
    with pytest.raises(IntegrityError):
        answers.keep(engine, [answer("3"), answer(None)], NOW)
    assert count(engine, feedback) == 2


def test_feedback_of_many_at_once_is_all_kept(engine_of):
    engines = [engine_of() for _ in range(3)]
    failed = []

    def work(place):
        try:
            for number in range(20):
                answers.keep(engines[place % 3], [answer(f"{place}-{number}"), answer("shared")], NOW)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert count(engines[0], feedback) == 6 * 20 + 1


def test_prune_removes_what_is_older_and_expired_tokens(engine_of):
    engine = engine_of()
    old, new = NOW - timedelta(days=366), NOW - timedelta(days=364)
    for at in (old, new):
        answers.keep(engine, [answer(str(at))], at)
        card = {
            "client": "c", "card": str(at), "service": "s", "hook": "h", "issued_at": at, "patient_hash": "",
            "statements": [], "topic": "t", "indicator": "i", "drugs": [], "suggestions": [], "knowledge_version": "",
            "terminology_version": "",
        }  # fmt: skip
        with engine.begin() as connection:
            connection.execute(insert(audit), [audit_event(1, at=at).row()])
            connection.execute(insert(cards), [card])
            connection.execute(
                insert(seen_tokens), [{"token_hash": str(at), "expires_at": int(at.timestamp())}]
            )
    removed = prune(engine, NOW - timedelta(days=365), new.timestamp())
    assert removed == {"feedback": 1, "card": 1, "audit": 1, "seen_token": 1}
    assert prune(engine, NOW - timedelta(days=365), new.timestamp()) == dict.fromkeys(removed, 0)
    for table in (feedback, cards, audit, seen_tokens):
        assert count(engine, table) == 1


def command(database, tmp_path, monkeypatch, *arguments, code=0):
    (tmp_path / "key").write_text("x" * 64)
    monkeypatch.setenv("CDS_DATABASE_URL", database)
    monkeypatch.setenv("CDS_HASH_KEY_FILE", str(tmp_path / "key"))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, (result.output, result.exception)
    return result


def test_the_commands_upgrade_and_prune(database, tmp_path, monkeypatch):
    assert "db upgrade" in command(database, tmp_path, monkeypatch, "db", "prune", code=2).stderr
    assert newest() in command(database, tmp_path, monkeypatch, "db", "upgrade").stdout
    engine = open_engine(database_url(database), 1)
    answers.keep(engine, [answer("1")], datetime.now(UTC) - timedelta(days=20))
    engine.dispose()
    assert "feedback: 0 removed" in command(database, tmp_path, monkeypatch, "db", "prune").stdout
    assert (
        "feedback: 1 removed"
        in command(database, tmp_path, monkeypatch, "db", "prune", "--days", "19").stdout
    )


def test_a_command_on_a_database_that_does_not_answer_fails_in_one_line(tmp_path, monkeypatch):
    said = command(
        "postgresql://cds:secret-word@127.0.0.1:1/x", tmp_path, monkeypatch, "db", "upgrade", code=2
    ).stderr
    assert "cannot be used" in said
    assert "secret-word" not in said


@pytest.mark.parametrize("broken", ["gone", "locked", "no tables", "no folder"])
def test_cards_come_whatever_is_wrong_with_the_store_and_feedback_is_not_acknowledged(
    serve, tmp_path, broken
):
    file = tmp_path / "s.sqlite"
    clients = write_clients(tmp_path, {"name": "main", "iss": ISS, "jwks_file": "keys.json"})
    app = serve(database_url=f"sqlite:///{file}", clients_file=clients, auth_required=True)
    store = app.extensions["cds_worker"].get().store
    if broken == "no tables":
        downgrade(database_url(f"sqlite:///{file}"), "base")
    if broken in ("gone", "no folder"):
        for one in tmp_path.glob("s.sqlite*"):
            one.unlink()
        if broken == "no folder":
            file.mkdir()
    holder = open_engine(database_url(f"sqlite:///{file}"), 1)
    if broken == "locked":
        held = holder.connect()
        held.exec_driver_sql("SELECT 1")  # BEGIN IMMEDIATE
        store.engine.dispose()
        shortly = open_engine(database_url(f"sqlite:///{file}"), 4, busy_seconds=0.2)
        store.engine = shortly

    def post(path, body):
        headers = bearer(signed(claims(NOW.timestamp(), path)))
        return app.test_client().post(path, json=body, headers=headers)

    response = post(SIGN, plain())
    assert response.status_code == 200
    assert response.json["cards"]
    told = post(FEEDBACK, {"feedback": [{"card": "c1", "outcome": "overridden"}]})
    assert told.status_code == 503
    ready = app.test_client().get("/readyz")
    assert ready.status_code == 200
    assert (ready.json["store"], ready.json["replayGuard"]) == ("down", "memory")
    again = signed(claims(NOW.timestamp(), SIGN))
    for status in (200, 401):
        assert app.test_client().post(SIGN, json=plain(), headers=bearer(again)).status_code == status
    if broken == "locked":
        held.close()
        shortly.dispose()
    holder.dispose()


def test_a_store_that_cannot_be_opened_is_one_that_is_down(tmp_path):
    settings = store_settings(
        Settings(database_url=f"sqlite:///{tmp_path}/s", hash_key_file=tmp_path / "none")
    )
    store = open_store(settings, Counting())
    assert store.state() == {"store": "down"}
    assert store.hash("patient", "c", "1") == ""
    assert store.acknowledged("c", "", NOW, 1) == ()
    with pytest.raises(StoreDownError):
        store.keep([answer("1")], NOW)
    store.close()


def test_readiness_shows_the_store_and_what_waits(serve, database):
    app = serve(database_url=database)
    ready = app.test_client().get("/readyz").json
    assert (ready["store"], ready["replayGuard"], ready["lost"], ready["auth"]) == ("ok", "store", 0, "off")
    assert isinstance(ready["waiting"], int)


SECRETS = ["Mustermann", "MRN-778899", "1952-01-01", "draft-secret", "instance-secret", "p-secret", "user-secret",
           "encounter-secret", "token-secret", "note-secret", "org-secret"]  # fmt: skip


def secretive():
    body = plain()
    written = json.dumps(body).replace('"p1"', '"p-secret"').replace("Patient/p1", "Patient/p-secret")
    body = json.loads(written)
    body["hookInstance"] = "instance-secret"
    body["context"] |= {"userId": "Practitioner/user-secret", "encounterId": "encounter-secret"}
    body["fhirServer"] = "https://org-secret.example.org/fhir"
    body["fhirAuthorization"] = {"access_token": "token-secret", "token_type": "Bearer", "expires_in": 300}
    body["prefetch"]["patient"] |= {
        "name": [{"family": "Mustermann"}], "birthDate": "1952-01-01", "identifier": [{"value": "MRN-778899"}],
    }  # fmt: skip
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    order |= {"id": "draft-secret", "note": [{"text": "note-secret"}]}
    return body


def dump(engine):
    with engine.connect() as connection:
        return "\n".join(
            str(tuple(row)) for table in metadata.tables.values() for row in connection.execute(select(table))
        )


def test_a_request_full_of_patient_data_leaves_none_in_store_logs_metrics_or_errors(
    serve, database, capfd, tmp_path
):
    app = serve(database_url=database, pages=frozenset({"metrics", "feedback"}))
    client = app.test_client()
    store = app.extensions["cds_worker"].get().store
    body = secretive()
    errors = ""
    (card,) = client.post(SIGN, json=body).json["cards"]
    for broken in (
        json.dumps(body)[:-9], json.dumps(body | {"hook": "Mustermann"}), json.dumps(body | {"prefetch": {}}),
        json.dumps(body | {"context": {"patientId": ["p-secret"]}}), json.dumps([body]),
    ):  # fmt: skip
        response = client.post(SIGN, data=broken, content_type="application/json")
        assert response.status_code >= 400
        errors += response.text
    entry = {
        "card": card["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": {"code": "will-monitor"}},
    }
    assert client.post(FEEDBACK, json={"feedback": [entry]}).status_code == 200
    errors += client.post(FEEDBACK, json={"feedback": [{"card": "Mustermann", "outcome": "MRN-778899"}]}).text
    errors += client.post(FEEDBACK, json={"Mustermann": "MRN-778899"}).text
    store.writer.drain(20)
    kept = dump(store.engine)
    with store.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            table.drop(connection)
    assert client.post(SIGN, json=body).status_code == 200
    errors += client.post(FEEDBACK, json={"feedback": [entry | {"userComment": "Mustermann"}]}).text
    store.writer.drain(1)
    captured = capfd.readouterr()
    written = (
        kept + errors + captured.out + captured.err + client.get("/metrics").text + client.get("/readyz").text
    )
    for file in tmp_path.iterdir():
        written += file.read_bytes().decode("latin-1")
    assert "will-monitor" in kept
    for secret in SECRETS:
        assert secret not in written, secret
