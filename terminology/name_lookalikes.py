"""Known drug names that resemble an unrecognised text, for a human to read; they never decide a drug."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain, pairwise

from terminology.strength_text import tokens

_ALIKE = 0.8
_SHORTEST = 5
_MOST_WORDS = 8
_MOST_NAMES = 3
_SHARED = 0.45  # of the letter pairs; names as alike as _ALIKE share more


@dataclass(frozen=True, slots=True, eq=False)
class Lookalikes:
    """One-word names by letter pair and length, so that only the few that share many are compared."""

    names: frozenset[str]
    by_pair: Mapping[tuple[str, int], tuple[str, ...]]


def lookalike_index(names: Iterable[str]) -> Lookalikes:
    """The index of those names that are one word of at least five letters, in lower case."""
    kept = frozenset(name.lower() for name in names if name.isalpha() and len(name) >= _SHORTEST)
    grouped: dict[tuple[str, int], list[str]] = {}
    for name in sorted(kept):
        for pair in set(_pairs(name)):
            grouped.setdefault((pair, len(name)), []).append(name)
    return Lookalikes(kept, {pair: tuple(found) for pair, found in grouped.items()})


def lookalikes(text: str, index: Lookalikes, ordinary: Container[str] = frozenset()) -> tuple[str, ...]:
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
        if word in index.names:
            continue  # a name itself, in a text that was refused for another reason
        pairs = _pairs(word)
        lengths = range(len(word) - 2, len(word) + 3)
        held = (index.by_pair.get((pair, length), ()) for pair in pairs for length in lengths)
        shared = Counter(chain.from_iterable(held))
        least = _SHARED * len(pairs)
        for name, count in shared.items():
            if count < least:
                continue
            ratio = SequenceMatcher(None, word, name).ratio()
            if ratio >= _ALIKE:
                alike[name] = max(ratio, alike.get(name, 0))
    return tuple(sorted(alike, key=lambda name: (-alike[name], name))[:_MOST_NAMES])


def _pairs(word: str) -> list[str]:
    return [one + other for one, other in pairwise(f"^{word}$")]
