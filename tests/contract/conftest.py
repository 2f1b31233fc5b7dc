from dataclasses import replace

import pytest
from chart import chart
from databases import database, postgres  # noqa: F401  fixtures
from fhir_app import SHORT, app_of
from fhir_server import fhir_server
from hook_requests import NOW

from cds_service.app import create_app
from cds_service.hooks.invoke import load_engine
from cds_service.settings import Settings
from cds_service.store.schema import upgrade
from cds_service.store.settings import prepare, store_settings

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


@pytest.fixture(scope="module")
def calm(engine, settings):
    return app_of(engine, settings).test_client()


@pytest.fixture(scope="module")
def hurried(engine, settings):
    return app_of(engine, settings, time_budget_ms=SHORT).test_client()


@pytest.fixture(scope="module")
def small(engine, settings):
    return app_of(engine, settings, max_fetch_bytes=100_000).test_client()


@pytest.fixture
def server():
    with fhir_server(chart()) as running:
        yield running


@pytest.fixture
def serve(engine, settings, tmp_path):
    """Makes an application with other settings; with a database, its tables are made. Closed after the test."""
    made = []

    def make(clock=lambda: NOW, **changes):
        if "database_url" in changes:
            changes.setdefault("hash_key_file", tmp_path / "hash-key")
            changes["hash_key_file"].write_text("k" * 64)
        own = replace(settings, **changes)
        stored = store_settings(own)
        if stored is not None:
            upgrade(stored.url)
            assert prepare(stored) == ""
        app = create_app(own, replace(engine, settings=own), clock=clock)
        made.append(app)
        return app

    yield make
    for app in made:
        worker = app.extensions["cds_worker"].made()
        if worker is not None:
            worker.close()
