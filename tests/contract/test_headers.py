import pytest
from hook_requests import SIGN, plain

from cds_service.app import create_app
from cds_service.settings import Settings

LISTED = "https://ehr.example.org"


@pytest.mark.parametrize("path", ["/cds-services", "/healthz", "/knowledge", "/metrics", "/nowhere"])
def test_every_answer_is_protected_against_sniffing_framing_and_caching(client, path):
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Request-Id"]


def test_errors_carry_the_headers_too(client):
    headers = client.post(SIGN, data=b"{", content_type="application/json").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("path", "method"), [("/cds-services", "GET"), (SIGN, "POST")])
def test_a_preflight_of_a_listed_origin_is_answered_without_a_token(client, path, method):
    asked = {"Origin": LISTED, "Access-Control-Request-Method": method}
    response = client.options(path, headers=asked)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == LISTED
    assert method in response.headers["Access-Control-Allow-Methods"]
    assert response.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"


@pytest.mark.parametrize("status", [200, 400, 404, 412])
def test_cors_headers_stand_on_successes_and_errors(client, status):
    body = plain()
    if status == 400:
        del body["hook"]
    if status == 412:
        del body["prefetch"]
    path = "/cds-services/none" if status == 404 else SIGN
    response = client.post(path, json=body, headers={"Origin": LISTED})
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == LISTED
    assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example.org", "null", "https://ehr.example.org.evil.org", "*", ""]
)
def test_an_origin_that_is_not_listed_gets_no_permission(client, origin):
    for response in (
        client.get("/cds-services", headers={"Origin": origin}),
        client.options(SIGN, headers={"Origin": origin}),
    ):
        assert "Access-Control-Allow-Origin" not in response.headers


def test_no_origin_is_listed_by_default(engine):
    client = create_app(Settings(), engine).test_client()
    for origin in ("https://sandbox.cds-hooks.org", "http://localhost:8080"):
        assert (
            "Access-Control-Allow-Origin"
            not in client.get("/cds-services", headers={"Origin": origin}).headers
        )
