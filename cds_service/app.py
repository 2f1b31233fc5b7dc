"""The Flask application: endpoints, errors, headers, log and metrics put together."""

from dataclasses import replace
from pathlib import Path

from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface, SessionMixin

from cds_service.call import Call
from cds_service.errors import register_error_handlers
from cds_service.hooks.invoke import Engine, load_engine
from cds_service.hooks.routes import Clock, hook_routes, now_utc
from cds_service.installation import check_packages
from cds_service.observability.metrics import count_fetch
from cds_service.observability.request_log import log_trouble, set_log_level
from cds_service.observability.requests import register_observation
from cds_service.observability.routes import health_routes
from cds_service.publish.artifacts.routes import artifact_routes
from cds_service.publish.feedback_page import feedback_page
from cds_service.publish.layout import register_layout
from cds_service.publish.openapi import openapi_routes
from cds_service.publish.routes import knowledge_routes
from cds_service.sandbox.fhir_endpoint import sandbox_fhir
from cds_service.sandbox.page import sandbox_page
from cds_service.security.guard import register_guard
from cds_service.security.headers import register_headers
from cds_service.settings import Settings
from cds_service.site_knowledge import refuse_nothing_in_force
from cds_service.worker import Clients, workers

_PUBLISH = Path(__file__).with_name("publish")


class _NoSessions(SessionInterface):
    """Nothing is kept of a caller between two calls, so that Flask need not open a session for each."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> SessionMixin:  # noqa: ARG002  signature of Flask
        """The session that holds nothing and takes nothing."""
        return self._none


def create_app(settings: Settings, engine: Engine | None = None, clock: Clock = now_utc) -> Flask:
    """The application of one site. `clock` is read once per call, at the edge.

    Raises InstallationError, SettingsError, KnowledgeFileError or TableError where the service cannot work.
    """
    check_packages()
    set_log_level(settings.log_level)
    engine = engine or load_engine(settings)
    today = clock().astimezone(engine.policy.zone).date()
    refuse_nothing_in_force(engine.knowledge, today)
    for notice in engine.knowledge.notices(today):
        log_trouble(f"knowledge-{notice.kind}", f"{notice.statement}: {notice.text}")
    # Told here: the command line reads requests too, and must not load the metrics before gunicorn's master.
    engine = replace(engine, fhir=replace(engine.fhir, count=count_fetch))
    pages = "knowledge" in settings.pages
    app = Flask(
        "cds_service",
        static_folder=str(_PUBLISH / "static") if settings.pages - {"metrics"} else None,
        template_folder=str(_PUBLISH / "templates"),
    )
    app.request_class = Call
    app.session_interface = _NoSessions()
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    clients = Clients(settings)
    worker = workers(settings, clients, clock, engine.terminology)
    app.extensions["cds_engine"] = engine
    app.extensions["cds_clients"] = clients
    app.extensions["cds_worker"] = worker
    register_observation(app, engine, worker, clock)
    register_guard(app, settings, worker)
    register_headers(app, settings)
    register_error_handlers(app, settings.max_body_bytes)
    register_layout(app, engine, settings)
    app.register_blueprint(hook_routes(engine, worker))
    auth = "required" if settings.auth_required else "off"
    app.register_blueprint(
        health_routes(engine, auth, "metrics" in settings.pages, lambda: worker.get().state())
    )
    if pages:
        app.register_blueprint(knowledge_routes(engine))
        app.register_blueprint(artifact_routes(engine))
        app.register_blueprint(openapi_routes())
    if "sandbox" in settings.pages:
        app.register_blueprint(sandbox_page(engine, lambda: worker.get().store))
        app.register_blueprint(sandbox_fhir(settings.zone, switches=settings.only_this_machine))
    if "feedback" in settings.pages:
        app.register_blueprint(feedback_page(engine, lambda: worker.get().store))
    return app
