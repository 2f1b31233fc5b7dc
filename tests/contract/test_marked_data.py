"""A request whose every text is marked, failed in every way: no mark in logs, metrics, error bodies or the store."""

import json
from contextlib import contextmanager, suppress
from copy import deepcopy

import fhir_server as faults
import pytest
from chart import chart
from fhir_server import fhir_server
from hook_requests import NOW, SIGN, VIEW, outcome, plain
from make_tokens import ISS, bearer, claims, jwk, private_key, signed, write_clients
from sqlalchemy import select

from cds_service.store.tables import feedback, metadata

pytestmark = pytest.mark.enable_socket

MARK = "Zq7mark"
FEEDBACK = SIGN + "/feedback"
# The texts that the evaluation needs as they are.
_KEPT = {
    "resourceType",
    "system",
    "code",
    "unit",
    "status",
    "intent",
    "birthDate",
    "gender",
    "use",
    "reference",
}


def marked(value, name=""):
    """The value with the mark in every text that is not a code, and in members that nobody expects."""
    if isinstance(value, dict):
        made = {key: marked(item, key) for key, item in value.items()}
        if "resourceType" in made:
            made |= {
                f"{MARK}-member": MARK,
                "extension": [{"url": f"http://x/{MARK}", "valueString": f"{MARK} secret"}],
                "text": {"status": "generated", "div": f"<div>{MARK}</div>"},
                "identifier": [{"system": "urn:mrn", "value": f"{MARK}-mrn"}],
            }
        return made
    if isinstance(value, list):
        return [marked(item, name) for item in value]
    if name == "id":
        return f"{MARK}-{value}"
    if name == "text" and isinstance(value, str):
        return f"{value} {MARK}"
    return value


def request(**prefetch):
    """The plain request with the mark in ids, names, notes, and wherever a client may write."""
    who = f"{MARK}-p1"
    body = json.loads(json.dumps(plain(**prefetch)).replace('"p1"', f'"{who}"'))
    body["prefetch"] = json.loads(
        json.dumps(marked(body["prefetch"]))
        .replace("Patient/p1", f"Patient/{who}")
        .replace(f"{MARK}-{who}", who)
    )
    drafts = marked(body["context"]["draftOrders"])
    body["context"]["draftOrders"] = json.loads(json.dumps(drafts).replace("Patient/p1", f"Patient/{who}"))
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    order["note"] = [{"text": MARK}]
    order["requester"] = {"reference": f"Practitioner/{MARK}", "display": MARK}
    body["prefetch"]["patient"] |= {
        "name": [{"family": MARK, "given": [MARK]}],
        "telecom": [{"value": MARK}],
        "address": [{"line": [MARK], "city": MARK}],
    }
    body["hookInstance"] = f"{MARK}-instance"
    body["context"] |= {"userId": f"Practitioner/{MARK}-user", "encounterId": f"{MARK}-encounter"}
    body[f"{MARK}-member"] = {MARK: MARK}
    return body


class Marked:
    """The service under test, what it wrote, and the answers that may hold no mark."""

    def __init__(self, app, server):
        self.app, self.server, self.store = app, server, app.extensions["cds_worker"].get().store
        self.written = []
        self.calls = 0

    def token(self, path, **more):
        self.calls += 1
        made = {"jti": f"{MARK}-{self.calls}", "sub": MARK, "tenant": MARK, MARK: MARK} | more
        return bearer(signed(claims(NOW.timestamp(), path, **made)))

    def post(self, body, path=SIGN, *, headers=None, **more):
        sent = {"data": body} if isinstance(body, bytes | str) else {"json": body}
        marks = {"X-Request-Id": MARK, "Referer": f"http://x/{MARK}", "User-Agent": MARK, "Cookie": MARK}
        response = self.app.test_client().post(
            f"{path}?patient={MARK}",
            **({"content_type": "application/json"} | sent | more),
            headers=marks | (self.token(path) if headers is None else headers),
        )
        self.written.append(str(response.headers))
        if response.status_code != 200:
            self.written.append(response.text)
        return response

    def with_server(self, body):
        """The request without its prefetch, and with a server that answers, or fails, with marks."""
        who = body["context"]["patientId"]
        access = {"access_token": f"{MARK}-token", "token_type": "Bearer", "patient": who, "scope": MARK}
        kept = {"patient": body["prefetch"]["patient"]}
        return body | {"prefetch": kept, "fhirServer": self.server.base, "fhirAuthorization": access}


def refusals(service):
    body = request()
    written = json.dumps(body)
    for odd, status in (
        (written[:-9], 400),
        (written + MARK, 400),
        (json.dumps([body]), 400),
        (body | {"hook": MARK}, 400),
        (body | {"hookInstance": {MARK: MARK}}, 400),
        (body | {"context": MARK}, 400),
        (body | {"context": body["context"] | {"patientId": [MARK]}}, 400),
        (body | {"context": body["context"] | {"draftOrders": MARK}}, 400),
        (body | {"prefetch": MARK}, 400),
        (body | {"prefetch": {}}, 412),
        (body | {"prefetch": {"patient": outcome("error") | {"id": MARK}}}, 412),
        (body | {"fhirAuthorization": {"patient": f"{MARK}-other", "access_token": MARK}}, 400),
        ('{"a":' * 300 + f'"{MARK}"' + "}" * 300, 400),
        (body | {"more": MARK * 40_000}, 413),
        (body | {"prefetch": {MARK: {"entry": [{"resource": {"resourceType": "Basic"}}] * 60}}}, 413),
    ):
        assert service.post(odd).status_code == status, str(odd)[:80]
    assert service.post(body, f"/cds-services/{MARK}").status_code == 404
    assert service.post(body, f"/{MARK}").status_code == 404
    assert service.post(body, content_type=f"text/{MARK}").status_code == 415
    assert service.post(body, content_type=f"application/json; charset={MARK}").status_code == 415


def odd_prefetch(service):
    spoken = outcome("error", MARK)
    spoken["issue"][0] |= {"diagnostics": MARK, "details": {"text": MARK}, "expression": [MARK]}
    for odd in (spoken, MARK, {MARK: MARK}, {"resourceType": MARK}, {"response": {"status": f"500 {MARK}"}}):
        body = request()
        body["prefetch"] |= {"conditions": odd, MARK: odd}
        assert service.post(body).status_code == 200
    body = request()
    body["context"]["draftOrders"]["entry"] += [MARK, {"resource": {"resourceType": MARK, "id": MARK}}]
    body["context"]["selections"] = [MARK]
    assert service.post(body).status_code == 200
    other = json.loads(json.dumps(request()).replace(f"Patient/{MARK}-p1", f"Patient/{MARK}-other"))
    assert service.post(other).status_code == 200


FAULTS = {
    "status": faults.body({"resourceType": "OperationOutcome", "text": MARK}, status=500),
    "redirect": faults.status(302, Location=f"http://127.0.0.1:1/{MARK}"),
    "page": faults.body(f"<html>{MARK}</html>".encode(), kind="text/html"),
    "half": faults.body(f'{{"resourceType": "Bundle", "id": "{MARK}'.encode()),
    "type": faults.body({"resourceType": MARK, "id": MARK}),
    "outcome": faults.body({"resourceType": "OperationOutcome", "issue": [{"diagnostics": MARK}]}),
    "link": faults.body(
        {"resourceType": "Bundle", "link": [{"relation": "next", "url": f"http://{MARK}.example.org/{MARK}"}]}
    ),
    "header": lambda handler: handler.wfile.write(f"HTTP/1.1 {MARK}\r\n{MARK}\r\n\r\n".encode()),
    "encoding": faults.body(MARK.encode(), Content_Encoding=MARK),
    "hang up": faults.hang_up,
}


def failing_server(service):
    body = service.with_server(request())
    for name, fault in FAULTS.items():
        service.server.faults["*"] = fault
        assert service.post(body).status_code == 200, name
        # A search without entries says that there is nothing; every other fault leaves the patient unknown.
        unknown = service.post(body | {"prefetch": {}})
        assert unknown.status_code == (200 if name == "link" else 412), name
        assert service.server.asked
        service.server.asked.clear()
    service.server.faults.clear()
    for server in (f"http://127.0.0.1:1/{MARK}", f"https://{MARK}.example.org/fhir", f"file:///{MARK}", MARK):
        assert service.post(body | {"fhirServer": server}).status_code == 200


@contextmanager
def raising(monkeypatch, place):
    def refuse(*_, **__):
        raise ValueError(f"{MARK} of {MARK}")

    with monkeypatch.context() as broken:
        broken.setattr(place, refuse)
        yield


def crashes(service, monkeypatch):
    for place, status in (
        ("cards.judging.check", 200),
        ("cards.facts.drug_meaning.named_drug", 200),
        ("cards.evaluate.renal_function", 500),
        ("cds_service.hooks.routes.read_request", 500),
        ("cds_service.hooks.routes.issued_cards", 500),
        ("cds_service.observability.requests.audit_event", 500),
    ):
        with raising(monkeypatch, place):
            assert service.post(request()).status_code == status, place


def tokens(service):
    body = request()
    for header in (
        {}, {"Authorization": MARK}, bearer(MARK), bearer(f"{MARK}.{MARK}.{MARK}"),
        service.token(SIGN, iss=MARK), service.token(SIGN, aud=MARK), service.token(SIGN, exp=MARK),
        bearer(signed(claims(NOW.timestamp(), SIGN), kid=MARK)),
        bearer(signed(claims(NOW.timestamp(), SIGN), private_key("ES384", "evil"), jku=f"https://{MARK}.example.org")),
        bearer(signed(claims(NOW.timestamp(), SIGN), private_key("ES384", "evil"), jwk=jwk(private_key(), MARK))),
    ):  # fmt: skip
        assert service.post(body, headers=header).status_code == 401


def answers(service):
    (card, *_) = service.post(request()).json["cards"]
    good = {
        "card": card["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": {"code": "will-monitor"}},
    }
    assert service.post({"feedback": [good], MARK: MARK}, FEEDBACK).status_code == 200
    odd = {"card": {MARK: MARK}, "outcome": MARK}
    assert service.post({"feedback": [odd, MARK]}, FEEDBACK).status_code == 400
    assert service.post({MARK: MARK}, FEEDBACK).status_code == 400
    partly = service.post({"feedback": [good, odd, MARK]}, FEEDBACK)
    assert partly.status_code == 200
    service.written.append(partly.text)
    return good


def a_store_that_fails(service, good):
    with service.store.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            table.drop(connection)
    assert service.post(request()).status_code == 200
    spoken = deepcopy(good) | {"overrideReason": {"userComment": MARK}}
    assert service.post({"feedback": [spoken]}, FEEDBACK).status_code == 503


def other_pages(service):
    client = service.app.test_client()
    for path in (
        "/metrics",
        "/readyz",
        "/healthz",
        "/feedback",
        f"/feedback?days={MARK}",
        f"/knowledge/{MARK}",
    ):
        for host in ("localhost", f"{MARK}.example.org"):
            service.written.append(client.get(path, headers={"Host": host}).text)


@pytest.fixture
def service(serve, database, tmp_path):
    with fhir_server(chart()) as server:
        client = {
            "name": "main",
            "iss": ISS,
            "jwks_file": "keys.json",
            "fhir_servers": [server.base, "http://127.0.0.1:1/*"],
        }
        app = serve(
            database_url=database,
            clients_file=write_clients(tmp_path, client),
            auth_required=True,
            pages=frozenset({"metrics", "feedback", "knowledge"}),
            max_string_bytes=100_000,
        )
        yield Marked(app, server)


def test_no_mark_is_left_anywhere(service, monkeypatch, capfd, caplog, tmp_path):
    caplog.set_level(0)
    assert MARK in service.post(request()).text  # cards may speak of their patient: that is what they are for
    refusals(service)
    odd_prefetch(service)
    failing_server(service)
    crashes(service, monkeypatch)
    tokens(service)
    view = request() | {"hook": "patient-view"}
    assert service.post(view, VIEW).status_code == 200
    good = answers(service)
    commented = good | {"outcomeTimestamp": "2026-06-15T12:00:00Z", "overrideReason": {"userComment": MARK}}
    service.store.writer.drain(20)
    with service.store.engine.connect() as connection:
        for table in metadata.tables.values():
            for row in connection.execute(select(table)).mappings():
                service.written.append(str(dict(row)))
    for file in tmp_path.rglob("*"):
        if file.is_file():
            service.written.append(file.read_bytes().decode("latin-1"))
    assert service.post({"feedback": [commented]}, FEEDBACK).status_code == 200
    with service.store.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(feedback)).mappings()]
    assert [row.pop("comment") for row in rows][-1] == MARK
    service.written.append(str(rows))
    a_store_that_fails(service, good)
    other_pages(service)
    with suppress(TimeoutError):
        service.store.writer.drain(1)
    captured = capfd.readouterr()
    everything = [captured.out, captured.err, caplog.text, *service.written]
    assert len(captured.out.splitlines()) > 60
    assert sum(len(one) for one in service.written) > 20_000
    for one in everything:
        assert MARK not in one, one[max(0, one.index(MARK) - 300) : one.index(MARK) + 100]
