"""The changelog of the knowledge as its page shows it: releases, each with what changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from cards.knowledge.loader import HOME

PATH: Final = HOME / "CHANGELOG.md"


@dataclass(frozen=True, slots=True)
class Entry:
    """One release: its heading, and its points as plain text."""

    heading: str
    points: tuple[str, ...]


@lru_cache(maxsize=1)
def changelog(path: Path = PATH) -> tuple[Entry, ...]:
    """The releases of the file, newest first as it has them; none where there is no file."""
    return tuple(_entries(path.read_text(encoding="utf-8"))) if path.exists() else ()


def _entries(text: str) -> Iterator[Entry]:
    """Sections of `## `, their points begin with `- ` and may go on in further lines; `### ` counts as a point."""
    for section in text.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        points: list[str] = []
        for line in body.splitlines():
            if line.startswith(("- ", "### ")):
                points.append(line.partition(" ")[2])
            elif line.strip() and points:
                points[-1] += f" {line.strip()}"
        yield Entry(heading.strip(), tuple(one.replace("`", "") for one in points))
