"""The page of alert burden: how often each statement spoke, and what prescribers made of it.

Counts only. What clinicians wrote is in the export of the command line and never on a page.
"""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Final

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from cds_service.call import this_call
from cds_service.errors import Problem, Refused
from cds_service.figures.charts import bar, stacked_columns
from cds_service.figures.tables import Line, Table, written
from cds_service.hooks.invoke import Engine
from cds_service.publish.feedback_tables import (
    FLAG_CARDS,
    FLAG_PERCENT,
    flagged,
    hidden_total,
    tables,
    weekly_columns,
)
from cds_service.publish.layout import allow_forms
from cds_service.spreadsheet import table as csv_text
from cds_service.store.breaker import StoreDownError
from cds_service.store.feedback_counts import FeedbackCounts
from cds_service.store.store import Store

# What takes long to count is counted anew once a minute at most.
_SLOW_SECONDS, _KEPT_SECONDS = 0.25, 60.0
_DAYS: Final = {str(days): days for days in (7, 30, 90, 365)}


def feedback_page(engine: Engine, store: Callable[[], Store]) -> Blueprint:
    """The blueprint of /feedback; `?days=` is one of 7, 30, 90, 365."""
    routes = Blueprint("feedback_page", __name__)
    allow_forms(routes)
    least = engine.settings.small_cells

    slow: dict[int, tuple[float, FeedbackCounts]] = {}

    def counted() -> tuple[FeedbackCounts, int]:
        days = _DAYS.get(request.args.get("days", "30"))
        if days is None:
            raise Refused(400, Problem("value", "days must be 7, 30, 90 or 365.", "days"))
        began, now = monotonic(), this_call().now
        kept = slow.get(days)
        if kept is not None and began - kept[0] < _KEPT_SECONDS:
            return kept[1], days
        try:
            found = store().feedback_counts(now - timedelta(days=days), now + timedelta(seconds=1))
        except StoreDownError:
            raise Refused(503, Problem("transient", "The database does not answer.")) from None
        if monotonic() - began > _SLOW_SECONDS:
            slow[days] = (began, found)
        return found, days

    @routes.get("/feedback")
    def show() -> str:
        found, days = counted()
        made = tables(found, engine.knowledge, least)
        weeks = next(one for one in made if one.id == "weeks")
        return render_template(
            "feedback.html",
            tables=made,
            total=hidden_total(found.total(), least),
            demo=found.demo,
            days=days,
            choices=tuple(_DAYS.values()),
            least=least,
            flagged=flagged(found),
            flag_cards=FLAG_CARDS,
            flag_percent=FLAG_PERCENT,
            known=engine.knowledge.statements,
            chart=stacked_columns(weekly_columns(weeks), "weeks", "Cards by week: see the table of weeks"),
            written=written,
            bar_of=_bar_of,
            numeric=_numeric,
        )

    @routes.get("/feedback.csv")
    def download() -> Response:
        found, days = counted()
        rows = (
            (one.id, *_row(one, line), "yes" if line.hidden else "no", "yes" if found.demo else "no")
            for one in tables(found, engine.knowledge, least)
            for line in one.lines
        )
        columns = ("table", *_CSV, "hidden", "demo_data")
        response = Response(csv_text(columns, rows), content_type="text/csv; charset=utf-8")
        name = f"feedback-{days}-days{'-demo' if found.demo else ''}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    return routes


_CSV: Final = (
    "statement", "title", "client", "week", "reason", "cards", "accepted", "overridden", "unanswered",
    "override_share",
)  # fmt: skip


def _row(table: Table, line: Line) -> list[object]:
    """The cells of a line under the columns that all tables share."""
    cells = {column.name: cell for column, cell in zip(table.columns, line.cells, strict=True)}
    found = [cells.get(name) for name in _CSV]
    return [round(one, 4) if isinstance(one, float) else one for one in found]


def _numeric(table: Table, place: int) -> bool:
    return table.columns[place].kind != "text"


def _bar_of(table: Table, line: Line) -> Markup:
    """The bar of a row, relative to the largest of its table."""
    place = next(number for number, column in enumerate(table.columns) if column.name == table.bar)
    most = max((_value(one.cells[place]) for one in table.lines), default=0.0)
    return bar(_value(line.cells[place]), most)


def _value(cell: object) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0
