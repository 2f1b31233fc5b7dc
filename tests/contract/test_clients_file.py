"""CDS_CLIENTS: what is read, and what stops the start and names itself."""

import json
from dataclasses import replace

import pytest
from hook_requests import NOW, SIGN, plain
from make_tokens import ISS, JKU, bearer, claims, jwk, jwks, private_key, signed, write_clients

from cds_service.app import create_app
from cds_service.fhir.server_url import ServerUrl
from cds_service.security.clients import ClientsError, read_clients
from cds_service.security.registry import check_clients

GOOD = {"name": "main", "iss": ISS, "jku": JKU}


def read(tmp_path, **changes):
    (client,) = read_clients(write_clients(tmp_path, GOOD | changes))
    return client


def test_a_client_needs_a_name_an_issuer_and_a_place_of_its_keys(tmp_path):
    client = read(tmp_path)
    assert (client.name, client.iss, client.jku, client.jwks_file) == ("main", ISS, JKU, None)
    assert client.algorithms == ("ES384", "RS384")
    assert client.tenants == client.audiences == frozenset()
    assert client.max_token_age_s == 3600
    assert (client.one_action, client.only_any, client.only_one) == (False, False, False)


def test_every_member_is_read(tmp_path):
    client = read(
        tmp_path,
        jwks_file="keys.json",
        algorithms=["ES256"],
        audiences=["a"],
        tenants=["t"],
        fhir_servers=["https://ehr.example.org/fhir"],
        max_token_age_s=300,
        one_action_per_suggestion=True,
        selection_behaviors=["any"],
    )
    assert client.jwks_file == tmp_path / "keys.json"
    assert client.algorithms == ("ES256",)
    assert (client.audiences, client.tenants) == ({"a"}, {"t"})
    assert client.fhir_servers == (ServerUrl("https", "ehr.example.org", 443, ("fhir",)),)
    assert (client.max_token_age_s, client.one_action, client.only_any) == (300, True, True)


@pytest.mark.parametrize(
    ("behaviors", "any_only", "one_only"),
    [(["any"], True, False), (["at-most-one"], False, True), (["at-most-one", "any"], False, False)],
)
def test_selection_behaviors_say_what_the_client_knows(tmp_path, behaviors, any_only, one_only):
    client = read(tmp_path, selection_behaviors=behaviors)
    assert (client.only_any, client.only_one) == (any_only, one_only)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": ""}, "name"), ({"name": 5}, "name"), ({"name": "x" * 101}, "name"), ({"iss": " "}, "iss"),
        ({"jku": ""}, "jku"), ({"jku": "http://ehr.example.org/keys"}, "jku"), ({"jku": "ehr.example.org"}, "jku"),
        ({"jku": "https://user@ehr.example.org/keys"}, "jku"), ({"jku": "https://ehr.example.org/keys?a=1"}, "jku"),
        ({"jku": "file:///etc/passwd"}, "jku"), ({"jku": "https://[::1"}, "jku"),
        ({"algorithms": ["HS256"]}, "HS256"), ({"algorithms": ["none"]}, "none"), ({"algorithms": []}, "algorithms"),
        ({"algorithms": "ES384"}, "algorithms"), ({"algorithms": ["PS384"]}, "PS384"),
        ({"audiences": [""]}, "audiences"), ({"tenants": [5]}, "tenants"), ({"fhir_servers": ["ehr"]}, "fhir_servers"),
        ({"fhir_servers": ["http://ehr.example.org/fhir"]}, "not encrypted"),
        ({"max_token_age_s": 0}, "max_token_age_s"), ({"max_token_age_s": 86_401}, "max_token_age_s"),
        ({"max_token_age_s": True}, "max_token_age_s"), ({"one_action_per_suggestion": "yes"}, "one_action"),
        ({"selection_behaviors": ["all"]}, "all"), ({"selection_behaviors": []}, "selection_behaviors"),
        ({"jwk_file": "keys.json"}, "jwk_file"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_name(tmp_path, changes, named):
    with pytest.raises(ClientsError, match=named) as raised:
        read(tmp_path, **changes)
    assert "CDS_CLIENTS" in str(raised.value)
    assert "client 1" in str(raised.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_jku_on_this_machine_may_be_plain(tmp_path, host):
    assert read(tmp_path, jku=f"http://{host}:9000/keys").jku


@pytest.mark.parametrize(
    ("content", "named"),
    [("", "client"), ("[client]\nname='x'", "client"), ("client = 5", "client"), ("[[clients]]", "clients"),
     ("[[client", "TOML"), ("client = [1]", "no table"), ("[[client]]\nname='a'\n[settings]", "settings")],
)  # fmt: skip
def test_a_file_without_clients_is_refused(tmp_path, content, named):
    file = tmp_path / "clients.toml"
    file.write_text(content)
    with pytest.raises(ClientsError, match=named):
        read_clients(file)
    with pytest.raises(ClientsError, match="cannot be read"):
        read_clients(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        ({}, {"name": "main", "iss": "https://b.example.org"}, "named 'main'"),
        ({}, {}, "share an iss"),
        ({"tenants": ["a"]}, {}, "share an iss"),
        ({"tenants": ["a", "b"]}, {"tenants": ["b", "c"]}, "share an iss"),
        ({"tenants": ["a"]}, {"tenants": ["b"]}, None),
    ],
)
def test_each_token_leads_to_one_client(tmp_path, first, second, refused):
    file = write_clients(tmp_path, GOOD | first, GOOD | {"name": "other"} | second)
    if refused is None:
        assert len(read_clients(file)) == 2
        return
    with pytest.raises(ClientsError, match=refused):
        read_clients(file)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"keys": []}',
        '{"keys": 5}',
        json.dumps(jwks(jwk(private_key("ES256")))),
        json.dumps({"keys": [None]}),
    ],
)
def test_a_key_file_without_a_usable_key_stops_the_start(tmp_path, content):
    file = write_clients(tmp_path, {"name": "main", "iss": ISS, "jwks_file": "keys.json"})
    (tmp_path / "keys.json").write_text(content)
    with pytest.raises(ClientsError, match=r"keys\.json"):
        check_clients(file)


def test_a_wrong_file_stops_the_application(settings, engine, tmp_path):
    wrong = replace(settings, clients_file=write_clients(tmp_path, GOOD | {"iss": ""}), auth_required=True)
    with pytest.raises(ClientsError, match="iss"):
        create_app(wrong, engine)


def suggested(serve, tmp_path, **changes):
    file = write_clients(tmp_path, {"name": "main", "iss": ISS, "jwks_file": "keys.json"} | changes)
    client = serve(clients_file=file, auth_required=True).test_client()
    token = signed(claims(NOW.timestamp(), SIGN))
    return client.post(SIGN, json=plain(), headers=bearer(token)).json["cards"]


def test_a_client_that_knows_only_any_gets_only_any(serve, tmp_path):
    cards = suggested(serve, tmp_path, selection_behaviors=["any"])
    assert [card["selectionBehavior"] for card in cards if "suggestions" in card] == ["any"]


def test_a_client_that_knows_only_at_most_one_gets_only_that(serve, tmp_path):
    cards = suggested(serve, tmp_path, selection_behaviors=["at-most-one"])
    assert [card["selectionBehavior"] for card in cards if "suggestions" in card] == ["at-most-one"]


def test_a_client_that_applies_one_action_gets_one_per_suggestion(serve, tmp_path):
    cards = suggested(serve, tmp_path, one_action_per_suggestion=True)
    found = [one for card in cards for one in card.get("suggestions", [])]
    assert found
    assert all(len(one["actions"]) == 1 for one in found)


def test_cards_of_two_clients_have_different_ids(serve, tmp_path):
    one = suggested(serve, tmp_path)
    other = suggested(serve, tmp_path, name="other")
    assert one[0]["summary"] == other[0]["summary"]
    assert one[0]["uuid"] != other[0]["uuid"]
