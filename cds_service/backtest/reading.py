"""The resources of one piece of a source, and the lines that hold none. Nothing here raises on content."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from cards.facts.resources import Resource, obj, text, type_and_id
from cds_service.backtest.sources import LONGEST_LINE, Piece, opened
from cds_service.json_bytes import UnreadableJson, from_bytes

_DEEPEST = 4
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource stands: byte offset of its line in the unpacked file, and its number on that line."""

    offset: int
    item: int


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that could not be read; `line` counts from 1 at the beginning of the piece."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """The server says that this resource is no more."""

    kind: str
    id: str


@dataclass(slots=True)
class Lines:
    """How many lines a piece had: filled while it is read."""

    count: int = 0


Item = tuple[Place, Resource | Deleted]


def read_piece(piece: Piece, lines: Lines) -> Iterator[Item | Bad]:
    """What the piece holds, in order. A gzip stream that breaks off gives a Bad for what is lost."""
    try:
        with opened(piece.source) as file:
            if piece.source.form == "document":
                yield from _document(file, piece, lines)
            else:
                yield from _lines(file, piece, lines)
    except (OSError, EOFError, zlib.error) as error:
        yield Bad(lines.count + 1, f"the file cannot be read further ({type(error).__name__})")


def _lines(file: BinaryIO, piece: Piece, lines: Lines) -> Iterator[Item | Bad]:
    offset = piece.start
    if offset:
        # A line belongs to the piece in which it begins.
        file.seek(offset - 1)
        offset += _skip_line(file) - 1
    while piece.end is None or offset < piece.end:
        line = file.readline(LONGEST_LINE)
        if not line:
            return
        lines.count += 1
        start, offset = offset, offset + len(line)
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            offset += _skip_line(file)
            yield Bad(lines.count, "line too long")
            continue
        if start == 0:
            line = line.removeprefix(_MARK)
        if line.strip():
            yield from _parsed(line, start, lines.count)


def _skip_line(file: BinaryIO) -> int:
    """Reads to the end of the line, and says how many bytes that was."""
    skipped = 0
    while part := file.readline(LONGEST_LINE):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def _document(file: BinaryIO, piece: Piece, lines: Lines) -> Iterator[Item | Bad]:
    content = file.read().removeprefix(_MARK)
    try:
        value = from_bytes(content)
    except UnreadableJson:
        # Some exports call NDJSON .json: the same file, line by line.
        file.seek(0)
        yield from _lines(file, piece, lines)
        return
    lines.count = 1
    yield from _items(value, 0, 1)


def _parsed(line: bytes, offset: int, number: int) -> Iterator[Item | Bad]:
    try:
        value = from_bytes(line)
    except UnreadableJson as error:
        yield Bad(number, str(error).partition(" (line")[0])
        return
    yield from _items(value, offset, number)


def _items(value: Any, offset: int, number: int) -> Iterator[Item | Bad]:
    count = 0
    for found in _walk(value, _DEEPEST):
        if isinstance(found, str):
            yield Bad(number, found)
        else:
            yield Place(offset, count), found
            count += 1


def _walk(value: Any, deepest: int) -> Iterator[Resource | Deleted | str]:
    """Resources and deletions, or the reason why something is neither."""
    if deepest == 0:
        yield "nested too deeply"
    elif isinstance(value, list):
        for one in value:
            yield from _walk(one, deepest - 1)
    elif not isinstance(value, dict):
        yield "not a JSON object"
    elif value.get("resourceType") == "Bundle":
        yield from _bundle(value, deepest)
    elif text(value.get("resourceType")):
        yield value
    else:
        yield "no resourceType"


def _bundle(bundle: Resource, deepest: int) -> Iterator[Resource | Deleted | str]:
    entries = bundle.get("entry")
    listed = entries if isinstance(entries, list) else [entries] if entries is not None else []
    names = _full_urls(listed)
    for entry in listed:
        if not isinstance(entry, dict):
            yield "a Bundle entry that is no object"
            continue
        request = obj(entry.get("request"))
        if text(request.get("method")).upper() == "DELETE":
            kind, name = type_and_id(text(request.get("url")))
            yield Deleted(kind, name) if kind else "a deletion that names no resource"
            continue
        resource = entry.get("resource", entry if "resourceType" in entry else None)
        if not isinstance(resource, dict):
            yield "a Bundle entry without resource"
            continue
        for found in _walk(resource, deepest - 1):
            yield _resolved(found, entry, names) if isinstance(found, dict) else found


def _full_urls(entries: list[Any]) -> dict[str, str]:
    """urn:uuid names of a Bundle's entries, each with the Type/id it stands for."""
    names: dict[str, str] = {}
    for entry in entries:
        url = text(entry.get("fullUrl")) if isinstance(entry, dict) else ""
        if url.startswith("urn:"):
            resource = obj(entry.get("resource"))
            name = text(resource.get("id")) or url.rpartition(":")[2]
            names[url] = f"{text(resource.get('resourceType'))}/{name}"
    return names


def _resolved(resource: Resource, entry: Resource, names: dict[str, str]) -> Resource:
    """The resource with its urn references replaced, and an id where only the entry names one."""
    if not text(resource.get("id")) and text(entry.get("fullUrl")) in names:
        resource = {**resource, "id": names[text(entry.get("fullUrl"))].partition("/")[2]}
    if names:
        _replace(resource, names)
    return resource


def _replace(value: Any, names: dict[str, str]) -> None:
    if isinstance(value, list):
        for one in value:
            _replace(one, names)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key == "reference" and isinstance(one, str):
                value[key] = names.get(one, one)
            else:
                _replace(one, names)
