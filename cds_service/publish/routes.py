"""Pages that show a statement as the cards use it: what a card's "Why this advice" link opens."""

from urllib.parse import urlsplit

from flask import Blueprint, render_template

from cards.knowledge.loader import Knowledge
from cards.knowledge.statements import Statement
from cds_service.errors import Problem, Refused
from cds_service.publish.in_words import escalations_in_words, rule_in_words

_EVIDENCE = {
    "seen": "read in a copy of the source",
    "recall": "from general knowledge, not yet checked against the source",
    "recall+seen": "partly read in a copy of the source, partly from general knowledge and not yet checked",
    "design": "a design choice of this service, not a clinical source",
}


def review_state(statement: Statement) -> str:
    """Who approved a statement, in words."""
    if statement.approved_by:
        return f"approved by {statement.approved_by}"
    return "no clinician has approved this statement yet"


def knowledge_routes(knowledge: Knowledge) -> Blueprint:
    """The blueprint of /knowledge. Patient data never reaches these pages: they show files only."""
    routes = Blueprint("knowledge", __name__)
    ordered = sorted(knowledge.statements.values(), key=lambda one: (one.file, one.order, one.id))

    @routes.get("/knowledge")
    def index() -> str:
        return render_template(
            "index.html", statements=ordered, version=knowledge.version, review_state=review_state
        )

    @routes.get("/knowledge/<statement_id>")
    def statement(statement_id: str) -> str:
        found = knowledge.statements.get(statement_id)
        if found is None:
            raise Refused(404, Problem("not-found", "There is no statement of this id; see /knowledge."))
        rows, tables = rule_in_words(found.rule)
        return render_template(
            "statement.html",
            statement=found,
            rows=rows,
            tables=tables,
            raised=escalations_in_words(found.escalations),
            lowered=escalations_in_words(found.caps),
            evidence=_EVIDENCE[found.evidence],
            source_evidence=_EVIDENCE,
            is_link=_is_link,
            review_state=review_state(found),
            version=knowledge.version,
        )

    return routes


def _is_link(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https")
