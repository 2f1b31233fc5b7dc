"""The inputs that pages name are those that rules read: every case is evaluated with a record of what is read."""

import json
from collections import defaultdict

import pytest

import cards.evaluate as evaluation
import cards.judging as judging
from cards.knowledge.case_record import NOW, make_case
from cards.knowledge.cases import evaluate_case
from cards.knowledge.loader import HOME, cases_file, knowledge_files
from cards.knowledge.strict_yaml import read
from cards.policy import Policy
from cards.rules.inputs import MADE_FROM, inputs_of, made_from

# Parts of derived facts by what they are; everything else of a patient that a rule reads is about age.
PATIENT = {"sex": "sex", "ancestry": "ancestry"}
CONTEXT = {
    "problems": "problem-list", "active_problem": "problem-list", "medications": "medication-list",
    "listed": "medication-list", "standing": "medication-list", "ended": "ended-medication", "labs": "results",
    "events": "procedures", "planned": "planned", "inpatient": "encounter", "pregnancy": "pregnancy",
}  # fmt: skip
# Where too much is as wrong as too little: the attributes of 45 CFR 170.315(b)(11)(iv)(A), and what feeds them.
EXACT = {"date-of-birth", "sex", "ancestry", "weight", "kidney-function", "encounter", "pregnancy"}
TYPES = {
    "Observation": "results", "Condition": "problem-list", "Encounter": "encounter", "EpisodeOfCare": "episodes",
    "Flag": "episodes",
}  # fmt: skip


class Recorded:
    """Stands for a fact and notes what is read of it; `names` says what a member is."""

    def __init__(self, fact, seen, names):
        self._fact, self._seen, self._names = fact, seen, names

    def __getattr__(self, name):
        found = self._names(name)
        if found:
            self._seen.add(found)
        return getattr(self._fact, name)


class RecordedContext:
    def __init__(self, ctx, seen):
        self._ctx, self._seen = ctx, seen

    def __getattr__(self, name):
        if name == "patient":
            return Recorded(
                self._ctx.patient, self._seen, lambda member: PATIENT.get(member, "date-of-birth")
            )
        if name == "renal":
            weight = {"weight_kg": "weight", "body_weight_kg": "weight"}
            return Recorded(self._ctx.renal, self._seen, lambda member: weight.get(member, "kidney-function"))
        if name in ("answers", "factors", "_bands", "_exposures"):
            return {}  # a remembered answer would hide what it was read from
        if name in CONTEXT:
            self._seen.add(CONTEXT[name])
        return getattr(self._ctx, name)


def all_cases():
    return [case for path in knowledge_files(HOME) for case in read(cases_file(path))]


@pytest.fixture(scope="module")
def seen(knowledge, terminology):
    """What each statement read in all cases together."""
    found = defaultdict(set)
    plain = judging.check

    def check(statement, order, ctx):
        read = set()
        outcome = plain(statement, order, RecordedContext(ctx, read))
        outcome.reason()
        if outcome.finding is not None:
            outcome.finding.put_into_words()
        found[statement.id] |= read
        return outcome

    judging.check = check
    try:
        for case in all_cases():
            issues = evaluate_case(case, knowledge, terminology).issues
            assert [one for one in issues if one.code == "rule-failed"] == []
    finally:
        judging.check = plain
    return found


def test_nothing_is_read_that_the_tables_of_inputs_leave_out(seen, knowledge):
    left_out = {
        name: sorted(more)
        for name, one in knowledge.statements.items()
        if (more := made_from(seen[name]) - made_from(read for read, _ in inputs_of(one, knowledge)))
    }
    assert left_out == {}


def test_no_attribute_is_named_that_no_case_reads(seen, knowledge):
    too_much = {
        name: sorted(more)
        for name, one in knowledge.statements.items()
        if (
            more := (made_from(read for read, _ in inputs_of(one, knowledge)) - made_from(seen[name])) & EXACT
        )
    }
    assert too_much == {}


@pytest.mark.parametrize("derived", MADE_FROM)
def test_derived_facts_are_made_from_what_the_table_says(derived, knowledge, terminology, monkeypatch):
    name = {"kidney-function": "renal_function", "pregnancy": "read_pregnancy"}[derived]
    plain, found = getattr(evaluation, name), set()

    def recorded(patient, *others):
        listed = list(others)
        for place, one in enumerate(listed):
            if type(one).__name__ == "Record":
                listed[place] = Recorded(one, set(), lambda _: "")
                listed[place].of_type = _types(one, found)
            elif isinstance(one, tuple) and one and type(one[0]).__name__ in ("Problem", "Order"):
                found.add({"Problem": "problem-list", "Order": "medication-list"}[type(one[0]).__name__])
        ages = ("age", "youngest", "oldest", "adult", "birth", "age_months", "why_no_age")
        known = dict.fromkeys(ages, "date-of-birth") | PATIENT
        return plain(Recorded(patient, found, known.get), *listed)

    monkeypatch.setattr(evaluation, name, recorded)
    for case in all_cases():
        evaluate_case(case, knowledge, terminology)
    # Weight and height are Observations like results.
    assert found == set(MADE_FROM[derived]) - {"weight"}


def _types(record, found):
    def of_type(*kinds):
        for kind in kinds:
            if kind == "Patient":
                found.add("sex")
            elif kind != "Medication":
                orders = kind.startswith("Medication")
                found.add("medication-list" if orders else TYPES.get(kind, "procedures"))
        return record.of_type(*kinds)

    return of_type


def told_more(record):
    """The record with everything that "not used" is said of: language, orientation, gender identity, circumstances."""
    person = {
        "communication": [
            {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es"}]}, "preferred": True}
        ],
        "maritalStatus": {"text": "divorced"},
    }
    identity = {
        "url": "http://hl7.org/fhir/StructureDefinition/individual-genderIdentity",
        "extension": [{"url": "value", "valueCodeableConcept": {"coding": [{"code": "446141000124107"}]}}],
    }
    observations = [
        {
            "resourceType": "Observation", "id": f"told-{code}", "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2026-06-01",
            "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": value}]},
        }
        for code, value in (("76690-7", "38628009"), ("76691-5", "446141000124107"), ("72166-2", "77176002"))
    ]  # fmt: skip
    social = {
        "resourceType": "Condition", "id": "told-social", "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z59.02"}]},
        "subject": {"reference": "Patient/p1"},
    }  # fmt: skip
    keys = dict(record.keys)
    for name, added in (("results", observations), ("conditions", [social])):
        if name in keys:
            keys[name] = type(keys[name])(name, "given", (*keys[name].resources, *added))
    if "patient" in keys:
        (patient,) = keys["patient"].resources
        patient = patient | person | {"extension": [*patient.get("extension", ()), identity]}
        keys["patient"] = type(keys["patient"])("patient", "given", (patient,))
    return type(record)(patient_id=record.patient_id, keys=keys)


def test_language_orientation_gender_identity_and_social_circumstances_change_no_card(knowledge, terminology):
    for case in all_cases():
        made = make_case(case, terminology)
        cards = [
            [
                card.as_json()
                for card in evaluation.evaluate(
                    case.get("hook", "order-sign"), record, made.drafts, None, now=NOW,
                    policy=Policy(jurisdiction=case.get("jurisdiction", "us")), knowledge=knowledge,
                    terminology=terminology, card_scope=case["name"], acknowledged=made.acknowledged,
                ).cards
            ]
            for record in (made.record, told_more(made.record))
        ]  # fmt: skip
        assert json.dumps(cards[0], default=str) == json.dumps(cards[1], default=str), case["name"]
