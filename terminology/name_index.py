"""Drug names and dose forms by their first word, and where they stand in a text."""

from collections.abc import Mapping
from dataclasses import dataclass

from terminology.medications import Release, Route


@dataclass(frozen=True, slots=True)
class Name:
    """A drug name: its ingredients (none for a brand of several products), and what else it implies."""

    ingredients: tuple[str, ...]
    brand: str | None = None
    release: Release | None = None
    route: Route | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A dose form in RxNorm's words, and what it implies."""

    form: str | None
    route: Route | None
    release: Release | None


@dataclass(frozen=True, slots=True, eq=False)
class NameIndex:
    """Names and forms by their first token, each with its further tokens, longest first."""

    names: Mapping[str, tuple[tuple[tuple[str, ...], Name], ...]]
    forms: Mapping[str, tuple[tuple[tuple[str, ...], Form], ...]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A name at words[start:end]."""

    start: int
    end: int
    name: Name


def find_names(
    words: tuple[str, ...], names: Mapping[str, tuple[tuple[tuple[str, ...], Name], ...]]
) -> list[Hit]:
    """Known names from left to right, the longest at each place; they do not overlap."""
    found: list[Hit] = []
    beyond = 0
    for place, word in enumerate(words):
        if word not in names or place < beyond:
            continue
        for further, name in names[word]:
            end = place + 1 + len(further)
            if not further or words[place + 1 : end] == further:
                found.append(Hit(place, end, name))
                beyond = end
                break
    return found
