import pytest
from hook_requests import NOW

from cds_service.app import create_app
from cds_service.hooks.invoke import load_engine
from cds_service.settings import Settings

SETTINGS = Settings(
    base_url="http://cds.example.org",
    pages=frozenset({"knowledge", "metrics"}),
    cors_origins=frozenset({"https://ehr.example.org"}),
    max_body_bytes=200_000,
    max_resources=50,
)


@pytest.fixture(scope="session")
def settings():
    return SETTINGS


@pytest.fixture(scope="session")
def engine(settings):
    return load_engine(settings)


@pytest.fixture(scope="session")
def app(settings, engine):
    return create_app(settings, engine, clock=lambda: NOW)


@pytest.fixture
def client(app):
    return app.test_client()
