"""Reads RxNorm's Rich Release Format: UTF-8, `|` after every column, no header, no quoting.

A file that is cut off or is something else is refused with its line and column: half a release would look
like drugs that do not exist.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "RXNCONSO": (
        "RXCUI", "LAT", "TS", "LUI", "STT", "SUI", "ISPREF", "RXAUI", "SAUI", "SCUI", "SDUI", "SAB", "TTY",
        "CODE", "STR", "SRL", "SUPPRESS", "CVF",
    ),
    "RXNREL": (
        "RXCUI1", "RXAUI1", "STYPE1", "REL", "RXCUI2", "RXAUI2", "STYPE2", "RELA", "RUI", "SRUI", "SAB",
        "SL", "DIR", "RG", "SUPPRESS", "CVF",
    ),
    "RXNSAT": (
        "RXCUI", "LUI", "SUI", "RXAUI", "STYPE", "CODE", "ATUI", "SATUI", "ATN", "SAB", "ATV", "SUPPRESS",
        "CVF",
    ),
    "RXNCUICHANGES": ("RXAUI", "CODE", "SAB", "TTY", "STR", "OLD_RXCUI", "NEW_RXCUI"),
    "RXNATOMARCHIVE": (
        "RXAUI", "AUI", "STR", "ARCHIVE_TIMESTAMP", "CREATED_TIMESTAMP", "UPDATED_TIMESTAMP", "CODE",
        "IS_BRAND", "LAT", "LAST_RELEASED", "SAUI", "VSAB", "RXCUI", "SAB", "TTY", "MERGED_TO_RXCUI",
    ),
}  # fmt: skip
# Columns that hold a concept number where they hold anything, by which a foreign file betrays itself.
_NUMBERS = frozenset({"RXCUI", "RXCUI1", "RXCUI2"})
_EVERY = 50_000
_LONGEST_LINE = 100_000


class RrfError(ValueError):
    """A release that cannot be used; the message names file, line and column."""


class Progress(Protocol):
    """Told now and then how far a file has been read."""

    def __call__(self, file: str, rows: int, share: float) -> None:
        """`rows` of `file` are read, `share` (0 to 1) of its bytes."""


def rrf_file(folder: Path, name: str) -> Path | None:
    """The file of that name in the folder or in its `rrf` folder, in any letter case; None if there is none."""
    for inside in (folder, folder / "rrf"):
        if inside.is_dir():
            for path in sorted(inside.iterdir()):
                if path.name.upper() == f"{name}.RRF" and path.is_file():
                    return path
    return None


def rrf_rows(path: Path, name: str, progress: Progress) -> Iterator[list[str]]:
    """The rows of a file, each as the texts of its columns. Raises RrfError; reads one line at a time."""
    columns = COLUMNS[name]
    numbers = [place for place, column in enumerate(columns) if column in _NUMBERS]
    size = max(path.stat().st_size, 1)
    read = line = 0
    with path.open("rb") as stream:
        for line, raw in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), b""), start=1):
            read += len(raw)
            yield _row(raw, path.name, line, columns, numbers)
            if line % _EVERY == 0:
                progress(path.name, line, read / size)
    if line == 0:
        raise RrfError(f"{path.name}: the file is empty")
    progress(path.name, line, 1.0)


def _row(raw: bytes, file: str, line: int, columns: tuple[str, ...], numbers: list[int]) -> list[str]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        column = raw[: error.start].count(b"|") + 1
        raise RrfError(f"{file} line {line}, column {column}: not UTF-8") from None
    if not text.endswith("\n"):
        column = text.count("|") + 1
        raise RrfError(f"{file} line {line}, column {column}: the line is not ended; the file is cut off")
    row = text.rstrip("\r\n").split("|")
    if len(row) != len(columns) + 1 or row[-1]:
        column = min(len(row), len(columns) + 1)
        raise RrfError(
            f"{file} line {line}, column {column}: {len(columns)} columns, each ended by '|', are needed"
        )
    for place in numbers:
        if row[place] and not (row[place].isascii() and row[place].isdigit()):
            found = row[place][:20]
            raise RrfError(
                f"{file} line {line}, column {place + 1} ({columns[place]}): {found!r} is no number"
            )
    row.pop()
    return row
