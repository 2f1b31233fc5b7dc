"""Cells of CSV files as spreadsheets read them: no cell can run as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

# A spreadsheet runs a cell that begins with one of these, some also behind blanks, tabs or line breaks.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: Any) -> str:
    """One cell: lists with blanks between, truth as yes or no, None empty, and text that only reads as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    written = " ".join(str(one) for one in value) if isinstance(value, list) else str(value)
    return f"'{written}" if written.lstrip(" \u00a0").startswith(_FORMULA) else written


def table(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """A CSV file with its header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([cell(one) for one in columns])
    writer.writerows([cell(one) for one in row] for row in rows)
    return out.getvalue()
