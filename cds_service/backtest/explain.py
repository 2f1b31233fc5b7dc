"""The trace of one order of a run, from its hash: the order is looked up in the sources again."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cards.facts.medications import ORDER_TYPES
from cards.facts.procedures import SERVICE_TYPES
from cards.facts.resources import Resource
from cards.trace import trace
from cds_service.backtest.identity import fingerprint
from cds_service.backtest.keeping import Kept, keep
from cds_service.backtest.moments import signed
from cds_service.backtest.patient_orders import Bench, evaluation_of, order_hash
from cds_service.backtest.reading import Bad, Deleted, Lines, read_piece
from cds_service.backtest.record_at import history
from cds_service.backtest.report import read_manifest
from cds_service.backtest.settings import RunSettings, bench_for
from cds_service.backtest.sources import Source, digest, find_sources, pieces
from cds_service.backtest.versions import Entry, read_entries

_EVALUATED = ORDER_TYPES | SERVICE_TYPES


class NotExplained(ValueError):  # noqa: N818  named for what happened
    """The order cannot be shown; the message says why and what to do."""


def explain(out: Path, wanted: str, elsewhere: list[Path], key: bytes) -> dict[str, Any]:
    """The trace of the order with that hash. Raises NotExplained, NoRun, SourceError.

    It holds what the record says: it is for the terminal of someone who may see the sources.
    """
    manifest = read_manifest(out)
    if fingerprint(key) != manifest["hash_key"]:
        raise NotExplained("this is not the hash key of the run: name the right one with --hash-key")
    bench = bench_for(_settings(manifest), key)
    found = find_sources(elsewhere or [Path(one["path"]) for one in manifest["sources"]])
    patient, kind, name = _identified(found, wanted, bench)
    resources, needs = _record(found, patient, bench)
    resources += [one.resource for one in _kept(found, bench) if one.kind == "Medication" and one.id in needs]
    entries, left_out = read_entries(resources, bench.policy.zone)
    entry = next((one for one in entries if (one.kind, one.id) == (kind, name)), None)
    if entry is None:
        raise NotExplained("this order was not evaluated: it is entered in error, or the server deleted it")
    moment, why = signed(entry.versions[0].resource, bench.policy.zone)
    if moment is None:
        raise NotExplained(f"this order was not evaluated: {why}")
    past = history(patient, entries, bench.terminology, bench.policy.zone)
    shown = trace(evaluation_of(past, entry, moment, f"backtest|explain|{wanted}", bench))
    return {
        "order": {
            "hash": wanted,
            "evaluated_at": moment.isoformat(),
            "on_file_then": _on_file(entries, entry, moment, bench),
            "left_out": left_out,
        },
        **shown,
        "issues": [*shown["issues"], *_doubts(manifest, found, bench)],
    }


def _settings(manifest: dict[str, Any]) -> RunSettings:
    stored = manifest["settings"]
    paths = {
        name: Path(stored[name]) if stored.get(name) else None
        for name in ("overlay", "rxnorm_file", "value_sets_folder")
    }
    return RunSettings(
        jurisdiction=stored["jurisdiction"],
        zone=ZoneInfo(stored["zone"]).key,
        since=None,
        until=None,
        in_force_on=date.fromisoformat(stored["in_force_on"]),
        require_approval=stored["require_approval"],
        **paths,
    )


def _identified(found: list[Source], wanted: str, bench: Bench) -> tuple[str, str, str]:
    def is_wanted(one: Kept) -> bool:
        return one.kind in _EVALUATED and order_hash(one.patient, one.kind, one.id, bench.key) == wanted

    one = next(_kept(found, bench, is_wanted), None)
    if one is None:
        raise NotExplained(
            "no order in the sources has this hash; where an order has no id it cannot be looked up"
        )
    return one.patient, one.kind, one.id


def _record(found: list[Source], patient: str, bench: Bench) -> tuple[list[Resource], set[str]]:
    mine = list(_kept(found, bench, lambda one: one.patient == patient and one.kind != "Medication"))
    gone = {(one.kind, one.id) for one in _deleted(found)}
    standing = [one for one in mine if (one.kind, one.id) not in gone]
    return [one.resource for one in standing], {name for one in standing for name in one.needs}


def _items(found: Iterable[Source]) -> Iterator[Resource | Deleted]:
    for piece in pieces(found):
        for item in read_piece(piece, Lines()):
            if not isinstance(item, Bad):
                yield item[1]


def _kept(
    found: Iterable[Source], bench: Bench, wanted: Callable[[Kept], bool] = lambda _: True
) -> Iterator[Kept]:
    for item in _items(found):
        if not isinstance(item, Deleted):
            one = keep(item, bench.terminology)
            if isinstance(one, Kept) and wanted(one):
                yield one


def _deleted(found: Iterable[Source]) -> Iterator[Deleted]:
    return (item for item in _items(found) if isinstance(item, Deleted))


def _on_file(entries: Iterable[Entry], order: Entry, moment: Any, bench: Bench) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in entries:
        if entry is not order and entry.at(moment, bench.policy.zone) is not None:
            counts[entry.kind] = counts.get(entry.kind, 0) + 1
    return counts


def _doubts(manifest: dict[str, Any], found: list[Source], bench: Bench) -> list[dict[str, str]]:
    """What differs from the run, so that the trace may differ from its rows."""
    doubts = []
    if {one["sha256"] for one in manifest["sources"]} != {digest(source.path) for source in found}:
        doubts.append("the sources are not those of the run")
    for name, version in (("knowledge", bench.knowledge.version), ("terminology", bench.terminology.version)):
        if manifest["versions"][name] != version:
            doubts.append(f"the {name} is not that of the run")
    return [{"code": "differs-from-run", "text": one} for one in doubts]
