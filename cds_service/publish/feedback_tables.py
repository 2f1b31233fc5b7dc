"""What became of the cards, as tables without small cells, and the statements to look at."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final

from cards.compose import ALL_OVERRIDE_REASONS
from cards.knowledge.index import Knowledge
from cds_service.figures.charts import Stack
from cds_service.figures.tables import Column, Line, Table, enough, suppressed
from cds_service.store.feedback_counts import NO_REASON, OTHER_REASON, Counts, FeedbackCounts

FLAG_CARDS, FLAG_PERCENT = 200, 95
_NO_LEAD: Final = "No statement leads: data needed, or nothing checked"
_REASONS: Final = {
    **{one.code: one.display for one in ALL_OVERRIDE_REASONS},
    NO_REASON: "No reason given",
    OTHER_REASON: "A reason of the EHR's own list",
}
_NUMBERS: Final = (
    Column("cards", "Cards", "count"),
    Column("accepted", "Accepted", "count"),
    Column("overridden", "Overridden", "count"),
    Column("unanswered", "No answer known", "count"),
    Column("override_share", "Overridden of those answered", "share"),
)


def tables(found: FeedbackCounts, knowledge: Knowledge, least: int) -> tuple[Table, ...]:
    """By statement, reason, client and week; numbers behind which fewer than `least` cards stand are hidden."""
    statements = found.by(1)
    listed = sorted(statements.items(), key=lambda item: (-item[1].cards, item[0]))
    clients = sorted(found.by(0).items(), key=lambda item: (-item[1].cards, item[0]))
    weeks = sorted(found.by(2).items())
    first = (Column("statement", "Statement", "text"), Column("title", "Title", "text"))
    by_statement = _named(listed, lambda name: _title(name, knowledge))
    client, week = (Column("client", "Client", "text"),), (Column("week", "Week from", "text"),)
    return (
        _table("statements", "By statement", first, by_statement, least),
        _reasons("reasons", "Reasons for overriding", [("", found.total())], least),
        _table("clients", "By client", client, _named(clients), least),
        _table("weeks", "By week", week, _named(weeks), least, ordered=True),
        _reasons("statement-reasons", "Reasons by statement", listed, least),
    )


def flagged(found: FeedbackCounts) -> tuple[str, ...]:
    """Statements of which more than 95 percent of at least 200 answered cards were overridden."""
    return tuple(
        sorted(
            name
            for name, one in found.by(1).items()
            if name and one.answered >= FLAG_CARDS and 100 * one.overridden > FLAG_PERCENT * one.answered
        )
    )


def weekly_columns(weeks: Table) -> list[Stack]:
    """The table of weeks as columns of a chart; where the parts are hidden, the sum alone."""
    names = [column.name for column in weeks.columns]
    shown: list[Stack] = []
    for line in weeks.lines:
        values = dict(zip(names, line.cells, strict=True))
        parts = [(name, values[name]) for name in ("overridden", "accepted", "unanswered")]
        if any(value is None for _, value in parts):
            parts = [("unsplit", values["cards"])]
        known = [(name, float(value)) for name, value in parts if isinstance(value, int)]
        shown.append((str(values["week"])[5:], known))
    return shown


def hidden_total(total: Counts, least: int) -> Mapping[str, int | None]:
    """The totals, without those behind which too few cards stand."""
    numbers = _cells(total, least)
    shown = total.cards if total.cards == 0 or total.cards >= least else None
    parts = numbers[1:4] if shown is not None else (None, None, None)
    return {"cards": shown, "accepted": parts[0], "overridden": parts[1], "unanswered": parts[2]}


def _title(name: str, knowledge: Knowledge) -> str:
    found = knowledge.statements.get(name)
    return found.title if found is not None else _NO_LEAD if not name else "A statement of an earlier release"


def _named(
    listed: Iterable[tuple[Any, Counts]], title: Callable[[str], str] | None = None
) -> list[tuple[tuple[str, ...], Counts]]:
    return [
        (((str(name), title(name)) if title is not None else (_text(name),)), counts)
        for name, counts in listed
    ]


def _text(name: str | date) -> str:
    return name.isoformat() if isinstance(name, date) else name


def _table(
    identifier: str,
    title: str,
    first: tuple[Column, ...],
    rows: Iterable[tuple[tuple[str, ...], Counts]],
    least: int,
    *,
    ordered: bool = False,
) -> Table:
    lines = tuple(Line((*names, *_cells(one, least)), one.cards) for names, one in rows)
    made = Table(
        id=identifier,
        title=title,
        columns=(*first, *_NUMBERS),
        lines=lines,
        bar="cards",
        partition="all",
        ordered=ordered,
        least=least,
    )
    return suppressed(made)


def _cells(one: Counts, least: int) -> tuple[Any, ...]:
    """Cards, and how they divide: all parts or none, since one would tell the others."""
    parts = enough([(number, number) for number in (one.accepted, one.overridden, one.unanswered)], least)
    share = one.overridden / one.answered if parts[0] is not None and one.answered else None
    return (one.cards, *parts, share)


def _reasons(identifier: str, title: str, listed: Iterable[tuple[str, Counts]], least: int) -> Table:
    """Reasons of all cards, or of each statement; of a row whose parts are hidden they would tell one of them."""
    by_statement = identifier == "statement-reasons"
    lines = tuple(
        Line((*((name,) if by_statement else ()), _REASONS.get(code, _REASONS[OTHER_REASON]), count), count)
        for name, one in listed
        if one.cards >= least and _cells(one, least)[2] is not None
        for code, count in one.reasons.most_common()
    )
    first = (Column("statement", "Statement", "text"),) if by_statement else ()
    made = Table(
        id=identifier,
        title=title,
        columns=(*first, Column("reason", "Reason", "text"), Column("overridden", "Overridden", "count")),
        lines=lines,
        bar="overridden",
        partition="group" if by_statement else "all",
        least=least,
    )
    return suppressed(made)
