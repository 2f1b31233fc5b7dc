"""Known drug names that resemble an unrecognised text, for a human to read; they never decide a drug."""

from collections.abc import Container, Iterable, Mapping
from difflib import SequenceMatcher

from terminology.strength_text import tokens

_ALIKE = 0.8
_SHORTEST = 5
_MOST_WORDS = 8
_MOST_NAMES = 3


def by_length(names: Iterable[str]) -> dict[int, tuple[str, ...]]:
    """One-word names grouped by their length."""
    grouped: dict[int, set[str]] = {}
    for name in names:
        if name.isalpha() and len(name) >= _SHORTEST:
            grouped.setdefault(len(name), set()).add(name.lower())
    return {length: tuple(sorted(found)) for length, found in grouped.items()}


def lookalikes(
    text: str, names: Mapping[int, tuple[str, ...]], ordinary: Container[str] = frozenset()
) -> tuple[str, ...]:
    """At most three names with a similarity of 0.8 or more to a word of the text, most alike first.

    Only the first eight words are compared, and no `ordinary` ones (dose forms, salts).
    """
    words = [
        word
        for word in tokens(text[:200])
        if word.isalpha() and len(word) >= _SHORTEST and word not in ordinary
    ]
    alike: dict[str, float] = {}
    for word in words[:_MOST_WORDS]:
        if word in names.get(len(word), ()):
            continue  # a name itself, in a text that was refused for another reason
        for length in range(len(word) - 2, len(word) + 3):
            for name in names.get(length, ()):
                if len(set(word) & set(name)) * 2 < len(set(name)):
                    continue
                matcher = SequenceMatcher(None, word, name)
                if matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE:
                    ratio = matcher.ratio()
                    if ratio >= _ALIKE:
                        alike[name] = max(ratio, alike.get(name, 0))
    return tuple(sorted(alike, key=lambda name: (-alike[name], name))[:_MOST_NAMES])
