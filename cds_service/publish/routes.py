"""Pages that show a statement as the cards use it: what a card's "Why this advice" link opens."""

from datetime import date
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request

from cards.knowledge.loader import HOME
from cards.knowledge.seed import VERDICTS, read_seed
from cds_service.call import this_call
from cds_service.errors import JSON_TYPE, Problem, Refused
from cds_service.hooks.invoke import Engine
from cds_service.in_force import in_words
from cds_service.json_bytes import to_bytes
from cds_service.publish.attributes import REGULATION
from cds_service.publish.case_results import CaseResults
from cds_service.publish.changelog import changelog
from cds_service.publish.downloads import as_csv, as_json
from cds_service.publish.layout import allow_forms
from cds_service.publish.release_words import release_words
from cds_service.publish.statement_index import (
    EVIDENCE,
    REVIEW_STATES,
    STANDINGS,
    Filter,
    about,
    drug_names,
    found,
    grouped,
    kinds,
    severities,
)
from cds_service.publish.statement_page import statement_view

CSV_TYPE: Final = "text/csv; charset=utf-8"


def knowledge_routes(engine: Engine) -> Blueprint:
    """The blueprint of /knowledge. Patient data never reaches these pages: they show files only."""
    routes = Blueprint("knowledge", __name__)
    allow_forms(routes)
    terms, zone = engine.terminology, engine.policy.zone
    seed = read_seed(HOME)
    results = CaseResults(terms, engine.settings.knowledge_overlay)

    def today() -> date:
        return this_call().now.astimezone(zone).date()

    @routes.get("/knowledge")
    def index() -> str:
        day = today()
        knowledge, asked = engine.knowledge.on(day), Filter.of(request.args)
        listed = found(knowledge, terms, asked, day)
        return render_template(
            "index.html",
            groups=grouped(listed),
            count=len(listed),
            total=len(knowledge.statements),
            knowledge=knowledge,
            asked=asked,
            day=day,
            about=about,
            drugs=drug_names(knowledge),
            kinds=kinds(knowledge),
            severities=severities(),
            evidence=EVIDENCE,
            review_states=REVIEW_STATES,
            standings=STANDINGS,
            notices=knowledge.notices(day),
            not_speaking=in_words(knowledge),
            approved=sum(
                1 for one in knowledge.statements.values() if one.review.state_on(day) == "approved"
            ),
        )

    @routes.get("/knowledge/<statement_id>")
    def statement(statement_id: str) -> str:
        day = today()
        knowledge = engine.knowledge.on(day)
        one = knowledge.statements.get(statement_id)
        if one is None:
            raise Refused(404, Problem("not-found", "There is no statement of this id; see /knowledge."))
        cases, release = results.of(one.id, knowledge), release_words(knowledge)
        view = statement_view(one, knowledge, terms, seed, cases, day, release)
        return render_template(
            "statement.html",
            view=view,
            release=release,
            evidence=EVIDENCE,
            is_link=is_link,
            regulation=REGULATION,
        )

    @routes.get("/knowledge/claims")
    def claims() -> str:
        asked = request.args.get("verdict", "")
        listed = sorted(
            (name, one)
            for name, one in seed.claims.items()
            if asked in ("", one.verdict) or asked not in VERDICTS
        )
        return render_template(
            "claims.html",
            claims=listed,
            total=len(seed.claims),
            verdicts=VERDICTS,
            asked=asked,
            lines=seed.information,
        )

    @routes.get("/knowledge/changelog")
    def changes() -> str:
        release = release_words(engine.knowledge.on(today()))
        return render_template("changelog.html", entries=changelog(), release=release)

    @routes.get("/knowledge.csv")
    def table() -> Response:
        text = as_csv(engine.knowledge.on(today()), terms, today(), release_words(engine.knowledge))
        return _download(text.encode(), CSV_TYPE, "knowledge.csv")

    @routes.get("/knowledge.json")
    def document() -> Response:
        whole = as_json(engine.knowledge.on(today()), terms, today(), release_words(engine.knowledge))
        return _download(to_bytes(whole), JSON_TYPE, "knowledge.json")

    return routes


def _download(body: bytes, kind: str, name: str) -> Response:
    response = Response(body, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def is_link(url: str) -> bool:
    """Whether a browser opens it as a page: a source of a site may name anything."""
    return urlsplit(url).scheme in ("http", "https")
