"""An evaluation that leaves out what its readers cannot take, and names it.

Readers are written to raise on nothing. Where one does all the same, only the resource that it failed on is
lost: each is tried alone, and what fails alone is left out of a second evaluation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cards.evaluate import Evaluation, evaluate
from cards.facts.medications import unreadable
from cards.facts.record import Issue, Record
from cards.facts.resources import Resource

# Keys with fewer resources than this are tried one by one; the rest of a huge record would take seconds.
_MOST_TRIED = 2_000


@dataclass(frozen=True, slots=True)
class _Culprits:
    """Resources that make a reader fail, by identity, and what is said of each."""

    ids: frozenset[int]
    issues: tuple[Issue, ...]


def evaluate_soundly(
    hook: str,
    record: Record,
    drafts: tuple[Resource, ...],
    selections: frozenset[str] | None,
    **given: Any,
) -> Evaluation:
    """As `evaluate`, without the resources that it raises on.

    Raises what `evaluate` raised where no single resource is to blame.
    """
    try:
        return evaluate(hook, record, drafts, selections, **given)
    except Exception:
        found = _culprits(
            record,
            drafts,
            lambda only, orders: evaluate(hook, only, orders, None, **given),
        )
        if not found.ids:
            raise
    keys = {
        key: result._replace(resources=tuple(one for one in result.resources if id(one) not in found.ids))
        for key, result in record.keys.items()
    }
    sound = Record(patient_id=record.patient_id, keys=keys, issues=(*record.issues, *found.issues))
    kept = tuple(one for one in drafts if id(one) not in found.ids)
    return evaluate(hook, sound, kept, selections, **given)


def _culprits(
    record: Record, drafts: tuple[Resource, ...], run: Callable[[Record, tuple[Resource, ...]], object]
) -> _Culprits:
    ids: set[int] = set()
    issues: list[Issue] = []
    bare = {key: result._replace(resources=()) for key, result in record.keys.items()}
    listed = [(key, one) for key, result in record.keys.items() for one in result.resources]
    for key, one in listed[:_MOST_TRIED]:
        alone = record.keys[key]._replace(resources=(one,))
        only = Record(patient_id=record.patient_id, keys={**bare, key: alone})
        _try(one, lambda only=only: run(only, ()), ids, issues)  # type: ignore[misc]
    nothing = Record(patient_id=record.patient_id, keys=bare)
    for one in drafts:
        _try(one, lambda one=one: run(nothing, (one,)), ids, issues)  # type: ignore[misc]
    return _Culprits(frozenset(ids), tuple(issues))


def _try(one: Resource, run: Callable[[], object], ids: set[int], issues: list[Issue]) -> None:
    try:
        run()
    except Exception as error:  # whatever it is, the resource is left out and named
        ids.add(id(one))
        issues.append(unreadable(one, error))
