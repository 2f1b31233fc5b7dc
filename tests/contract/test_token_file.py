"""Tokens seen, kept in the SQLite file by the driver alone: each is new once, and a file in trouble holds nobody up."""

import sqlite3
import threading

import pytest
from sqlalchemy import make_url

from cds_service.store.breaker import Breaker, StoreDownError
from cds_service.store.engine import open_engine
from cds_service.store.replay import ReplayGuard
from cds_service.store.schema import upgrade
from cds_service.store.token_file import TokenFile


class Ticks:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "a store?#.sqlite"
    upgrade(make_url("sqlite://").set(database=str(made)))
    return made


def test_a_token_is_new_once_for_all_workers_and_after_a_restart(file):
    one, other = TokenFile(file, Breaker(1)), TokenFile(file, Breaker(1))
    assert one.first_use("a", 2_000)
    assert not one.first_use("a", 2_000)
    assert not other.first_use("a", 2_000)
    assert other.first_use("b", 2_000)
    one.close()
    other.close()
    assert not TokenFile(file, Breaker(1)).first_use("b", 2_000)


def test_of_many_threads_that_use_a_token_at_once_one_is_first(file):
    workers = [TokenFile(file, Breaker(1)) for _ in range(2)]
    outcomes = []
    barrier = threading.Barrier(8)

    def use(place):
        barrier.wait()
        for name in range(20):
            try:
                outcomes.append((name, workers[place % 2].first_use(f"token-{name}", 2_000)))
            except StoreDownError:  # so many writers of one file may wait too long on a slow machine
                outcomes.append((name, None))

    threads = [threading.Thread(target=use, args=(place,)) for place in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    first = [name for name, new in outcomes if new]
    assert len(outcomes) == 160
    assert len(first) == len(set(first))
    if all(new is not None for _, new in outcomes):
        assert sorted(first) == list(range(20))


def test_a_file_that_another_holds_is_waited_for_a_moment_and_what_came_meanwhile_is_written_later(file):
    ticks = Ticks()
    breaker = Breaker(1, ticks)
    engine = open_engine(make_url("sqlite://").set(database=str(file)), 1, durable=False)
    guard = ReplayGuard(engine, breaker, clock=ticks, file=TokenFile(file, breaker))
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert guard.first_use("a", 2_000)
    assert guard.in_memory
    assert breaker.down_as == "OperationalError"
    assert not guard.first_use("a", 2_000)
    holder.execute("ROLLBACK")
    ticks.now += 6
    assert guard.first_use("b", 2_000)
    assert not guard.in_memory
    other = TokenFile(file, Breaker(1))
    assert [other.first_use(name, 2_000) for name in "abc"] == [False, False, True]
    guard.close()
    holder.close()


def test_a_file_that_is_gone_is_a_store_that_is_down_and_none_is_made(tmp_path):
    gone = tmp_path / "gone.sqlite"
    breaker = Breaker(1)
    with pytest.raises(StoreDownError):
        TokenFile(gone, breaker).first_use("a", 2_000)
    assert breaker.resting
    assert not gone.exists()
