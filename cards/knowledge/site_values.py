"""Puts a site's decisions on the shipped statements: other values, switch-offs, approvals."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cards.card import Indicator
from cards.knowledge.governance import Change, Review
from cards.knowledge.never_off import never_off
from cards.knowledge.overlay import Overlay, SiteValues
from cards.knowledge.rule_types import ProcedureHold, RenalDose
from cards.knowledge.statement_file import Written, statement_of
from cards.knowledge.statements import Statement
from cards.knowledge.strict_yaml import KnowledgeFileError
from cards.knowledge.values import NotAValueError, value_at, value_text, with_values

Wrong = Callable[..., KnowledgeFileError]
"""(text, further members) to the error that names the file in which it has to be put right."""


def as_site_has_it(
    written: Written, shipped: Statement, site: Overlay, *, of_site: bool
) -> tuple[Mapping[str, Any], Statement, Wrong]:
    """The statement as written and as loaded, with the site's values, and who to blame for what is wrong in it.

    Raises KnowledgeFileError for a change that is none of a value, that makes the statement unsound, or that
    takes away what a site must keep.
    """
    sets = site.changes.get(shipped.id, ())
    off = site.off.get(shipped.id)
    if of_site:
        for one in sets:
            raise one.where.error(f"{shipped.id} is the site's own statement: change its file", "statement")
        return written.raw, replace(shipped, of_site=True, switched_off=off), written.error
    kept = never_off().why(shipped)
    if off is not None and kept:
        raise site.off_where[shipped.id].error(f"{shipped.id} cannot be switched off: {kept}", "statement")
    if not sets:
        return written.raw, replace(shipped, switched_off=off), written.error
    raw, changes = written.raw, []
    for one in sets:
        raw = _with(raw, one)
        changes += [_change(written.raw, one, path) for path in one.values]

    def wrong(text: str, *further: str | int) -> KnowledgeFileError:
        member = ".".join(str(one) for one in further)
        said = f"{member}: {text}" if member else text
        return sets[-1].where.error(f"{shipped.id} would not be sound: {said}", "set")

    try:
        made = statement_of(written.with_raw(raw))
    except KnowledgeFileError as error:
        raise wrong(
            str(error).partition(f"{written.where[0]}.{written.where[1]}.")[2] or str(error)
        ) from error
    if kept:
        _refuse_muted(shipped, made, wrong, kept)
    return raw, replace(made, changed=tuple(changes), switched_off=off), wrong


def reviewed(statement: Statement, fingerprint: str, site: Overlay) -> Statement:
    """The statement with its approvals; only those of its present content count."""
    history = site.approvals.get(statement.id, ())
    current = next((one for one in reversed(history) if one.fingerprint == fingerprint), None)
    return replace(statement, fingerprint=fingerprint, review=Review(current=current, history=history))


def refuse_unknown(site: Overlay, statements: Mapping[str, Statement]) -> None:
    """Raises KnowledgeFileError for a change or switch-off of a statement that does not exist."""
    for name, sets in site.changes.items():
        if name not in statements:
            raise sets[0].where.error(f"there is no statement {name}", "statement")
    for name, where in site.off_where.items():
        if name not in statements:
            raise where.error(f"there is no statement {name}", "statement")


def _with(raw: Mapping[str, Any], one: SiteValues) -> dict[str, Any]:
    try:
        return with_values(raw, one.values)
    except NotAValueError as error:
        path = next((path for path in one.values if str(error).startswith(f"{path}: ")), "")
        raise one.where.error(str(error), "set", path) from None


def _change(shipped: Mapping[str, Any], one: SiteValues, path: str) -> Change:
    try:
        value = value_at(shipped, path)
    except NotAValueError as error:  # another change of the site made the entry that this one names
        raise one.where.error(f"{error}; paths are those of the shipped statement", "set", path) from None
    if path not in one.base:
        text = f"base of {path} is missing: write down the shipped value, {value_text(value)}, so that a release "
        raise one.where.error(f"{text}that changes it is noticed", "set", path)
    return Change(
        path=path,
        shipped=value_text(value),
        site=value_text(one.values[path]),
        base=value_text(one.base[path]),
        why=one.why,
        owner=one.owner,
    )


def _refuse_muted(shipped: Statement, made: Statement, wrong: Wrong, kept: str) -> None:
    """A severity below warning is as good as a switch-off: most hooks show nothing of it."""
    for before, after in zip(_severities(shipped), _severities(made), strict=True):
        if after < Indicator.warning <= before:
            raise wrong(f"its severity cannot go below warning: {kept}")


def _severities(statement: Statement) -> Iterator[Indicator]:
    yield statement.severity
    yield from (step.to for step in (*statement.escalations, *statement.caps))
    if isinstance(statement.rule, RenalDose):
        yield statement.rule.avoid_severity
    if isinstance(statement.rule, ProcedureHold):
        yield from (hold.most for hold in statement.rule.holds)
