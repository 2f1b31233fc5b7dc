"""What fails in the evaluation itself costs only what depends on it, and a card says so."""

from importlib import import_module

import pytest
from chart import not_checked
from hook_requests import NOW, SIGN, VIEW, bundle, draft_of, plain, request_named

from cards import judging
from cards.facts import drug_meaning
from cds_service.app import create_app

SECRET = "Erika Mustermann"


def refuse(*_, **__):
    raise RuntimeError(SECRET)


def statements_about(client, body):
    """Ids of all statements that are judged for the plain request."""
    seen = []
    real = judging.check

    def noting(statement, order, ctx):
        seen.append(statement.id)
        return real(statement, order, ctx)

    judging.check = noting
    try:
        client.post(SIGN, json=body)
    finally:
        judging.check = real
    return list(dict.fromkeys(seen))


def test_each_rule_that_fails_is_named_and_the_other_advice_comes(client, engine, monkeypatch):
    body = plain(medications=bundle(opioid()))
    real = judging.check
    concerned = statements_about(client, body)
    assert len(concerned) > 10
    for name in concerned:

        def failing(one, order, ctx, name=name):
            return refuse() if one.id == name else real(one, order, ctx)

        monkeypatch.setattr(judging, "check", failing)
        response = client.post(SIGN, json=body)
        assert response.status_code == 200
        assert engine.knowledge.statements[name].title in not_checked(response).replace("\\", "")
        assert len(response.json["cards"]) > 1
        assert SECRET not in response.text


def test_when_every_rule_fails_nothing_passes_for_an_all_clear(client, monkeypatch):
    monkeypatch.setattr(judging, "check", refuse)
    response = client.post(SIGN, json=plain())
    assert response.status_code == 200
    (card,) = response.json["cards"]
    assert card["indicator"] == "warning"
    assert "could not be completed" in card["detail"]


def opioid():
    return {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "oxycodone 10 mg tablet"},
    }


READERS = [
    ("cards.facts.drug_meaning", "named_drug"),
    ("cards.facts.drug_meaning", "read_dose"),
    ("cards.facts.lab_reading", "quantity_of"),
]


@pytest.mark.parametrize(("module", "name"), READERS)
def test_a_reader_that_fails_on_one_resource_costs_that_resource_only(client, monkeypatch, module, name):
    """The fault is bound to a mark in one listed resource, as a bug would be to some odd shape."""
    place = import_module(module)
    real = getattr(place, name)

    def failing(*arguments, **named):
        if "MARK" in repr(arguments):
            refuse()
        return real(*arguments, **named)

    monkeypatch.setattr(place, name, failing)
    odd = opioid() | {"id": "m2", "dosageInstruction": [{"text": "MARK"}]}
    body = plain(medications=bundle(opioid(), odd))
    result = body["prefetch"]["kidney"]["entry"][0]["resource"]
    marked = result | {"id": "k2", "valueQuantity": {"value": 1, "unit": "MARK"}}
    body["prefetch"]["kidney"]["entry"].append({"resource": marked})
    response = client.post(SIGN, json=body)
    assert response.status_code == 200
    assert "3600" in response.json["cards"][0]["summary"]
    assert "could not be read (RuntimeError)" in not_checked(response)
    assert SECRET not in response.text


def test_a_draft_that_fails_costs_that_draft_only(client, monkeypatch):
    real = drug_meaning.named_drug

    def failing(resource, known):
        return refuse() if "MARK" in repr(resource) else real(resource, known)

    monkeypatch.setattr(drug_meaning, "named_drug", failing)
    body = plain()
    odd = draft_of(body) | {"id": "odd", "dosageInstruction": [{"text": "MARK"}]}
    body["context"]["draftOrders"]["entry"].append({"resource": odd})
    response = client.post(SIGN, json=body)
    assert "3600" in response.json["cards"][0]["summary"]
    assert "a MedicationRequest could not be read" in not_checked(response)


def test_a_fault_that_no_resource_is_to_blame_for_is_a_fault_and_no_empty_answer(
    settings, engine, monkeypatch
):
    monkeypatch.setattr("cards.evaluate.renal_function", refuse)
    client = create_app(settings, engine, clock=lambda: NOW).test_client()
    for path, body in ((SIGN, plain()), (VIEW, request_named("patient-view"))):
        response = client.post(path, json=body)
        assert response.status_code == 500
        assert response.json["resourceType"] == "OperationOutcome"
        assert SECRET not in response.text
