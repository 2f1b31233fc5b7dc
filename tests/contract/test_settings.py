import ast
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cds_service import settings as module
from cds_service.settings import PAGES, SettingsError, check_exposure, is_loopback, read_settings

README = Path(__file__).parent.parent.parent / "deploy" / "README.md"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in named():
        monkeypatch.delenv(name, raising=False)


def named():
    """Every setting that settings.py reads: the names that it hands to environs."""
    tree = ast.parse(Path(module.__file__).read_text())
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if re.fullmatch(r"CDS_[A-Z_]+", text)}


def test_every_setting_is_documented_and_every_documented_one_is_read():
    documented = set(re.findall(r"^\| `(CDS_[A-Z_]+)` \|", README.read_text(), re.MULTILINE))
    assert len(named()) > 10
    assert documented == named()


def test_without_settings_the_service_listens_on_loopback_with_all_pages():
    read = read_settings()
    assert (read.host, read.port) == ("127.0.0.1", 8000)
    assert read.base_url == "http://127.0.0.1:8000"
    assert read.pages == PAGES
    assert read.cors_origins == frozenset()
    assert not read.auth_off


def test_beyond_loopback_no_page_is_on_and_no_address_is_guessed(monkeypatch):
    monkeypatch.setenv("CDS_HOST", "10.1.2.3")
    read = read_settings()
    assert read.pages == frozenset()
    assert read.base_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CDS_PORT", "0"), ("CDS_PORT", "65536"), ("CDS_PORT", "web"), ("CDS_WORKERS", "0"), ("CDS_THREADS", "999"),
        ("CDS_JURISDICTION", "uk"), ("CDS_TIMEZONE", "Mars/Base"), ("CDS_TIMEZONE", "../etc/passwd"),
        ("CDS_PAGES", "knowledge,secrets"), ("CDS_BASE_URL", "cds.example.org"), ("CDS_BASE_URL", "https://x/?a=1"),
        ("CDS_CORS_ORIGINS", "*"), ("CDS_CORS_ORIGINS", "https://ehr.example.org/path"), ("CDS_CORS_ORIGINS", "ehr"),
        ("CDS_AUTH", "required"), ("CDS_AUTH", "maybe"), ("CDS_CLIENTS", "clients.toml"), ("CDS_LOG_LEVEL", "loud"),
        ("CDS_MAX_BODY_BYTES", "10"), ("CDS_MAX_RESOURCES", "-1"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_refused_by_name(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("CDS_BASE_URL", "https://cds.example.org/app/", "base_url", "https://cds.example.org/app"),
        ("CDS_JURISDICTION", "EU", "jurisdiction", "eu"),
        ("CDS_TIMEZONE", "Europe/Berlin", "zone", ZoneInfo("Europe/Berlin")),
        ("CDS_PAGES", "metrics", "pages", frozenset({"metrics"})),
        ("CDS_PAGES", "none", "pages", frozenset()),
        ("CDS_CORS_ORIGINS", "https://A.example.org, http://b:80", "cors_origins", {"https://a.example.org", "http://b:80"}),
        ("CDS_AUTH", "off", "auth_off", True),
        ("CDS_MAX_BODY_BYTES", "2000", "max_body_bytes", 2000),
    ],
)  # fmt: skip
def test_a_value_is_read(monkeypatch, name, value, attribute, expected):
    monkeypatch.setenv(name, value)
    assert getattr(read_settings(), attribute) == expected


def clients_file(tmp_path, monkeypatch):
    file = tmp_path / "clients.toml"
    file.write_text("")
    monkeypatch.setenv("CDS_CLIENTS", str(file))
    return file


def test_clients_make_authentication_required_unless_it_is_off_on_purpose(monkeypatch, tmp_path):
    file = clients_file(tmp_path, monkeypatch)
    with pytest.raises(SettingsError, match="CDS_BASE_URL"):
        read_settings()
    monkeypatch.setenv("CDS_BASE_URL", "https://cds.example.org")
    read = read_settings()
    assert (read.auth_required, read.auth_off, read.clients_file) == (True, False, file)
    check_exposure(read, "10.1.2.3")
    monkeypatch.setenv("CDS_AUTH", "off")
    read = read_settings()
    assert (read.auth_required, read.auth_off) == (False, True)


def test_required_authentication_needs_clients(monkeypatch):
    monkeypatch.setenv("CDS_AUTH", "required")
    monkeypatch.setenv("CDS_BASE_URL", "https://cds.example.org")
    with pytest.raises(SettingsError, match="CDS_CLIENTS"):
        read_settings()


def test_behind_a_proxy_that_makes_it_public_no_page_is_on_by_default(monkeypatch):
    monkeypatch.setenv("CDS_BASE_URL", "https://cds.example.org")
    assert read_settings().pages == frozenset()
    monkeypatch.setenv("CDS_BASE_URL", "http://127.0.0.1:9000")
    assert read_settings().pages == PAGES


@pytest.mark.parametrize("page", ["metrics", "feedback", "all"])
def test_beyond_loopback_operators_pages_need_a_token(monkeypatch, tmp_path, page):
    monkeypatch.setenv("CDS_BASE_URL", "https://cds.example.org")
    monkeypatch.setenv("CDS_PAGES", page)
    with pytest.raises(SettingsError, match="CDS_ADMIN_TOKEN_FILE"):
        read_settings()
    (tmp_path / "token").write_text("t" * 16)
    monkeypatch.setenv("CDS_ADMIN_TOKEN_FILE", str(tmp_path / "token"))
    assert read_settings().pages


def test_knowledge_pages_may_be_shown_without_a_token(monkeypatch):
    monkeypatch.setenv("CDS_HOST", "10.1.2.3")
    monkeypatch.setenv("CDS_PAGES", "knowledge")
    assert read_settings().pages == {"knowledge"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8", "unix:/run/cds.sock"]
)
def test_loopback_is_recognised(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org", ""])  # noqa: S104
def test_other_addresses_are_exposed_only_on_purpose(monkeypatch, host):
    assert not is_loopback(host)
    with pytest.raises(SettingsError, match="CDS_AUTH=off"):
        check_exposure(read_settings(), host)
    monkeypatch.setenv("CDS_AUTH", "off")
    monkeypatch.setenv("CDS_HOST", host)
    check_exposure(read_settings(), host)


def test_operators_pages_are_not_exposed_by_an_address_of_gunicorns_own(monkeypatch, tmp_path):
    monkeypatch.setenv("CDS_AUTH", "off")
    check_exposure(read_settings(), "127.0.0.1")
    with pytest.raises(SettingsError, match="CDS_HOST"):
        check_exposure(read_settings(), "0.0.0.0")  # noqa: S104
    (tmp_path / "token").write_text("a-token-of-operators")
    monkeypatch.setenv("CDS_ADMIN_TOKEN_FILE", str(tmp_path / "token"))
    check_exposure(read_settings(), "0.0.0.0")  # noqa: S104
    monkeypatch.delenv("CDS_ADMIN_TOKEN_FILE")
    monkeypatch.setenv("CDS_PAGES", "knowledge")
    check_exposure(read_settings(), "0.0.0.0")  # noqa: S104
