"""The connections to a FHIR server: the pool, what is sent with them, and what is written about them."""

import gzip
import json
import socket
import ssl
from datetime import UTC, datetime, timedelta

import fhir_server as faults
import pytest
from address_spellings import OTHER_SPELLINGS
from chart import asking, data_cards, listed, not_checked
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fhir_app import ROWS, SHORT, app_of, failing, prefetched
from hook_requests import SIGN, VIEW, bundle, draft_of, topics

from cds_service.fhir.allow_list import read_allow_list
from cds_service.fhir.failures import words_of

pytestmark = pytest.mark.enable_socket


def test_a_full_pool_fetches_nothing_more_and_says_so(engine, settings, server):
    client = app_of(engine, settings, fetch_threads=1, max_fetches=3).test_client()
    response = client.post(SIGN, json=asking(server))
    assert response.status_code == 200
    assert words_of("busy") in not_checked(response)
    again = client.post(SIGN, json=asking(server))
    # A place may come free while the rest is still being handed over.
    assert 6 <= len(server.asked) < 2 * len(ROWS)
    assert again.status_code == 200


def test_after_slow_answers_the_pool_serves_the_next_request(engine, settings, server):
    client = app_of(engine, settings, fetch_threads=2, max_fetches=2, time_budget_ms=SHORT).test_client()
    sent = prefetched(server, engine)
    for key in ("conditions", "kidney"):
        del sent[key]
    for fault in (faults.silence, faults.drip_body, faults.drip_headers):
        server.faults["*"] = fault
        assert "could not be read" in not_checked(client.post(SIGN, json=asking(server, **sent)))
    server.faults.clear()
    # The threads let go of their places a moment after they are ended.
    answers = (client.post(SIGN, json=asking(server, **sent)) for _ in range(200))
    assert any(data_cards(one) == [] for one in answers)


@pytest.mark.parametrize(
    "fault", [faults.status(401), faults.truncated, faults.body(b"<html>"), faults.status(302)]
)
def test_neither_urls_nor_ids_nor_tokens_reach_logs_or_metrics(calm, server, capfd, caplog, fault):
    caplog.set_level(0)
    server.faults["*"] = fault
    patient = next(one for one in server.store if one["resourceType"] == "Patient")
    response = calm.post(SIGN, json=asking(server, patient=patient))
    captured = capfd.readouterr()
    written = captured.out + captured.err + caplog.text + calm.get("/metrics").text + not_checked(response)
    assert "fetch-failed" in captured.out
    for secret in ("token-of-this-call", "Patient/p1", "127.0.0.1", "patient=p1"):
        assert secret not in written


def test_metrics_count_each_fetch_by_key_and_outcome(calm, server):
    server.faults["Condition"] = faults.status(403)
    calm.post(SIGN, json=asking(server))
    text = calm.get("/metrics").text
    assert 'cds_fetches_total{key="conditions",outcome="forbidden"}' in text
    assert 'cds_fetches_total{key="kidney",outcome="ok"}' in text
    assert 'cds_fetch_seconds_count{key="kidney"}' in text


def test_a_cookie_of_the_server_is_not_sent_back(calm, server):
    sent = []

    def cookie(handler):
        sent.append(handler.headers.get("Cookie"))
        faults.send(handler, bundle(), Set_Cookie="session=abc; Path=/")

    server.faults["Condition"] = cookie
    for _ in range(2):
        calm.post(SIGN, json=asking(server))
    assert sent == [None, None]


def test_the_environment_names_no_proxy_and_no_credentials(calm, server, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    for name, value in (("http_proxy", "http://127.0.0.1:1"), ("HTTP_PROXY", "http://127.0.0.1:1"),
                        ("NETRC", str(tmp_path / ".netrc")), ("REQUESTS_CA_BUNDLE", "/none")):  # fmt: skip
        monkeypatch.setenv(name, value)
    response = calm.post(SIGN, json=asking(server))
    assert data_cards(response) == []
    assert server.tokens == {"Bearer token-of-this-call"}


def test_a_gzipped_answer_is_read(calm, server, engine):
    content = json.dumps(prefetched(server, engine)["medications"]).encode()
    fault = faults.body(gzip.compress(content), Content_Encoding="gzip")
    response = failing(calm, server, "medications", engine, fault)
    assert "opioid" in response.text.lower()
    assert data_cards(response) == []


def test_patient_view_fetches_too(calm, server):
    dosage = draft_of(asking(server))["dosageInstruction"]
    server.store.append(listed("g1", "active", "gabapentin 600 mg tablet", dosageInstruction=dosage))
    body = asking(server) | {"hook": "patient-view"}
    del body["context"]["draftOrders"]
    response = calm.post(VIEW, json=body)
    assert response.status_code == 200
    assert "data" not in topics(response)
    assert server.asked


@pytest.fixture
def listener():
    """A socket that listens on all addresses of this machine that the spellings could mean, and its port."""
    with socket.socket(socket.AF_INET6) as waiting:
        waiting.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        waiting.bind(("::", 0))
        waiting.listen()
        waiting.setblocking(False)
        yield waiting


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", *OTHER_SPELLINGS])
def test_a_server_that_is_not_listed_is_not_connected_to_in_any_spelling(
    engine, settings, server, listener, host
):
    port = listener.getsockname()[1]
    servers = read_allow_list([server.base, "https://fhir.hospital.example/fhir"], plain_http=False)
    client = app_of(engine, settings, fhir_servers=servers).test_client()
    patient = prefetched(server, engine)["patient"]
    for scheme in ("http", "https"):
        for path in ("/fhir", "", "/fhir/../fhir", "/%66hir"):
            body = asking(f"{scheme}://{host}:{port}{path}", patient=patient)
            response = client.post(SIGN, json=body)
            assert words_of("not-allowed") in not_checked(response)
    with pytest.raises(BlockingIOError):
        listener.accept()


LEADING = [
    "127.0.0.1", "127.8.9.1", "169.254.169.254", "169.254.0.1", "0.0.0.0", "::1", "::", "fe80::1", "::ffff:127.0.0.1",  # noqa: S104
    "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", LEADING)
def test_a_listed_name_that_leads_to_this_machine_or_to_metadata_is_not_connected_to(
    engine, settings, server, listener, monkeypatch, address
):
    port = listener.getsockname()[1]
    asked = []

    def resolved(host, *_, **__):
        asked.append(host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    servers = read_allow_list(["http://fhir.hospital.example:*/fhir"], plain_http=True)
    client = app_of(engine, settings, fhir_servers=servers).test_client()
    patient = prefetched(server, engine)["patient"]
    monkeypatch.setattr("cds_service.fhir.addresses.socket.getaddrinfo", resolved)
    response = client.post(SIGN, json=asking(f"http://fhir.hospital.example:{port}/fhir", patient=patient))
    assert words_of("not-allowed") in not_checked(response)
    assert set(asked) == {"fhir.hospital.example"}
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_listed_server_is_connected_to_at_the_listening_socket(engine, settings, listener):
    port = listener.getsockname()[1]
    servers = read_allow_list([f"http://127.0.0.1:{port}/fhir"], plain_http=False)
    client = app_of(engine, settings, fhir_servers=servers, time_budget_ms=SHORT).test_client()
    assert client.post(SIGN, json=asking(f"http://127.0.0.1:{port}/fhir")).status_code == 412
    listener.accept()[0].close()


def test_without_a_list_of_servers_nothing_is_connected_to_and_gaps_stay_gaps(engine, settings, server):
    client = app_of(engine, settings, fhir_servers=()).test_client()
    patient = prefetched(server, engine)["patient"]
    response = client.post(SIGN, json=asking(server, patient=patient))
    assert "could not be read" not in response.text
    assert server.asked == []


@pytest.fixture
def certified(tmp_path):
    """A certificate of localhost that signs itself, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(*form))
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return tmp_path


@pytest.mark.parametrize("trusted", [True, False])
def test_a_server_is_trusted_by_the_authorities_of_the_setting_only(
    engine, settings, server, certified, trusted
):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certified / "cert.pem", certified / "key.pem")
    server.http.socket = tls.wrap_socket(server.http.socket, server_side=True)
    base = server.base.replace("http://127.0.0.1", "https://localhost")
    changed = {"fhir_servers": read_allow_list([base], plain_http=False)}
    if trusted:
        changed["fhir_ca_file"] = str(certified / "cert.pem")
    client = app_of(engine, settings, **changed).test_client()
    patient = next(one for one in server.store if one["resourceType"] == "Patient")
    response = client.post(SIGN, json=asking(base, patient=patient))
    if trusted:
        assert data_cards(response) == []
    else:
        assert words_of("unreachable") in not_checked(response)
        assert server.asked == []
