"""One evaluation from a few resources, dated relative to make_fhir.NOW."""

from datetime import UTC

from make_fhir import NOW, patient

from cards.evaluate import evaluate
from cards.facts.record import KeyResult, Record
from cards.policy import Policy
from terminology.coding import RXNORM, UCUM

MG = {"unit": "mg", "system": UCUM, "code": "mg"}


def drug(name, mg=None, times=None, *, status="draft", identifier="d1", subject="p1", **more):
    """A MedicationRequest of `mg` so many times a day; the drug by its text."""
    made = {
        "resourceType": "MedicationRequest",
        "id": identifier,
        "status": status,
        "intent": "order",
        "subject": {"reference": f"Patient/{subject}"},
        "medicationCodeableConcept": {"text": name},
    }
    if mg is not None:
        dosage = {"doseAndRate": [{"doseQuantity": {"value": mg, **MG}}]}
        if times is not None:
            dosage["timing"] = {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}}
        made["dosageInstruction"] = [dosage]
    return made | more


def rxnorm(code, text=""):
    return {"coding": [{"system": RXNORM, "code": code}], **({"text": text} if text else {})}


def record(**keys):
    """A record in which every key not named was supplied empty; a KeyResult stands as it is."""
    given = {"patient": [patient()], "conditions": [], "kidney": [], "body": [], "medications": []} | keys
    return Record(
        patient_id="p1",
        keys={
            key: value if isinstance(value, KeyResult) else KeyResult(key, "given", tuple(value))
            for key, value in given.items()
        },
    )


def run(
    engine,
    *drafts,
    hook="order-sign",
    selections=None,
    policy=None,
    acknowledged=(),
    scope="s",
    now=NOW,
    **keys,
):
    """The evaluation; `engine` is (knowledge, terminology)."""
    knowledge, terminology = engine
    return evaluate(
        hook,
        record(**keys),
        drafts,
        selections,
        now=now,
        policy=policy or Policy(zone=UTC),
        knowledge=knowledge,
        terminology=terminology,
        card_scope=scope,
        acknowledged=acknowledged,
    )


def spoken(evaluation):
    """Statement -> severity of all findings."""
    return {
        one.statement.id: one.outcome.finding.severity.name
        for one in evaluation.judged
        if one.outcome.finding is not None
    }
