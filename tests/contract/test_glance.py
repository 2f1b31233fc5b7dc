"""The look into a SQLite file whether anything about a patient was answered."""

import sqlite3

import pytest

from cds_service.store.glance import Glance


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "a store?.sqlite"
    with sqlite3.connect(made) as connection:
        connection.execute("CREATE TABLE card (client TEXT, card TEXT, patient_hash TEXT)")
        connection.execute("CREATE TABLE feedback (client TEXT, card TEXT)")
        connection.execute("INSERT INTO card VALUES ('ehr', 'card-1', 'patient-1')")
    connection.close()
    return made


def add_answer(file, card="card-1"):
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO feedback VALUES ('ehr', ?)", (card,))
    connection.close()


def test_a_patient_whose_cards_nobody_answered_is_told_at_a_glance(file):
    glance = Glance(file)
    assert glance.unanswered("ehr", "patient-1")
    add_answer(file, card="another")
    assert glance.unanswered("ehr", "patient-1")
    glance.close()


def test_an_answer_is_seen_from_the_moment_it_is_kept(file):
    glance = Glance(file)
    assert glance.unanswered("ehr", "patient-1")
    add_answer(file)
    assert not glance.unanswered("ehr", "patient-1")
    assert glance.unanswered("another-ehr", "patient-1")
    glance.close()


@pytest.mark.parametrize("broken", ["gone", "no tables", "never there"])
def test_what_cannot_be_told_is_left_to_the_full_query(file, tmp_path, broken):
    glance = Glance(tmp_path / "never.sqlite" if broken == "never there" else file)
    if broken == "gone":
        assert glance.unanswered("ehr", "patient-1")
        file.unlink()
    elif broken == "no tables":
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE feedback")
        connection.close()
    assert not glance.unanswered("ehr", "patient-1")
    glance.close()
