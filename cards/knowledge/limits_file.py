"""Files of limits: plain values by name, each with its unit, its source and how it is known.

A limit that is not in order stops the start with file, line and field.
"""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read

Grid = tuple[tuple[Decimal, int], ...]
Limits = TypeVar("Limits")

_EVIDENCE = frozenset({"seen", "recall", "design"})
_ENTRY = frozenset({"value", "unit", "source", "evidence"})
_SOURCE = frozenset({"title", "section", "url"})
_UNIT_BY_ENDING = {
    "_miu_ml": "mIU/mL", "_mg_dl": "mg/dL", "_umol_l": "umol/L", "_ml_min": "mL/min", "_kg": "kg",
    "_cm": "cm", "_years": "a", "_hours": "h", "_days": "d", "_sets": "value set",
    "_classes": "drug class", "_words": "word",
}  # fmt: skip


def load_limits(path: Path, kind: type[Limits]) -> Limits:
    """The limits in `path` as `kind`, a dataclass with a field for each.

    The ending of a name is its unit. Raises KnowledgeFileError for whatever is missing, unknown or wrong.
    """
    document = read(path)
    sources, entries = _part(path, document, "sources"), _part(path, document, "limits")
    for name, source in sources.items():
        if not isinstance(source, dict) or source.keys() != _SOURCE or not source["title"]:
            raise _error(path, ["sources", name], "a source needs title, section and url, and nothing else")
    types: dict[str, Any] = {field.name: field.type for field in fields(kind)}  # type: ignore[arg-type]
    for name in entries:
        if name not in types:
            raise _error(path, ["limits", name], "no such limit")
    values: dict[str, Any] = {}
    for name, wanted in types.items():
        if name not in entries:
            raise _error(path, ["limits"], f"limit {name} is missing")
        entry = entries[name]
        _check_entry(path, name, entry, sources)
        values[name] = _value(path, name, entry["value"], wanted)
    return kind(**values)


def _part(path: Path, document: Any, name: str) -> Mapping[str, Any]:
    part = document.get(name) if isinstance(document, dict) else None
    if not isinstance(part, dict):
        raise KnowledgeFileError(f"{path.name}: {name} is missing or no mapping")
    return part


def _error(path: Path, keys: list[str | int], problem: str) -> KnowledgeFileError:
    return KnowledgeFileError(
        f"{path.name} line {line_of(path, keys)}: {'.'.join(map(str, keys))}: {problem}"
    )


def _check_entry(path: Path, name: str, entry: Any, sources: Mapping[str, Any]) -> None:
    where: list[str | int] = ["limits", name]
    if not isinstance(entry, dict) or entry.keys() != _ENTRY:
        raise _error(path, where, "a limit needs value, unit, source and evidence, and nothing else")
    if str(entry["evidence"]) not in _EVIDENCE:
        raise _error(path, where, f"evidence must be one of {', '.join(sorted(_EVIDENCE))}")
    source = sources.get(str(entry["source"]))
    if source is None:
        raise _error(path, where, f"no source called {entry['source']}")
    if entry["evidence"] != "design" and not source["url"]:
        raise _error(path, where, "a limit that is no design choice needs a source with a url")
    expected = next((unit for ending, unit in _UNIT_BY_ENDING.items() if name.endswith(ending)), "1")
    if entry["unit"] != expected:
        raise _error(path, where, f"the unit must be {expected}")


def _value(path: Path, name: str, value: Any, kind: Any) -> Any:
    where: list[str | int] = ["limits", name]
    if kind is int and isinstance(value, int) and value > 0:
        return value
    if kind is Decimal and isinstance(value, int | Decimal) and value > 0:
        return Decimal(value)
    if kind is Grid and _is_grid(value):
        return tuple((Decimal(below), days) for below, days in value)
    if (
        kind == tuple[str, ...]
        and isinstance(value, list)
        and value
        and all(isinstance(v, str) for v in value)
    ):
        return tuple(value)
    raise _error(path, where, "the value has the wrong type or is not above 0")


def _is_grid(value: Any) -> bool:
    if not isinstance(value, list) or not all(isinstance(row, list) and len(row) == 2 for row in value):
        return False
    if not all(isinstance(cell, int) and cell > 0 for row in value for cell in row):
        return False
    edges = [row[0] for row in value]
    return edges == sorted(set(edges))
