"""What a card says of where its advice comes from: its source and links, and the last lines of its basis.

None of that depends on the patient, so it is worked out once a day for the statements that speak together.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from cards.card import Link, Source
from cards.finding import Finding
from cards.knowledge.governance import Change
from cards.knowledge.index import Remembered
from cards.knowledge.path_words import is_text, path_words
from cards.knowledge.statements import Statement
from cards.rules.context import Context


class Origin(NamedTuple):
    """`lines` name each source once, what the site changed, and the state of review."""

    source: Source
    links: tuple[Link, ...]
    lines: tuple[str, ...]


def origins_of_today(ctx: Context) -> Remembered:
    """What is remembered for the local day: a review may be overdue tomorrow."""
    day = _today(ctx)
    known: tuple[date, Remembered] | None = ctx.knowledge.derived.get("origins")
    if known is None or known[0] != day:
        known = ctx.knowledge.derived["origins"] = (day, Remembered())
    return known[1]


def origin_of(group: Sequence[Finding], ctx: Context, memory: Remembered) -> Origin:
    """The origin of the card of these findings, the lead first."""
    key = (
        ctx.policy.statement_url,
        group[0].topic,
        *[(finding.statement.id, finding.unchecked) for finding in group],
    )
    found: Origin | None = memory.get(key)
    return memory.keep(key, _origin(group, ctx)) if found is None else found


def _today(ctx: Context) -> date:
    return ctx.now.astimezone(ctx.policy.zone).date()


def _origin(group: Sequence[Finding], ctx: Context) -> Origin:
    lead = group[0]
    reference = lead.statement.sources[0]
    label = f"{reference.title}, {reference.section}"
    source = Source(label=label, topic=lead.topic or lead.statement.topic, url=reference.url)
    return Origin(source, _links(lead.statement, ctx), _lines(group, ctx))


def _links(lead: Statement, ctx: Context) -> tuple[Link, ...]:
    """The statement's page, and the lead's further sources: the first is the card's own source."""
    why = ctx.policy.statement_url
    own = () if why is None else (Link("Why this advice", why.format(statement=lead.id)),)
    first, *others = lead.sources
    further = {ref.url: ref.title for ref in others if ref.url != first.url and ref.status != "design"}
    return (*own, *(Link(title, url) for url, title in further.items()))


def _lines(group: Sequence[Finding], ctx: Context) -> tuple[str, ...]:
    said = list({finding.statement.id: finding.statement for finding in group}.values())
    cited = dict.fromkeys(f"{ref.title}, {ref.section}" for one in said for ref in one.sources)
    unchecked = [f.statement.title for f in group if f.unchecked or not f.statement.checked]
    review = _reviewed(said, _today(ctx))
    if unchecked:
        review += f"; not yet checked against its source: {'; '.join(dict.fromkeys(unchecked))}"
    changed = [_of_site(change) for one in said for change in one.changed if not is_text(change.path)]
    return (f"Source: {'; '.join(cited)}", *dict.fromkeys(changed), f"Review: {review}")


def _of_site(change: Change) -> str:
    """A value that is not the source's."""
    what, unit = path_words(change.path)
    values = f"{change.site} {unit}".rstrip(), f"{change.shipped} {unit}".rstrip()
    why = " ".join(change.why.split()).rstrip(".")
    return f"Set by this site: {what} {values[0]}, not {values[1]} ({why})"


def _reviewed(said: Sequence[Statement], day: date) -> str:
    """Who approved the advice; approved is only what all of its statements are."""
    states = {one.review.state_on(day) for one in said}
    if "none" in states:
        part = "all of " if any(one.approved_by for one in said) else ""
        return f"no clinician has approved {part}this advice yet"
    if "lapsed" in states:
        return "this advice has changed since a clinician approved it"
    by = ", ".join(sorted({one.approved_by for one in said if one.approved_by}))
    return f"approved by {by}; the review is overdue" if "overdue" in states else f"approved by {by}"
