"""The tables of a report, and what of them is not shown because too few patients stand behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["text", "count", "rate", "share", "hashes"]
# What stands in place of a suppressed number.
HIDDEN = "hidden"

Cell = str | int | float | None | list[str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in files, its heading, and how its cells are written."""

    name: str
    heading: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `patients` stand behind its numbers; `hidden` once it is suppressed."""

    cells: tuple[Cell, ...]
    patients: int
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. `bar` is the column drawn as bars; `ordered` rows stand in an order of their own (years, ages).

    `partition`: its rows add up to a total shown elsewhere; "group": those of each first cell do. `least` is
    the number of patients below which rows are suppressed; 0 where rows are not about patients.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    note: str = ""
    bar: str = ""
    partition: Literal["", "all", "group"] = ""
    ordered: bool = False
    least: int = 0

    def as_json(self) -> dict[str, Any]:
        """Title, note and rows by column name; a suppressed number is null, with `suppressed` true."""
        rows: list[dict[str, Any]] = []
        for line in self.lines:
            row: dict[str, Any] = {
                column.name: cell for column, cell in zip(self.columns, line.cells, strict=True)
            }
            rows.append({**row, "suppressed": True} if line.hidden else row)
        return {"title": self.title, "note": self.note, "rows": rows}


def suppressed(table: Table) -> Table:
    """The table without the numbers of rows behind which fewer than `least` patients stand.

    Where one row alone would be hidden it could be worked out from the total, so the next smallest is hidden
    with it. Hidden rows follow in alphabetical order, unless the rows have an order of their own: else their
    place would tell their size.
    """
    if not table.least:
        return table
    small = {place for place, line in enumerate(table.lines) if 0 < line.patients < table.least}
    if table.partition:
        small |= _given_away(table, small)
    if table.ordered:
        lines = (
            _hidden(table.columns, line) if place in small else line for place, line in enumerate(table.lines)
        )
        return replace(table, lines=tuple(lines))
    shown = [line for place, line in enumerate(table.lines) if place not in small]
    hidden = sorted(
        (_hidden(table.columns, table.lines[place]) for place in small), key=lambda line: str(line.cells)
    )
    return replace(table, lines=(*shown, *hidden))


def _given_away(table: Table, small: set[int]) -> set[int]:
    """The next smallest row of each part of the table in which one row alone is hidden."""
    more: set[int] = set()
    parts: dict[object, list[int]] = {}
    for place, line in enumerate(table.lines):
        parts.setdefault(line.cells[0] if table.partition == "group" else None, []).append(place)
    for places in parts.values():
        others = [place for place in places if place not in small and table.lines[place].patients]
        if len(small.intersection(places)) == 1 and others:
            more.add(min(others, key=lambda place: table.lines[place].patients))
    return more


def enough(numbers: Sequence[tuple[int, int]], least: int) -> list[int | None]:
    """Parts of a row's number, given as (number, patients behind it): all of them, or none.

    None where fewer than `least` patients stand behind one: the others would give it away.
    """
    if any(0 < patients < least for _, patients in numbers):
        return [None] * len(numbers)
    return [number for number, _ in numbers]


def _hidden(columns: Sequence[Column], line: Line) -> Line:
    cells: list[Cell] = []
    for column, cell in zip(columns, line.cells, strict=True):
        if column.kind == "text":
            cells.append(cell)
        elif column.kind == "hashes" and isinstance(cell, list):
            cells.append(cell[:1])  # how many there are would tell the number
        else:
            cells.append(None)
    return Line(tuple(cells), 0, hidden=True)


def written(table: Table, line: Line, place: int) -> str:
    """A cell as people read it."""
    kind, cell = table.columns[place].kind, line.cells[place]
    if isinstance(cell, list):
        return ", ".join(cell)
    if cell is None:
        return HIDDEN
    if isinstance(cell, str):
        return cell
    if kind == "rate":
        return f"{cell:,.2f}" if abs(cell) < 10 else f"{cell:,.1f}"
    return f"{cell:.1%}" if kind == "share" else f"{cell:,}"


def lines_of(rows: Iterable[Sequence[Any]]) -> tuple[Line, ...]:
    """Rows whose last value is the number of patients behind them."""
    return tuple(Line(tuple(row[:-1]), int(row[-1])) for row in rows)
