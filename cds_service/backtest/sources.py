"""The files of an export, and the pieces in which they are read."""

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Literal, cast

_LINES = (".ndjson", ".jsonl")
_PIECE = 32 * 2**20
# A line longer than this is not read: a resource of the kinds used here has kilobytes.
LONGEST_LINE = 16 * 2**20
_PACKED = 8  # gzip shrinks FHIR JSON about so many times; only for choosing sizes

Form = Literal["lines", "document"]


class SourceError(ValueError):
    """Nothing to read; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file: `form` lines is NDJSON, document one JSON value. `number` is its place in the run."""

    number: int
    path: Path
    form: Form
    packed: bool
    size: int

    @property
    def unpacked_size(self) -> int:
        """About how many bytes of JSON it holds."""
        return self.size * (_PACKED if self.packed else 1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a source that one process reads: the lines that begin in [start, end)."""

    source: Source
    start: int
    end: int | None

    @property
    def name(self) -> str:
        """A file name for what is made of it."""
        return f"{self.source.number:06d}-{self.start:014d}"


def find_sources(paths: Iterable[Path]) -> list[Source]:
    """The files at those paths; folders are searched for .ndjson, .jsonl and .json, each also with .gz.

    Raises SourceError where a path does not exist, or there is no such file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = [one for one in sorted(path.rglob("*")) if one.is_file() and _form(one)]
            found.update(dict.fromkeys(one.resolve() for one in inside))
        elif path.exists():
            found[path.resolve()] = None
        else:
            raise SourceError(f"there is no file or folder {path}")
    if not found:
        raise SourceError("no source holds a file named .ndjson, .jsonl or .json (or one of these with .gz)")
    return [
        Source(place, path, _form(path) or "lines", path.name.endswith(".gz"), path.stat().st_size)
        for place, path in enumerate(found)
    ]


def passed_over(paths: Iterable[Path]) -> list[Path]:
    """The files in those folders that are not read because of their names; hidden ones do not count."""
    inside = (one for path in paths if path.is_dir() for one in sorted(path.rglob("*")) if one.is_file())
    return [one for one in inside if not _form(one) and not one.name.startswith(".")]


def _form(path: Path) -> Form | None:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(_LINES):
        return "lines"
    return "document" if name.endswith(".json") else None


def pieces(sources: Iterable[Source], size: int = _PIECE) -> Iterator[Piece]:
    """The pieces of all sources. A packed file, and a document, is one piece."""
    for source in sources:
        if source.packed or source.form == "document" or source.size <= size:
            yield Piece(source, 0, None)
            continue
        for start in range(0, source.size, size):
            yield Piece(source, start, start + size)


def opened(source: Source) -> BinaryIO:
    """The source's bytes, unpacked."""
    return cast(BinaryIO, gzip.open(source.path, "rb")) if source.packed else source.path.open("rb")


def digest(path: Path) -> str:
    """SHA-256 of a file as it lies there."""
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            found.update(block)
    return found.hexdigest()
