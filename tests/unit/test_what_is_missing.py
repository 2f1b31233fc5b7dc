"""What a card says of data that is not there: none on file, none supplied, not to be read, or not usable."""

import pytest

from cards.evaluate import evaluate
from cards.facts.lab_table import LABS
from cards.facts.record import KeyResult, Record
from cards.knowledge.case_record import NOW, make_case
from cards.policy import Policy
from cds_service.hooks.keys import KEYS

STATES = ["given", "absent", "failed"]
PREGABALIN = {
    "name": "pregabalin with diabetes",
    "patient": {"age": 72, "sex": "male", "weight_kg": 64, "conditions": ["E11.9"]},
    "drafts": [{"drug": "pregabalin 150 MG Oral Capsule", "dose": "1 capsule", "times": 2}],
}
WARFARIN = {"drug": "warfarin sodium 5 MG Oral Tablet", "dose": "1 tablet", "times": 1, "days_ago": 300}
DULOXETINE = {"drug": "duloxetine 30 MG Delayed Release Oral Capsule", "dose": "1 capsule", "times": 1}


def evaluated(knowledge, terminology, case, key, state):
    """The evaluation of a case in whose record the key ended in that state."""
    made = make_case(case, terminology)
    keys = {name: result for name, result in made.record.keys.items() if name != key or state == "given"}
    if state == "failed":
        keys[key] = KeyResult(key, "failed", (), "timeout", key)
    return evaluate(
        "order-sign", Record(patient_id="p1", keys=keys), made.drafts, None,
        now=NOW, policy=Policy(), knowledge=knowledge, terminology=terminology,
    )  # fmt: skip


def said(knowledge, terminology, case, key, state):
    cards = evaluated(knowledge, terminology, case, key, state).cards
    return "\n".join(f"{card.summary}\n{card.detail}" for card in cards if not card.summary.startswith("Not"))


@pytest.mark.parametrize(
    ("state", "says"),
    [("given", "No creatinine on file"), ("absent", "No creatinine supplied"),
     ("failed", "Creatinine could not be read")],
)  # fmt: skip
def test_a_missing_creatinine_is_said_as_it_is_missing(knowledge, terminology, state, says):
    text = said(knowledge, terminology, PREGABALIN, "kidney", state)
    assert f"{says}: pregabalin 300 mg/day cannot be checked" in text
    assert ("on file" in text) is (state == "given")
    assert ("which did not reach this service" in text) is (state != "given")


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("given", "No weight on file"),
        ("absent", "No weight supplied"),
        ("failed", "Weight could not be read"),
    ],
)
def test_a_missing_weight_is_said_as_it_is_missing(knowledge, terminology, state, says):
    patient = {name: value for name, value in PREGABALIN["patient"].items() if name != "weight_kg"}
    case = PREGABALIN | {"patient": patient, "creatinine": {"value": 1.4, "days_ago": 20}}
    text = said(knowledge, terminology, case, "body", state)
    assert f"{says}: pregabalin 300 mg/day cannot be checked against kidney function" in text
    assert "Consider recording a weight" in text
    assert "serum creatinine before" not in text


def test_a_creatinine_or_weight_that_cannot_be_used_is_not_called_missing(knowledge, terminology):
    text = said(
        knowledge, terminology, PREGABALIN | {"creatinine": {"value": 1.4, "unit": "parsec"}}, "x", "given"
    )
    assert "No creatinine" not in text
    heavy = PREGABALIN["patient"] | {"weight_kg": 750}
    case = PREGABALIN | {"patient": heavy, "creatinine": {"value": 1.4, "days_ago": 20}}
    text = said(knowledge, terminology, case, "x", "given")
    assert "Weight on file not usable: pregabalin" in text
    assert "750 kg is outside" in text


def test_an_unreadable_dose_names_what_else_is_missing(knowledge, terminology):
    case = PREGABALIN | {"drafts": [{"drug": "pregabalin 150 MG Oral Capsule", "sig": "as told"}]}
    text = said(knowledge, terminology, case, "kidney", "absent")
    assert "No creatinine supplied and the pregabalin dose could not be read: not checked" in text
    old = case | {"creatinine": {"value": 1.0, "days_ago": 900}}
    text = said(knowledge, terminology, old, "x", "given")
    assert "Creatinine is too old (900 days) and the pregabalin dose could not be read" in text


@pytest.mark.parametrize(
    ("state", "says"),
    [("given", "No INR on file"), ("absent", "No INR supplied"), ("failed", "INR could not be read")],
)
def test_a_missing_inr_is_said_as_it_is_missing(knowledge, terminology, state, says):
    case = {
        "name": "inr",
        "patient": {"age": 60, "sex": "male"},
        "active": [WARFARIN],
        "drafts": [DULOXETINE],
    }
    text = said(knowledge, terminology, case, "inr", state)
    assert says in text
    assert "no INR of the last 14 days is known" in text


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("given", "No platelets on file"),
        ("absent", "No platelets supplied"),
        ("failed", "Platelets could not be read"),
    ],
)
def test_missing_platelets_are_said_as_they_are_missing(knowledge, terminology, state, says):
    valproate = {
        "drug": "divalproex sodium 500 MG Delayed Release Oral Tablet",
        "dose": "1 tablet",
        "times": 2,
    }
    case = {
        "name": "platelets",
        "patient": {"age": 70, "sex": "male"},
        "active": [WARFARIN],
        "drafts": [valproate],
    }
    assert says in said(knowledge, terminology, case, "bleeding", state)


@pytest.mark.parametrize(
    ("state", "says"),
    [("given", "No QTc on file"), ("absent", "No QTc supplied"), ("failed", "QTc could not be read")],
)
def test_a_missing_ecg_is_said_as_it_is_missing(knowledge, terminology, state, says):
    amitriptyline = {"drug": "amitriptyline hydrochloride 10 MG Oral Tablet", "dose": "1 tablet", "times": 1}
    case = {
        "name": "ecg",
        "patient": {"age": 50, "sex": "male", "conditions": ["I48.91"]},
        "drafts": [amitriptyline],
    }
    assert says in said(knowledge, terminology, case, "ecg", state)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("given", "No sodium on file"),
        ("absent", "No sodium supplied"),
        ("failed", "Sodium could not be read"),
    ],
)
def test_a_missing_sodium_is_said_as_it_is_missing(knowledge, terminology, state, says):
    thiazide = {
        "drug": "hydrochlorothiazide 25 MG Oral Tablet",
        "dose": "1 tablet",
        "times": 1,
        "days_ago": 300,
    }
    case = {
        "name": "sodium",
        "patient": {"age": 75, "sex": "male"},
        "active": [thiazide],
        "drafts": [DULOXETINE],
    }
    assert says in said(knowledge, terminology, case, "sodium", state)


@pytest.mark.parametrize(
    ("state", "says"),
    [("given", "No gastroprotection on the medication list"),
     ("absent", "No gastroprotection known: no medication list was supplied"),
     ("failed", "No gastroprotection known: the medication list could not be read")],
)  # fmt: skip
def test_a_missing_medication_list_is_no_list_without_a_ppi(knowledge, terminology, state, says):
    naproxen = {"drug": "naproxen 500 MG Oral Tablet", "dose": "1 tablet", "times": 2}
    case = {"name": "ppi", "patient": {"age": 72, "sex": "male"}, "drafts": [WARFARIN, naproxen]}
    assert says in said(knowledge, terminology, case, "medications", state)


@pytest.mark.parametrize(
    ("key", "statement", "case", "words"),
    [
        ("bloodPressure", "venlafaxine-high-blood-pressure",
         {"drafts": [{"drug": "venlafaxine 75 MG Oral Tablet", "dose": "1 tablet", "times": 1}]},
         ("no recent blood pressure on file", "no blood pressure supplied", "blood pressure could not be read")),
        ("conditions", "opioid-respiratory-contraindication",
         {"drafts": [{"drug": "tapentadol 50 MG Oral Tablet", "dose": "1 tablet", "times": 3}]},
         ("", "no problem list was supplied", "the problem list could not be read")),
        ("medications", "tramadol-start-dose",
         {"drafts": [{"drug": "tramadol hydrochloride 50 MG Oral Tablet", "dose": "1 tablet", "times": 4}]},
         ("", "no medication list was supplied", "the medication list could not be read")),
        ("genetics", "carbamazepine-hla-b-1502-positive",
         {"drafts": [{"drug": "carbamazepine 200 MG Oral Tablet", "dose": "1 tablet", "times": 2}]},
         ("no HLA-B*15:02 result on file", "no HLA-B*15:02 result supplied",
          "HLA-B*15:02 result could not be read")),
        ("pregnancy", "pregnancy-topiramate-first-trimester",
         {"patient": {"age": 30}, "drafts": [{"drug": "topiramate 25 MG Oral Tablet", "dose": "1 tablet", "times": 1}]},
         ("nothing on record says", "no pregnancy results supplied", "pregnancy results could not be read")),
    ],
)  # fmt: skip
def test_the_trace_says_how_it_is_missing(knowledge, terminology, key, statement, case, words):
    case = {"name": "trace", "patient": {"age": 50, "sex": "male"}, **case}
    for state, word in zip(STATES, words, strict=True):
        judged = evaluated(knowledge, terminology, case, key, state).judged
        whys = {one.statement.id: one.outcome.reason() for one in judged}
        assert word in whys[statement], (state, whys[statement])


def test_every_result_names_the_key_that_asks_for_it():
    asked = {row.key: row.codes for row in KEYS}
    assert all(lab.value_set in asked[lab.key] for lab in LABS.values())
