"""The FHIR server of the sandbox, as a client sees it."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from hook_requests import NOW

from cds_service.app import create_app
from cds_service.fhir.server_url import below, read_base
from cds_service.sandbox import fhir_endpoint
from cds_service.sandbox.example_requests import prefetched
from cds_service.sandbox.patients import synthetic_patients
from cds_service.sandbox.search import SEARCHES
from cds_service.settings import Settings, SettingsError, read_settings

BASE = "/sandbox/fhir"
LISTED = "https://sandbox.cds-hooks.org"
PATIENTS = synthetic_patients(NOW.date())


@pytest.fixture(scope="module")
def sandbox(engine):
    settings = Settings(
        pages=frozenset({"sandbox"}), cors_origins=frozenset({LISTED}), base_url="http://localhost:8000"
    )
    return create_app(settings, engine, clock=lambda: NOW).test_client()


@pytest.fixture
def waited(monkeypatch):
    """The seconds that the endpoint would have waited."""
    seconds = []
    monkeypatch.setattr(fhir_endpoint, "sleep", seconds.append)
    return seconds


def ids(response):
    return [entry["resource"]["id"] for entry in response.json.get("entry", [])]


def test_the_capability_statement_conforms_and_lists_what_can_be_searched(sandbox):
    response = sandbox.get(f"{BASE}/metadata")
    assert response.content_type == "application/fhir+json"
    assert CapabilityStatement.model_validate(response.json).fhirVersion == "4.0.1"
    (rest,) = response.json["rest"]
    assert [one["type"] for one in rest["resource"]] == list(SEARCHES)


def test_a_resource_is_read_by_its_id_and_a_bundle_conforms(sandbox):
    patient = sandbox.get(f"{BASE}/Patient/kidney-25").json
    assert patient == PATIENTS["kidney-25"].resources[0]
    found = sandbox.get(f"{BASE}/Observation?patient=kidney-25&_sort=-date")
    assert Bundle.model_validate(found.json).total == 4
    assert (
        found.json["entry"][0]["fullUrl"] == "http://localhost/sandbox/fhir/Observation/kidney-25-results-1"
    )


@pytest.mark.parametrize(
    "path",
    [
        "Patient/none",
        "Observation/kidney-25",
        "Nothing/1",
        "Patient/kidney-25/_history",
        "patient/kidney-25",
        ".",
    ],
)
def test_what_is_not_there_is_404_with_an_operation_outcome(sandbox, path):
    response = sandbox.get(f"{BASE}/{path}")
    assert response.status_code == 404
    assert OperationOutcome.model_validate(response.json)
    assert "kidney-25" not in response.text


@pytest.mark.parametrize("name", PATIENTS)
def test_every_prefetch_template_is_answered_as_the_chart_has_it(sandbox, engine, name):
    patient = PATIENTS[name]
    expected = prefetched(engine.fhir.templates, patient.resources, name, None)
    for key, template in engine.fhir.templates.items():
        query = template.replace("{{context.patientId}}", name).replace("{{context.encounterId}}", "none")
        response = sandbox.get(f"{BASE}/{query}")
        if key == "encounter":
            assert response.status_code == 404
        elif key == "patient":
            assert response.json == expected[key]
        else:
            assert response.status_code == 200, response.text
            assert ids(response) == [one["resource"]["id"] for one in expected[key].get("entry", [])]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Patient", len(PATIENTS)),
        ("Patient?_id=warfarin", 1),
        ("Patient?name=synth", len(PATIENTS)),
        ("Patient?name=Kidney-25", 1),
        ("Patient?name=nobody", 0),
        ("Patient?birthdate=1952-06-15", 1),
        ("Practitioner", 1),
        ("Condition?patient=Patient/kidney-25", 2),
        ("Condition?patient=kidney-25&code=http://hl7.org/fhir/sid/icd-10-cm|N18.4", 1),
        ("Condition?patient=kidney-25&code=N18.4", 1),
        ("Condition?patient=kidney-25&code=|N18.4", 0),
        ("Condition?patient=kidney-25&code=http://hl7.org/fhir/sid/icd-10-cm|", 2),
        ("Condition?patient=kidney-25&code=http://loinc.org|N18.4", 0),
        ("Condition?patient=kidney-25&code=N18.4,B02.29", 2),
        ("Condition?patient=kidney-25&code=N18.4&code=B02.29", 0),
        ("Condition?patient=kidney-25&clinical-status=active", 2),
        ("MedicationRequest?patient=warfarin&status=active", 1),
        ("MedicationRequest?patient=warfarin&status=stopped,completed", 0),
        ("MedicationRequest?patient=warfarin&code=855332", 1),
        ("Observation?patient=kidney-25&category=vital-signs", 2),
        ("Observation?patient=none", 0),
        ("Device?patient=implants", 2),
        ("Encounter?patient=kidney-injury", 1),
        ("Observation?patient=kidney-25&_count=0", 0),
        ("Observation?patient=kidney-25&_format=application/fhir%2Bjson", 4),
    ],
)
def test_searches_find_what_they_ask_for(sandbox, query, found):
    response = sandbox.get(f"{BASE}/{query}")
    assert response.status_code == 200, response.text
    assert len(ids(response)) == found


def test_results_are_sorted_by_date(sandbox):
    newest = ids(sandbox.get(f"{BASE}/Observation?patient=kidney-injury&_sort=-date"))
    oldest = ids(sandbox.get(f"{BASE}/Observation?patient=kidney-injury&_sort=date"))
    assert newest[0] == "kidney-injury-results-1"
    assert oldest[-1] == "kidney-injury-results-1"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("Observation?patient=p&date=ge2026-01-01", "date"),
        ("Observation?patient.name=x", "patient.name"),
        ("MedicationRequest?_include=MedicationRequest:medication", "_include"),
        ("Condition?status=active", "status"),
        ("Condition?code:not=x", "code:not"),
        ("Observation?_sort=code", "_sort"),
        ("Observation?_count=many", "_count"),
        ("Observation?_count=-1", "_count"),
        ("Observation?_offset=x", "_offset"),
        ("Observation?_format=xml", "_format"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(sandbox, query, name):
    response = sandbox.get(f"{BASE}/{query}")
    assert response.status_code == 400
    assert OperationOutcome.model_validate(response.json)
    assert response.json["issue"][0]["diagnostics"].startswith(f"{name} ")


def test_no_text_that_was_sent_stands_in_an_error(sandbox):
    for query in ("Observation?Mrs%20Doe=1", "Observation?_sort=Doe", "Observation?_count=Doe", "Doe/1"):
        assert "Doe" not in sandbox.get(f"{BASE}/{query}").text


@pytest.mark.parametrize("switch", ["", "/pages-2"])
def test_pages_are_followed_by_links_below_the_same_base(sandbox, switch):
    base = read_base(f"http://localhost{BASE}{switch}")
    url, found, pages = f"{BASE}{switch}/Patient?_count={5 if not switch else 200}&name=Synthetic", [], 0
    while url:
        response = sandbox.get(url)
        found += ids(response)
        pages += 1
        assert response.json["total"] == len(PATIENTS)
        following = [one["url"] for one in response.json["link"] if one["relation"] == "next"]
        assert not following or below(base, following[0])
        url = following[0].removeprefix("http://localhost") if following else ""
    assert found == list(PATIENTS)
    assert pages == (4 if not switch else 9)


def test_codes_survive_in_the_link_to_the_next_page(sandbox):
    first = sandbox.get(
        f"{BASE}/pages-1/Observation?patient=kidney-25&code=http://loinc.org|2160-0&_sort=-date"
    )
    (following,) = [one["url"] for one in first.json["link"] if one["relation"] == "next"]
    assert "|" not in following
    second = sandbox.get(following.removeprefix("http://localhost"))
    assert (ids(first), ids(second)) == (["kidney-25-results-1"], ["kidney-25-results-2"])


@pytest.mark.parametrize(
    ("switch", "seconds"), [("slow-2000", 2), ("slow-5000", 5), ("slow-60000", 5), ("slow-0", 0)]
)
def test_searches_can_be_slow_for_five_seconds_at_most(sandbox, waited, switch, seconds):
    assert sandbox.get(f"{BASE}/{switch}/Patient/healthy").status_code == 200
    assert waited == []
    assert sandbox.get(f"{BASE}/{switch}/Condition?patient=healthy").json["total"] == 1
    assert waited == [seconds]


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503, 599])
def test_searches_can_fail_while_reads_go_on(sandbox, status):
    response = sandbox.get(f"{BASE}/failing-{status}/Condition?patient=healthy")
    assert response.status_code == status
    assert OperationOutcome.model_validate(response.json)
    assert sandbox.get(f"{BASE}/failing-{status}/Patient/healthy").status_code == 200
    assert sandbox.get(f"{BASE}/failing-{status}/metadata").status_code == 200


@pytest.mark.parametrize(
    "switch", ["failing-200", "failing-399", "failing-600", "slow-x", "slow-123456", "fast-1"]
)
def test_a_switch_that_is_none_is_no_base(sandbox, switch):
    assert sandbox.get(f"{BASE}/{switch}/Patient/healthy").status_code == 404


def test_the_base_of_a_switch_stands_in_its_links(sandbox):
    found = sandbox.get(f"{BASE}/slow-0/Condition?patient=healthy").json
    assert found["entry"][0]["fullUrl"].startswith(f"http://localhost{BASE}/slow-0/Condition/")


def test_beyond_loopback_there_are_no_switches(engine):
    settings = Settings(pages=frozenset({"sandbox"}), host="10.0.0.1", base_url="http://cds.example.org")
    client = create_app(settings, engine, clock=lambda: NOW).test_client()
    own = {"base_url": "http://cds.example.org"}
    assert client.get(f"{BASE}/Patient/healthy", **own).status_code == 200
    assert client.get(f"{BASE}/slow-1/Patient/healthy", **own).status_code == 404


def test_it_is_there_with_the_sandbox_only(client):
    assert client.get(f"{BASE}/metadata").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_it_is_read_only(sandbox, method):
    response = getattr(sandbox, method)(f"{BASE}/Patient/healthy")
    assert response.status_code == 405
    assert "POST" not in response.headers["Allow"]


def test_another_host_name_is_refused(sandbox):
    response = sandbox.get(f"{BASE}/Patient/healthy", base_url="http://evil.example.org")
    assert response.status_code == 421


def test_a_listed_browser_client_may_read_it_from_a_public_page(sandbox):
    asked = {
        "Origin": LISTED,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Private-Network": "true",
    }
    preflight = sandbox.options(f"{BASE}/Patient/healthy", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == LISTED
    assert preflight.headers["Access-Control-Allow-Private-Network"] == "true"
    read = sandbox.get(
        f"{BASE}/Patient/healthy", headers={"Origin": LISTED, "Accept": "application/json+fhir"}
    )
    assert read.headers["Access-Control-Allow-Origin"] == LISTED
    other = sandbox.options(f"{BASE}/Patient/healthy", headers=asked | {"Origin": "https://evil.example.org"})
    assert "Access-Control-Allow-Private-Network" not in other.headers


@pytest.mark.parametrize(
    ("environment", "servers"),
    [
        ({}, ["http://127.0.0.1:8000/sandbox/fhir/*", "http://localhost:8000/sandbox/fhir/*"]),
        ({"CDS_PORT": "8123", "CDS_HOST": "localhost"}, ["http://localhost:8123/sandbox/fhir/*"]),
        ({"CDS_HOST": "::1"}, ["http://[::1]:8000/sandbox/fhir/*", "http://localhost:8000/sandbox/fhir/*"]),
        ({"CDS_PAGES": "knowledge"}, []),
        ({"CDS_HOST": "unix:/run/cds.sock"}, []),
        ({"CDS_HOST": "10.0.0.1"}, []),
        (
            {"CDS_FHIR_SERVERS": "https://ehr.example.org/fhir", "CDS_HOST": "localhost"},
            ["https://ehr.example.org/fhir", "http://localhost:8000/sandbox/fhir/*"],
        ),
    ],
)
def test_it_may_be_asked_by_the_service_itself_on_loopback(monkeypatch, environment, servers):
    for name in ("CDS_HOST", "CDS_PORT", "CDS_PAGES", "CDS_FHIR_SERVERS", "CDS_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert [str(one) for one in read_settings().fhir_servers] == servers


def test_the_sandbox_beyond_loopback_needs_the_admin_token(monkeypatch):
    monkeypatch.setenv("CDS_HOST", "10.0.0.1")
    monkeypatch.setenv("CDS_PAGES", "sandbox")
    with pytest.raises(SettingsError, match="CDS_ADMIN_TOKEN_FILE"):
        read_settings()


def test_patients_are_of_the_sites_day(engine):
    late = NOW.replace(hour=23, tzinfo=UTC)
    settings = Settings(pages=frozenset({"sandbox"}), zone=ZoneInfo("Asia/Tokyo"))
    client = create_app(settings, engine, clock=lambda: late).test_client()
    assert client.get(f"{BASE}/Patient/kidney-25").json["birthDate"] == "1952-06-16"


@pytest.mark.parametrize(
    ("environment", "threads"),
    [
        ({}, 16),
        ({"CDS_THREADS": "24"}, 24),
        ({"CDS_PAGES": "knowledge"}, 4),
        ({"CDS_PAGES": "knowledge", "CDS_THREADS": "8"}, 8),
    ],
)
def test_with_the_sandbox_there_are_threads_for_calls_of_itself(environment, threads, monkeypatch):
    for name in ("CDS_HOST", "CDS_PAGES", "CDS_THREADS", "CDS_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert read_settings().threads == threads
