"""Client tokens: what is accepted, and a table of attacks that all get the same answer."""

# ruff: noqa: E501  a table is read line by line

import json

import jwt
import pytest
from hook_requests import FIXTURES, NOW, SIGN, VIEW, plain, request_named
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_tokens import (
    BASE,
    ISS,
    JKU,
    bearer,
    claims,
    jwk,
    jwks,
    part,
    private_key,
    public_pem,
    signed,
    write_clients,
)
from sqlalchemy import create_engine, text

from cds_service.security.clients import Client
from cds_service.security.jwks import read_keys
from cds_service.security.tokens import SKEW_S, TokenRefusedError, verify

AT = NOW.timestamp()
FEEDBACK = SIGN + "/feedback"
AUDIENCE = "cds-of-this-hospital"


@pytest.fixture
def guarded(serve, tmp_path):
    keys = jwks(
        jwk(private_key()),
        jwk(private_key("RS384"), "r1"),
        jwk(private_key("ES256"), "p256"),
        jwk(private_key("RS384", "other"), "r256", alg="RS256"),
        jwk(private_key("ES384", "enc"), "enc", use="enc"),
        jwk(private_key("ES384", "ops"), "ops", key_ops=["sign"]),
        jwk(private_key("RS384", "small", 1024), "small"),
        jwk(private_key("ES384", "a"), "twice"),
        jwk(private_key("ES384", "b"), "twice"),
        {"kty": "oct", "kid": "secret", "k": part(b"secret" * 10)},
        "nonsense",
    )
    file = write_clients(
        tmp_path,
        {
            "name": "main", "iss": ISS, "jku": JKU, "jwks_file": "keys.json", "audiences": [AUDIENCE],
            "tenants": ["north", "south"],
        },
        {"name": "second", "iss": "https://second.example.org", "jwks_file": "keys.json", "max_token_age_s": 60},
        {
            "name": "third", "iss": "https://third.example.org", "jwks_file": "keys.json",
            "algorithms": ["ES256", "RS256"],
        },
        keys=keys,
    )  # fmt: skip
    app = serve(clients_file=file, auth_required=True, database_url=f"sqlite:///{tmp_path}/s.sqlite")
    app.tmp = tmp_path
    return app


def ours(path=SIGN, **more):
    return claims(AT, path, **({"tenant": "north"} | more))


def call(app, token=None, path=SIGN, body=None, **headers):
    headers |= bearer(token) if token is not None else {}
    return app.test_client().post(path, json=body or plain(), headers=headers)


ACCEPTED = {
    "plain": lambda: signed(ours()),
    "rsa": lambda: signed(ours(), private_key("RS384"), "RS384", kid="r1"),
    "with jku": lambda: signed(ours(), jku=JKU),
    "audience in a list": lambda: signed(ours(aud=["https://elsewhere.example.org", BASE + SIGN])),
    "audience with a slash": lambda: signed(ours(aud=BASE + SIGN + "/")),
    "listed audience": lambda: signed(ours(aud=AUDIENCE)),
    "other tenant": lambda: signed(ours(tenant="south")),
    "sub and nbf as Epic sends them": lambda: signed(ours(sub="client-id", nbf=int(AT) - 300, exp=int(AT) + 900)),
    "an hour": lambda: signed(ours(exp=int(AT) + 3600)),
    "clock of the client ahead": lambda: signed(ours(iat=int(AT) + SKEW_S, exp=int(AT) + 300)),
    "just expired": lambda: signed(ours(iat=int(AT) - 200, exp=int(AT) - SKEW_S + 1)),
    "fractions": lambda: signed(ours(iat=AT - 0.25, exp=AT + 200.5)),
    "lower case typ": lambda: signed(ours(), typ="jwt"),
    "unused header members": lambda: signed(ours(), x5u="https://evil.example.org", jwk=jwk(private_key("ES384", "x"))),
    "second client": lambda: signed(ours(iss="https://second.example.org", tenant=None, exp=int(AT) + 60)),
    "p256 where listed": lambda: signed(
        ours(iss="https://third.example.org"), private_key("ES256"), "ES256", kid="p256"
    ),
    "rs256 where listed": lambda: signed(
        ours(iss="https://third.example.org"), private_key("RS384", "other"), "RS256", kid="r256"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_good_token_is_accepted_once(guarded, name):
    token = ACCEPTED[name]()
    assert call(guarded, token).status_code == 200
    assert call(guarded, token).status_code == 401


def altered(token, place, change):
    pieces = token.split(".")
    pieces[place] = change(pieces[place])
    return ".".join(pieces)


def reversed_signature():
    head, _, signature = signed(ours()).rpartition(".")
    return f"{head}.{part(jwt.utils.base64url_decode(signature)[::-1])}"


EVIL = private_key("ES384", "evil")
ATTACKS = {
    "no header": (None, "no-token"),
    "empty": (lambda: "", "no-token"),
    "one part": (lambda: "abc", "malformed"),
    "two parts": (lambda: ".".join(signed(ours()).split(".")[:2]), "malformed"),
    "four parts": (lambda: signed(ours()) + ".x", "malformed"),
    "empty signature": (lambda: altered(signed(ours()), 2, lambda _: ""), "malformed"),
    "no base64": (lambda: altered(signed(ours()), 0, lambda _: "!!!"), "malformed"),
    "header that is no JSON": (lambda: altered(signed(ours()), 0, lambda _: part(b"{")), "malformed"),
    "header that is a list": (lambda: altered(signed(ours()), 0, lambda _: part([1])), "malformed"),
    "claims that are a list": (lambda: signed([1]), "malformed"),
    "claims with NaN": (lambda: altered(signed(ours()), 1, lambda _: part(b'{"exp": NaN}')), "malformed"),
    "huge": (lambda: signed(ours(junk="x" * 20_000)), "malformed"),
    "alg none": (lambda: altered(signed(ours(), alg="ES384"), 0, lambda _: part({"alg": "none", "typ": "JWT", "kid": "k1"})), "algorithm"),
    "alg None": (lambda: altered(signed(ours()), 0, lambda _: part({"alg": "None", "typ": "JWT", "kid": "k1"})), "algorithm"),
    "alg null": (lambda: altered(signed(ours()), 0, lambda _: part({"alg": None, "typ": "JWT", "kid": "k1"})), "algorithm"),
    "hmac with a guessed secret": (lambda: signed(ours(), b"secret", "HS256"), "algorithm"),
    "hmac with the public key": (lambda: signed(ours(), public_pem(private_key()), "HS384"), "algorithm"),
    "hmac with the set's secret": (lambda: signed(ours(), b"secret" * 10, "HS384", kid="secret"), "algorithm"),
    "es256 where not listed": (lambda: signed(ours(), private_key("ES256"), "ES256", kid="p256"), "algorithm"),
    "rs256 where not listed": (lambda: signed(ours(), private_key("RS384"), "RS256", kid="r1"), "algorithm"),
    "es512": (lambda: signed(ours(), private_key("ES512"), "ES512"), "algorithm"),
    "ps384": (lambda: signed(ours(), private_key("RS384"), "PS384", kid="r1"), "algorithm"),
    "header says ec, key is rsa": (lambda: altered(signed(ours(), private_key("RS384"), "RS384", kid="r1"), 0, lambda _: part({"alg": "ES384", "typ": "JWT", "kid": "r1"})), "key"),
    "no alg": (lambda: altered(signed(ours()), 0, lambda _: part({"typ": "JWT", "kid": "k1"})), "algorithm"),
    "no typ": (lambda: signed(ours(), typ=None), "type"),
    "another typ": (lambda: signed(ours(), typ="at+jwt"), "type"),
    "no kid": (lambda: signed(ours(), kid=None), "no-kid"),
    "kid that is no text": (lambda: signed(ours(), kid=["k1"]), "no-kid"),
    "unknown kid": (lambda: signed(ours(), kid="k2"), "key"),
    "kid of two keys": (lambda: signed(ours(), private_key("ES384", "a"), kid="twice"), "key"),
    "encryption key": (lambda: signed(ours(), private_key("ES384", "enc"), kid="enc"), "key"),
    "key for signing only": (lambda: signed(ours(), private_key("ES384", "ops"), kid="ops"), "key"),
    "small rsa key": (lambda: signed(ours(), private_key("RS384", "small", 1024), "RS384", kid="small"), "key"),
    "key of another algorithm": (lambda: signed(ours(), private_key("RS384", "other"), "RS384", kid="r256"), "key"),
    "path in kid": (lambda: signed(ours(), kid="../../etc/passwd"), "key"),
    "critical header": (lambda: signed(ours(), crit=["exp"]), "critical-header"),
    "detached payload": (lambda: signed(ours(), b64=False, crit=["b64"]), "critical-header"),
    "another key": (lambda: signed(ours(), EVIL), "signature"),
    "key in the header": (lambda: signed(ours(), EVIL, jwk=jwk(EVIL)), "signature"),
    "jku of the attacker": (lambda: signed(ours(), EVIL, jku="https://evil.example.org/jwks"), "jku"),
    "jku that begins alike": (lambda: signed(ours(), EVIL, jku=JKU + ".evil.example.org"), "jku"),
    "jku with userinfo": (lambda: signed(ours(), EVIL, jku="https://ehr.example.org@evil.example.org/jwks.json"), "jku"),
    "jku on loopback": (lambda: signed(ours(), jku="http://127.0.0.1/jwks.json"), "jku"),
    "jku that is no text": (lambda: signed(ours(), jku=[JKU]), "jku"),
    "claims changed": (lambda: altered(signed(ours()), 1, lambda _: part(ours())), "signature"),
    "header changed": (lambda: altered(signed(ours()), 0, lambda _: part({"alg": "ES384", "typ": "JWT", "kid": "k1", "x": 1})), "signature"),
    "signature reversed": (reversed_signature, "signature"),
    "signature of zeros": (lambda: altered(signed(ours()), 2, lambda _: part(b"\0" * 96)), "signature"),
    "no iss": (lambda: signed(ours(iss=None)), "iss"),
    "unknown iss": (lambda: signed(ours(iss="https://sandbox.cds-hooks.org")), "iss"),
    "iss with a slash": (lambda: signed(ours(iss=ISS + "/")), "iss"),
    "iss in a list": (lambda: signed(ours(iss=[ISS])), "iss"),
    "iss in capitals": (lambda: signed(ours(iss=ISS.upper())), "iss"),
    "no tenant": (lambda: signed(ours(tenant=None)), "tenant"),
    "another tenant": (lambda: signed(ours(tenant="west")), "tenant"),
    "tenants in a list": (lambda: signed(ours(tenant=["north"])), "tenant"),
    "no aud": (lambda: signed(ours(aud=None)), "audience"),
    "empty aud": (lambda: signed(ours(aud=[])), "audience"),
    "aud of another service": (lambda: signed(ours(VIEW)), "audience"),
    "aud of discovery": (lambda: signed(ours("/cds-services")), "audience"),
    "aud of the base": (lambda: signed(ours(aud=BASE)), "audience"),
    "aud that begins alike": (lambda: signed(ours(aud=BASE + SIGN + ".evil.example.org")), "audience"),
    "aud of feedback": (lambda: signed(ours(FEEDBACK)), "audience"),
    "aud of another host": (lambda: signed(ours(aud="http://localhost" + SIGN)), "audience"),
    "aud with a number": (lambda: signed(ours(aud=[BASE + SIGN, 5])), "audience"),
    "no exp": (lambda: signed(ours(exp=None)), "no-expiry"),
    "exp as text": (lambda: signed(ours(exp=str(int(AT) + 300))), "no-expiry"),
    "exp true": (lambda: signed(ours(exp=True)), "no-expiry"),
    "expired": (lambda: signed(ours(iat=int(AT) - 300, exp=int(AT) - SKEW_S)), "expired"),
    "expired long ago": (lambda: signed(ours(iat=1311280970, exp=1422568860)), "expired"),
    "no iat": (lambda: signed(ours(iat=None)), "no-issue-time"),
    "issued in the future": (lambda: signed(ours(iat=int(AT) + SKEW_S + 1, exp=int(AT) + 300)), "issued-in-future"),
    "not yet valid": (lambda: signed(ours(nbf=int(AT) + SKEW_S + 1)), "not-yet-valid"),
    "nbf as text": (lambda: signed(ours(nbf="now")), "not-yet-valid"),
    "lives a second too long": (lambda: signed(ours(exp=int(AT) + 3601)), "lifetime"),
    "lives for ever": (lambda: signed(ours(exp=10**15)), "lifetime"),
    "exp before iat": (lambda: signed(ours(iat=int(AT) + 20, exp=int(AT) + 10)), "lifetime"),
    "longer than this client may": (lambda: signed(ours(iss="https://second.example.org", exp=int(AT) + 61)), "lifetime"),
    "no jti": (lambda: signed(ours(jti=None)), "no-jti"),
    "blank jti": (lambda: signed(ours(jti=" ")), "no-jti"),
    "jti as number": (lambda: signed(ours(jti=5)), "no-jti"),
    "long jti": (lambda: signed(ours(jti="x" * 1001)), "no-jti"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_gets_the_same_answer_and_only_the_audit_says_why(guarded, name):
    make, reason = ATTACKS[name]
    response = call(guarded, make() if make else None)
    assert response.status_code == 401
    assert response.data == call(guarded).data
    assert response.json["issue"][0]["code"] == "login"
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert audited(guarded)[0][:2] == (reason, 401)


def audited(app):
    app.extensions["cds_worker"].get().store.writer.drain(10)
    engine = create_engine(f"sqlite:///{app.tmp}/s.sqlite")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT reason, status, client FROM audit ORDER BY id")).all()
    engine.dispose()
    return rows


def test_the_audit_names_the_client_that_was_proved_or_claimed(guarded):
    call(guarded, signed(ours()))
    call(guarded, signed(ours(exp=None)))
    call(guarded, signed(ours(iss="https://nobody.example.org")))
    assert [row[2] for row in audited(guarded)] == ["main", "main", "unauthenticated"]


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "bearer", "Bearer", "Bearer  ", "Token abc", "Bearer a b", "Bearer \u00e4.b.c"]
)
def test_other_authorization_headers_are_no_tokens(guarded, header):
    response = guarded.test_client().post(SIGN, json=plain(), headers={"Authorization": header})
    assert response.status_code == 401
    assert response.data == call(guarded).data


def test_the_scheme_is_read_in_any_case(guarded):
    headers = {"Authorization": f"bearer {signed(ours())}"}
    assert guarded.test_client().post(SIGN, json=plain(), headers=headers).status_code == 200


@pytest.mark.parametrize("aud", [FEEDBACK, SIGN])
def test_feedback_accepts_its_own_address_and_the_services(guarded, aud):
    body = {"feedback": [{"card": "c1", "outcome": "overridden"}]}
    assert call(guarded, signed(ours(aud)), FEEDBACK, body).status_code == 200


@pytest.mark.parametrize("aud", [VIEW + "/feedback", VIEW, "/cds-services"])
def test_feedback_refuses_the_address_of_another_service(guarded, aud):
    body = {"feedback": [{"card": "c1", "outcome": "overridden"}]}
    assert call(guarded, signed(ours(aud)), FEEDBACK, body).status_code == 401


def test_a_token_is_one_of_its_client_and_cannot_be_used_at_another_endpoint_either(guarded):
    token = signed(ours(aud=[BASE + SIGN, BASE + VIEW]))
    assert call(guarded, token).status_code == 200
    assert call(guarded, token, VIEW, request_named("patient-view")).status_code == 401


def test_the_same_jti_of_two_clients_is_no_replay(guarded):
    assert call(guarded, signed(ours(jti="1"))).status_code == 200
    other = ours(jti="1", iss="https://second.example.org", exp=int(AT) + 60)
    assert call(guarded, signed(other)).status_code == 200


def test_a_refused_token_is_not_used_up(guarded):
    made = ours()
    assert call(guarded, signed(made, EVIL)).status_code == 401
    assert call(guarded, signed(made)).status_code == 200


def test_discovery_health_and_preflights_need_no_token(guarded):
    client = guarded.test_client()
    for path in ("/cds-services", "/cds-services/", "/healthz", "/readyz"):
        assert client.get(path).status_code == 200
        assert client.get(path, headers=bearer("nonsense")).status_code == 200
    for path in (SIGN, FEEDBACK, "/cds-services"):
        asked = {"Origin": "https://ehr.example.org", "Access-Control-Request-Method": "POST"}
        response = client.options(path, headers=asked)
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == "https://ehr.example.org"


def test_a_refusal_carries_the_cors_headers(guarded):
    response = call(guarded, None, Origin="https://ehr.example.org")
    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == "https://ehr.example.org"


def test_an_unknown_service_needs_a_token_too(guarded):
    assert call(guarded, None, "/cds-services/none").status_code == 401
    assert call(guarded, signed(ours("/cds-services/none")), "/cds-services/none").status_code == 404


def test_the_body_is_not_read_before_the_token(guarded):
    response = guarded.test_client().post(SIGN, data=b"{", content_type="application/json")
    assert response.status_code == 401


def test_without_authentication_a_token_is_ignored(serve):
    app = serve()
    assert call(app, signed(ours())).status_code == 200
    assert call(app, "nonsense").status_code == 200


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=60),
        st.builds(
            lambda header, body, tail: f"{part(header)}.{part(body)}.{tail}",
            st.dictionaries(
                st.sampled_from(["alg", "kid", "typ", "jku", "crit"]),
                st.one_of(st.none(), st.text(max_size=8), st.integers(), st.lists(st.integers(), max_size=2)),
            ),
            st.one_of(st.dictionaries(st.text(max_size=4), st.integers(), max_size=4), st.integers(), st.text(max_size=4)),
            st.text("abcXYZ019-_", max_size=20),
        ),
        st.builds(
            lambda changes: signed(ours() | changes, EVIL),
            st.dictionaries(
                st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "jti", "tenant"]),
                st.one_of(st.none(), st.text(max_size=5), st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
                min_size=1,
            ),
        ),
    )
)  # fmt: skip
def test_no_made_up_token_is_accepted_or_crashes(guarded, token):
    headers = {
        "Authorization": f"Bearer {token}".encode("utf-8", "replace").decode("latin-1").translate(_NO_BREAKS)
    }
    response = guarded.test_client().post(SIGN, json={}, headers=headers)
    assert response.status_code == 401
    assert json.loads(response.data)["issue"][0]["code"] == "login"


def published(**changes):
    """Verifies the token that the specification prints, as of a moment at which it was valid."""
    vector = json.loads((FIXTURES.parent / "published-token.json").read_text())
    keys = read_keys(json.dumps(vector["jwks"]).encode(), ("ES384",))
    made = {
        "name": "published", "iss": vector["iss"], "jku": vector["jku"], "tenants": frozenset({vector["tenant"]}),
        "max_token_age_s": 10**9,
    } | changes.pop("client", {})  # fmt: skip
    asked = {
        "audiences": [vector["audience"]],
        "clients": [Client(**made)],
        "key_of": lambda _, kid, algorithm: keys[kid, algorithm],
        "first_use": lambda *_: True,
        "now": vector["valid_at"],
    } | changes
    return verify(f"Bearer {vector['token']}", **asked).name


def test_the_token_that_the_specification_prints_is_verified():
    assert published() == "published"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"now": AT}, "expired"),
        ({"client": {"max_token_age_s": 3600}}, "lifetime"),
        ({"client": {"jku": JKU}}, "jku"),
        ({"client": {"iss": ISS}}, "iss"),
        ({"client": {"tenants": frozenset({"another"})}}, "tenant"),
        ({"client": {"algorithms": ("RS384",)}}, "algorithm"),
        ({"audiences": ["https://cds.example.org/cds-services/other-service"]}, "audience"),
        ({"first_use": lambda *_: False}, "replayed"),
    ],
)
def test_it_is_refused_with_one_thing_changed(changes, reason):
    with pytest.raises(TokenRefusedError) as raised:
        published(**changes)
    assert raised.value.reason == reason


_NO_BREAKS = {13: " ", 10: " "}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_good_token_with_one_character_changed_is_refused(guarded, data):
    token = signed(ours(jti=f"fuzz-{data.draw(st.integers(0, 10**9))}"))
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_.=+/ "))
    changed = token[:place] + other + token[place + 1 :]
    response = guarded.test_client().post(SIGN, json={}, headers=bearer(changed))
    # The last character of a signature holds bits that belong to no byte.
    assert response.status_code == 401 or changed == token or place == len(token) - 1
