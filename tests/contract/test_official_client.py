"""The public CDS Hooks Sandbox as the client: the calls its browser makes, in the shapes it makes them.

Read from its published source: it asks the FHIR server for each prefetch template, leaves out what failed,
signs a token with its own key, and sends an order whose `category` and `reasonCode` are objects.
"""

from urllib.parse import quote

import pytest
from hook_requests import NOW, SELECT, SIGN, VIEW
from make_tokens import bearer, claims, jwk, jwks, private_key, signed, write_clients

from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.store.settings import prepare, store_settings

ORIGIN = "https://sandbox.cds-hooks.org"
KID = "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f"
JKU = f"{ORIGIN}/.well-known/jwks.json"
OWN = "http://localhost:8000"
FHIR = "/sandbox/fhir"
USER = "Practitioner/synthetic-prescriber"


@pytest.fixture(scope="module")
def sandbox(engine, tmp_path_factory):
    """The service on loopback as the documentation starts it: the client listed, its origin allowed."""
    folder = tmp_path_factory.mktemp("clients")
    keys = jwks(jwk(private_key(), KID, use="sig", alg="ES384"))
    entry = {"name": "cds-hooks-sandbox", "iss": ORIGIN, "jwks_file": "keys.json", "jku": JKU}
    settings = Settings(
        pages=frozenset({"sandbox", "knowledge"}),
        base_url=OWN,
        cors_origins=frozenset({ORIGIN}),
        clients_file=write_clients(folder, entry, keys=keys),
        auth_required=True,
        database_url=f"sqlite:///{folder}/store.sqlite",
        hash_key_file=None,
    )
    prepare(store_settings(settings))
    app = create_app(settings, engine, clock=lambda: NOW)
    yield app.test_client()
    app.extensions["cds_worker"].get().close()


def headers_for(path):
    """What the page sends with a call: a fresh token for exactly this URL, and its origin."""
    claimed = claims(
        NOW.timestamp(), path, iss=ORIGIN, aud=OWN + path, sub="48163c5e-88b5-4cb3-92d3-23b800caa927"
    )
    token = signed(claimed, kid=KID, jku=JKU)
    return bearer(token) | {
        "Origin": ORIGIN,
        "Accept": "application/json",
        "Content-Type": "application/json",
    }


def prefetched(client, patient_id):
    """What the page has asked of the FHIR server; a key whose query failed is simply not there."""
    services = client.get("/cds-services", headers=headers_for("/cds-services")).json["services"]
    found = {}
    for key, template in services[0]["prefetch"].items():
        filled = template.replace("{{context.patientId}}", patient_id)
        path, asks, query = filled.partition("?")
        if "{{" in path:
            continue
        parts = [part.partition("=") for part in query.split("&")] if asks else []
        escaped = "&".join(f"{name}={quote(value, safe='')}" for name, _, value in parts)
        response = client.get(
            f"{FHIR}/{path}{asks}{escaped}", headers={"Accept": "application/json+fhir", "Origin": ORIGIN}
        )
        if response.status_code == 200:
            found[key] = response.json
    return found


def request(client, hook, patient_id, **context):
    return {
        "hookInstance": "0c9f4d84-6b3f-4f0c-a1dd-6a0fd0a7f3a5",
        "hook": hook,
        "fhirServer": f"{OWN}{FHIR}",
        "context": {"patientId": patient_id, "userId": USER, **context},
        "prefetch": prefetched(client, patient_id),
    }


def order(patient_id, code=None, name=None, pills=1, times=1, **more):
    """The one order of its form: without a drug at first, and with a count of pills for a dose."""
    made = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "subject": {"reference": f"Patient/{patient_id}"},
        "authoredOn": NOW.date().isoformat(),
    }
    if code is None:
        return made | more
    quantity = {"value": pills, "system": "http://unitsofmeasure.org", "code": "{pill}"}
    repeat = {
        "frequency": times,
        "period": 1,
        "periodUnit": "d",
        "boundsPeriod": {"start": NOW.date().isoformat()},
    }
    supply = {"value": 30, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}
    category = {
        "system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category",
        "code": "community",
    }
    coding = {"display": name, "system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code}
    return (
        made
        | {
            "dosageInstruction": [
                {"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": quantity}]}
            ],
            "dispenseRequest": {"expectedSupplyDuration": supply},
            "intent": "order",
            "category": {"coding": [category]},
            "medicationCodeableConcept": {"text": name, "coding": [coding]},
        }
        | more
    )


def ordered(client, path, hook, patient_id, draft):
    """The answer to the draft, which its page sends in a Bundle without a type."""
    context = {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]}}
    if hook == "order-select":
        context["selections"] = [f"{draft['resourceType']}/{draft['id']}"]
    return client.post(path, json=request(client, hook, patient_id, **context), headers=headers_for(path))


NAPROXEN = ("198014", "naproxen 500 MG Oral Tablet")
GABAPENTIN = ("310434", "gabapentin 800 MG Oral Tablet")


@pytest.mark.parametrize(
    ("path", "method", "sent"),
    [
        ("/cds-services", "GET", "authorization"),
        (SELECT, "POST", "authorization,content-type"),
        (SIGN, "POST", "authorization,content-type"),
        (VIEW, "POST", "authorization,content-type"),
        (f"{SIGN}/feedback", "POST", "authorization,content-type"),
        (f"{FHIR}/metadata", "GET", ""),
    ],
)
def test_a_public_page_may_call_a_service_of_this_machine(sandbox, path, method, sent):
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": sent,
        "Access-Control-Request-Private-Network": "true",
    }
    response = sandbox.options(path, headers=asked)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Private-Network"] == "true"
    assert method in response.headers["Access-Control-Allow-Methods"]
    allowed = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert set(filter(None, sent.split(","))) <= set(allowed)


def test_without_the_private_network_question_there_is_no_such_answer(sandbox):
    response = sandbox.options(SIGN, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Private-Network" not in response.headers


def test_it_finds_the_services_and_keeps_them_apart_by_url(sandbox):
    response = sandbox.get("/cds-services", headers=headers_for("/cds-services"))
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    services = response.json["services"]
    by_hook = {one["hook"]: one["id"] for one in services}
    assert {"order-select", "order-sign", "patient-view"} <= set(by_hook)
    assert len({one["id"] for one in services}) == len(services)


def test_it_connects_to_the_fhir_server_and_lists_patients_and_prescribers(sandbox):
    for path in ("metadata", "Patient", "Practitioner", "Patient/warfarin"):
        response = sandbox.get(
            f"{FHIR}/{path}", headers={"Accept": "application/json+fhir", "Origin": ORIGIN}
        )
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    listed = sandbox.get(f"{FHIR}/Patient").json
    assert listed["total"] > 0
    for entry in listed["entry"]:  # it joins the given names and shows the family name and the birth date
        (name,) = entry["resource"]["name"]
        assert " ".join(name["given"])
        assert name["family"]
        assert entry["resource"]["birthDate"]


def test_every_key_but_the_encounter_is_prefetched(sandbox, engine):
    assert set(prefetched(sandbox, "warfarin")) == set(engine.fhir.templates) - {"encounter"}


def test_a_search_that_it_posts_is_refused_readably_so_that_it_asks_with_get(sandbox):
    form = {"Origin": ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    response = sandbox.post(f"{FHIR}/Condition/_search", data="patient=warfarin", headers=form)
    assert response.status_code == 405
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_before_a_drug_is_picked_there_is_no_card(sandbox):
    response = ordered(sandbox, SELECT, "order-select", "warfarin", order("warfarin"))
    assert response.status_code == 200
    assert response.json == {"cards": []}


@pytest.mark.parametrize(("path", "hook"), [(SELECT, "order-select"), (SIGN, "order-sign")])
def test_an_interaction_is_told_when_the_drug_is_picked_and_when_it_is_signed(sandbox, path, hook):
    reason = {"coding": [{"system": "http://snomed.info/sct", "code": "22298006"}], "text": "Pain"}
    response = ordered(sandbox, path, hook, "warfarin", order("warfarin", *NAPROXEN, reasonCode=reason))
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    (card,) = response.json["cards"]
    assert card["indicator"] == "critical"
    assert "Naproxen with warfarin" in card["summary"]
    assert card["uuid"]
    assert card["source"]["label"]
    assert all(reason["display"] for reason in card["overrideReasons"])


def test_a_count_of_pills_is_a_dose(sandbox):
    draft = order("kidney-25", *GABAPENTIN, pills=1, times=3)
    (card,) = ordered(sandbox, SIGN, "order-sign", "kidney-25", draft).json["cards"]
    assert "2400 mg/day" in card["summary"]
    assert "CrCl 25" in card["summary"]


@pytest.mark.parametrize("patient_id", ["warfarin", "apixaban", "pregnant-32-weeks"])
def test_a_replacement_comes_before_the_removal_since_it_applies_the_first_action_alone(sandbox, patient_id):
    drugs = {"apixaban": ("308979", "carbamazepine 200 MG Oral Tablet")}
    draft = order(patient_id, *drugs.get(patient_id, NAPROXEN))
    cards = ordered(sandbox, SIGN, "order-sign", patient_id, draft).json["cards"]
    replacing = [
        one
        for card in cards
        for one in card["suggestions"]
        if {"create", "delete"} <= {a["type"] for a in one["actions"]}
    ]
    assert replacing
    for suggestion in replacing:
        first = suggestion["actions"][0]
        assert first["type"] == "create"
        assert first["resource"]["medicationCodeableConcept"]["text"]


def test_the_chart_is_looked_at_when_it_is_opened(sandbox):
    body = request(sandbox, "patient-view", "messy-chart")
    response = sandbox.post(VIEW, json=body, headers=headers_for(VIEW))
    assert response.status_code == 200
    assert all("suggestions" not in card for card in response.json["cards"])
    assert response.json["cards"]


def test_an_order_of_its_older_form_is_read(sandbox):
    """With a DSTU2 server it sends a MedicationOrder, and the dose beside the instruction."""
    old = {
        "resourceType": "MedicationOrder",
        "id": "order-123",
        "status": "draft",
        "patient": {"reference": "Patient/warfarin"},
        "dateWritten": NOW.date().isoformat(),
        "dosageInstruction": [
            {
                "doseQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"},
                "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnits": "d"}},
            }
        ],
        "medicationCodeableConcept": order("warfarin", *NAPROXEN)["medicationCodeableConcept"],
    }
    (card,) = ordered(sandbox, SIGN, "order-sign", "warfarin", old).json["cards"]
    assert "Naproxen with warfarin" in card["summary"]


def test_an_override_and_an_acceptance_are_taken_as_it_reports_them(sandbox):
    draft = order("warfarin", *NAPROXEN)
    (card,) = ordered(sandbox, SIGN, "order-sign", "warfarin", draft).json["cards"]
    reason = {"code": card["overrideReasons"][0]["code"], "system": card["overrideReasons"][0]["system"]}
    at = "2026-06-15T12:00:01.123Z"
    overridden = {
        "card": card["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": reason},
        "outcomeTimestamp": at,
    }
    accepted = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": at,
    }
    path = f"{SIGN}/feedback"
    for entry in (overridden, accepted):
        response = sandbox.post(path, json={"feedback": [entry]}, headers=headers_for(path))
        assert response.status_code == 200, response.text
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_token_of_its_published_key_is_refused_where_it_is_not_listed(sandbox):
    headers = headers_for(SIGN)
    stranger = claims(NOW.timestamp(), SIGN, iss="https://other.example.org", aud=OWN + SIGN)
    headers |= bearer(signed(stranger, kid=KID))
    response = sandbox.post(SIGN, json={}, headers=headers)
    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
