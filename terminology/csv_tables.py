"""Reads the tables that ship with this package."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

TABLES = Path(__file__).parent / "tables"


class TableError(ValueError):
    """A table or value set that cannot be used; the message names file, line and field."""


def rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each row of a CSV table with where it stands ("products.csv line 12"), all `columns` present.

    Raises TableError for a header other than `columns`, for a row with too few or too many fields, and
    for one without a source.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if list(reader.fieldnames or ()) != list(columns):
            raise TableError(f"{path.name} line 1: the columns must be {', '.join(columns)}")
        for row in reader:
            where = f"{path.name} line {reader.line_num}"
            if None in row or None in row.values():
                raise TableError(f"{where}: the row must have {len(columns)} fields")
            if not row["source"].strip():
                raise TableError(f"{where}: a row needs a source")
            yield where, row
