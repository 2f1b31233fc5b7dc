"""The report as Markdown, and its tables as CSV."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.backtest.report.summary import headline, provenance
from cds_service.figures.tables import Table, written


def csv_text(table: Table) -> str:
    """The table as CSV with full numbers; a suppressed number is empty, and the last column says so."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(column.name for column in table.columns), "suppressed"])
    for line in table.lines:
        cells = (" ".join(cell) if isinstance(cell, list) else cell for cell in line.cells)
        writer.writerow([*cells, "yes" if line.hidden else ""])
    return out.getvalue()


def markdown(content: Mapping[str, Any], changed: Iterable[Table], tables: Iterable[Table]) -> str:
    """The whole report as Markdown."""
    parts = ["# Back-test of the advisory cards", ""]
    parts += [f"- {name}: {value}" for name, value in headline(content)]
    parts += ["", *(_table(one) for one in (*changed, *tables) if one.lines)]
    parts += ["## How this was made", ""]
    parts += [f"- {name}: {value}" for name, value in provenance(content)]
    return "\n".join(parts) + "\n"


def _table(table: Table) -> str:
    places = range(len(table.columns))
    rows = [
        [column.heading for column in table.columns],
        ["---" if column.kind in ("text", "hashes") else "---:" for column in table.columns],
        *([written(table, line, place).replace("|", "\\|") for place in places] for line in table.lines),
    ]
    note = f"{table.note}\n\n" if table.note else ""
    body = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"## {table.title}\n\n{note}{body}"
