"""The results that statements may ask for, from cards/knowledge/labs.yaml; loaded once at import."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read

PATH: Final = Path(__file__).parents[1] / "knowledge" / "labs.yaml"
_MEMBERS = frozenset({"title", "value_set", "key", "unit", "low", "high", "order"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A kind of result: its codes, the unit of its numbers, what is plausible, how to order it.

    `key` is the prefetch key that asks for it.
    """

    name: str
    title: str
    value_set: str
    key: str
    unit: str
    low: Decimal
    high: Decimal
    order_code: str = ""
    order_display: str = ""


def read_labs(path: Path = PATH) -> Mapping[str, Lab]:
    """The labs of a file by name. Raises KnowledgeFileError naming file, line and field."""
    document = read(path)
    labs = document.get("labs") if isinstance(document, dict) else None
    if not isinstance(labs, dict) or set(document) != {"labs"}:
        raise KnowledgeFileError(f"{path.name}: needs a mapping `labs` and nothing else")
    return {name: _lab(path, name, row) for name, row in labs.items()}


def _lab(path: Path, name: str, row: Any) -> Lab:
    def wrong(field: str, what: str) -> KnowledgeFileError:
        line = line_of(path, ("labs", name, field))
        return KnowledgeFileError(f"{path.name}: line {line}: labs.{name}.{field}: {what}")

    if not isinstance(row, dict):
        raise wrong("title", "needs a mapping")
    for field in row:
        if field not in _MEMBERS:
            raise wrong(field, "unknown member")
    for field in ("title", "value_set", "key", "unit"):
        if not isinstance(row.get(field), str):
            raise wrong(field, "needs a text")
    for field in ("low", "high"):
        if isinstance(row.get(field), bool) or not isinstance(row.get(field), int | Decimal):
            raise wrong(field, "needs a number")
    order = row.get("order") or {}
    if order and set(order) != {"code", "display"}:
        raise wrong("order", "needs code and display")
    return Lab(
        name=name,
        title=row["title"],
        value_set=row["value_set"],
        key=row["key"],
        unit=row["unit"],
        low=Decimal(row["low"]),
        high=Decimal(row["high"]),
        order_code=order.get("code", ""),
        order_display=order.get("display", ""),
    )


LABS: Final = read_labs()
