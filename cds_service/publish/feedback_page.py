"""The page of alert burden: per statement how often it spoke, and what prescribers made of it.

Counts only. What clinicians wrote is in the export of the command line and never on a page.
"""

from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, g, render_template, request

from cards.compose import OVERRIDE_REASONS
from cards.knowledge.loader import Knowledge
from cds_service.errors import Problem, Refused
from cds_service.store.breaker import StoreDownError
from cds_service.store.store import Store

_DAYS = (7, 30, 90, 365)
_REASONS = {one.code: one.display for one in OVERRIDE_REASONS}


def feedback_page(knowledge: Knowledge, store: Callable[[], Store]) -> Blueprint:
    """The blueprint of /feedback; `?days=` is one of 7, 30, 90, 365."""
    routes = Blueprint("feedback_page", __name__)

    @routes.get("/feedback")
    def show() -> str:
        days = request.args.get("days", default=30, type=int)
        if days not in _DAYS:
            raise Refused(400, Problem("value", "days must be 7, 30, 90 or 365.", "days"))
        try:
            rows = store().burden(g.now - timedelta(days=days))
        except StoreDownError:
            raise Refused(503, Problem("transient", "The database does not answer.")) from None
        titles = {name: one.title for name, one in knowledge.statements.items()}
        return render_template(
            "feedback.html",
            rows=rows,
            days=days,
            choices=_DAYS,
            titles=titles,
            reason=_reason,
            version=knowledge.version,
        )

    return routes


def _reason(code: str) -> str:
    """The words of a reason that this service offers; another client's own code stays a code."""
    return _REASONS.get(code, code)
