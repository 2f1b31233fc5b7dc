"""Who sees pages: host names, other sites' scripts, and the admin token."""

from base64 import b64encode

import pytest
from hook_requests import SIGN, plain

from cds_service.app import create_app
from cds_service.settings import Settings, SettingsError

PAGES = frozenset({"knowledge", "metrics", "feedback"})
READERS = ["/knowledge", "/static/pages.css", "/openapi.json"]
OPERATORS = ["/metrics", "/feedback"]
TOKEN = "a-token-of-operators"


@pytest.fixture
def open_pages(serve, tmp_path):
    return serve(pages=PAGES, database_url=f"sqlite:///{tmp_path}/s.sqlite").test_client()


@pytest.fixture
def closed_pages(serve, tmp_path):
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    app = serve(pages=PAGES, database_url=f"sqlite:///{tmp_path}/s.sqlite", admin_token_file=file)
    return app.test_client()


def basic(password):
    return {"Authorization": "Basic " + b64encode(f"anyone:{password}".encode()).decode()}


@pytest.mark.parametrize("path", READERS + OPERATORS)
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200), ("127.0.0.1", 200), ("[::1]:8000", 200), ("cds.example.org", 200),
        ("CDS.example.org:443", 200), ("evil.example.org", 421), ("cds.example.org.evil.org", 421),
        ("localhost.evil.org", 421), ("10.0.0.1", 421), ("127.0.0.1.evil.org", 421),
    ],
)  # fmt: skip
def test_pages_answer_to_their_own_names_only(open_pages, path, host, status):
    with open_pages.get(path, headers={"Host": host}) as response:
        assert response.status_code == status


@pytest.mark.parametrize("host", ["evil.example.org", "10.0.0.1:8000", "pod-17"])
def test_hooks_and_health_answer_under_any_name(open_pages, host):
    headers = {"Host": host}
    for path in ("/cds-services", "/healthz", "/readyz"):
        assert open_pages.get(path, headers=headers).status_code == 200
    assert open_pages.post(SIGN, json=plain(), headers=headers).status_code == 200


@pytest.mark.parametrize("path", OPERATORS)
def test_operators_pages_need_the_admin_token_as_bearer_or_password(closed_pages, path):
    refused = closed_pages.get(path)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic")
    assert refused.json["resourceType"] == "OperationOutcome"
    assert closed_pages.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert closed_pages.get(path, headers=basic(TOKEN)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer x",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Token {TOKEN}",
        "Basic !!!",
        "Basic YTpi",
        TOKEN,
    ],
)  # fmt: skip
def test_another_token_is_refused(closed_pages, header):
    assert closed_pages.get("/metrics", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize("path", READERS)
def test_pages_that_cards_link_to_need_no_token(closed_pages, path):
    with closed_pages.get(path) as response:
        assert response.status_code == 200


def test_a_scraper_with_the_token_may_use_any_host_name(closed_pages):
    headers = {"Host": "10.0.0.1:8000", "Authorization": f"Bearer {TOKEN}"}
    assert closed_pages.get("/metrics", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("site", "status"), [(None, 403), ("cross-site", 403), ("same-site", 403), ("same-origin", 405)]
)
def test_a_page_takes_no_posts_of_other_sites(serve, site, status):
    app = serve(pages=PAGES)

    @app.post("/trial")
    def trial():
        return "done", 405

    headers = {"Sec-Fetch-Site": site} if site else {}
    assert app.test_client().post("/trial", headers=headers).status_code == status


def test_no_page_allows_scripts_of_its_text(open_pages):
    for path in ("/knowledge", "/feedback"):
        response = open_pages.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "<script" not in response.text


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 30])
def test_an_admin_token_that_is_short_or_unreadable_stops_the_start(engine, tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="CDS_ADMIN_TOKEN_FILE"):
        create_app(Settings(admin_token_file=file), engine)
