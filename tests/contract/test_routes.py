"""Every route of the application: who may call it, whatever blueprint it was added with."""

import re
from base64 import b64encode

import pytest
from hook_requests import SIGN
from make_tokens import write_clients

from cds_service.security.pages import access_of, is_classified
from cds_service.settings import PAGES

TOKEN = "a-token-of-operators"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PASSWORD = {"Authorization": "Basic " + b64encode(f"anyone:{TOKEN}".encode()).decode()}
# What fills the places of a path, so that it leads to something where there is something.
FILLED = {
    "service_id": SIGN.rpartition("/")[2],
    "statement_id": "gabapentin-renal-dose",
    "filename": "pages.css",
}


@pytest.fixture
def everything(serve, tmp_path):
    """The application with all that can be switched on, clients and admin token included."""
    (tmp_path / "token").write_text(TOKEN)
    return serve(
        pages=PAGES,
        clients_file=write_clients(tmp_path),
        auth_required=True,
        admin_token_file=tmp_path / "token",
        database_url=f"sqlite:///{tmp_path}/s.sqlite",
    )


def routes(app):
    """(endpoint, methods, path) of each route, its places filled."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda place: FILLED.get(place[1], "x"), rule.rule)
        yield rule.endpoint, (rule.methods or set()) - {"OPTIONS", "HEAD"}, path


def of_kind(app, kind):
    found = [(path, methods) for endpoint, methods, path in routes(app) if access_of(endpoint) == kind]
    assert found
    return found


def asked(app, method, path, **headers):
    with app.test_client().open(path, method=method, headers=headers) as response:
        response.get_data()
        return response


def test_somebody_has_decided_who_may_call_each_route(everything):
    assert [endpoint for endpoint, _, _ in routes(everything) if not is_classified(endpoint)] == []


def test_a_route_that_nobody_classified_is_noticed_and_for_operators(everything):
    @everything.get("/forgotten")
    def forgotten():
        return "found"

    assert [endpoint for endpoint, _, _ in routes(everything) if not is_classified(endpoint)] == ["forgotten"]
    assert asked(everything, "GET", "/forgotten").status_code == 401
    assert asked(everything, "GET", "/forgotten", **BEARER).status_code == 200


def test_only_discovery_and_health_are_open(everything):
    paths = {path for path, _ in of_kind(everything, "open")}
    assert paths == {"/cds-services", "/healthz", "/readyz"}
    for path in paths:
        assert asked(everything, "GET", path, Host="any.example.org").status_code == 200


def test_every_route_of_clients_needs_their_token(everything):
    for path, methods in of_kind(everything, "client"):
        for method in methods:
            for headers in ({}, BEARER, PASSWORD):
                assert asked(everything, method, path, **headers).status_code == 401, path


def test_every_page_refuses_another_host_and_other_sites_posts(everything):
    for kind in ("readers", "operators"):
        for path, methods in of_kind(everything, kind):
            for method in methods:
                rebound = asked(everything, method, path, Host="evil.example.org")
                assert rebound.status_code == 421, path
                if method == "GET":
                    continue
                for site in (None, "cross-site", "same-site", "none"):
                    headers = BEARER | ({"Sec-Fetch-Site": site} if site else {})
                    assert asked(everything, method, path, **headers).status_code == 403, path


def test_every_page_of_operators_needs_the_admin_token(everything):
    for path, methods in of_kind(everything, "operators"):
        for method in methods:
            same = {"Sec-Fetch-Site": "same-origin"}
            refused = asked(everything, method, path, **same)
            assert refused.status_code == 401, path
            assert refused.headers["WWW-Authenticate"].startswith("Basic")
            for headers in (BEARER, PASSWORD):
                assert asked(everything, method, path, **same, **headers).status_code not in (401, 403, 421)


def test_no_page_for_readers_asks_for_a_token(everything):
    for path, methods in of_kind(everything, "readers"):
        if "GET" in methods:
            assert asked(everything, "GET", path).status_code not in (401, 403, 421), path


def test_no_route_answers_preflights_by_itself(everything):
    """The guard lets OPTIONS pass, since a preflight has no token: Flask's own answer must be the only one."""
    for rule in everything.url_map.iter_rules():
        assert getattr(rule, "provide_automatic_options", True) is not False, rule.rule


_INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


def test_no_page_allows_or_holds_anything_inline_or_foreign(everything):
    seen = 0
    for kind in ("readers", "operators"):
        for path, methods in of_kind(everything, kind):
            if "GET" not in methods:
                continue
            page = asked(everything, "GET", path, **BEARER)
            policy = page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy, path
            assert "frame-ancestors 'none'" in policy, path
            assert "base-uri 'none'" in policy, path
            sources = {part for rule in policy.split(";") for part in rule.split()[1:]}
            assert sources <= {"'none'", "'self'", "data:"}, path
            assert "data:" not in policy or re.search(r"img-src[^;]* data:", policy), path
            if page.mimetype == "text/html":
                seen += 1
                assert not _INLINE.search(page.text), path
    assert seen >= 3


@pytest.mark.parametrize("switched_on", [frozenset(), frozenset({"knowledge"})])
def test_without_its_page_a_route_does_not_exist(serve, switched_on):
    app = serve(pages=switched_on)
    found = {access_of(endpoint) for endpoint, _, _ in routes(app)}
    assert found == ({"open", "client"} | ({"readers"} if switched_on else set()))
