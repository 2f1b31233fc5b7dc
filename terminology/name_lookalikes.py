"""Known drug names that resemble an unrecognised text, for a human to read; they never decide a drug."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from math import ceil

from terminology.strength_text import tokens

_ALIKE = 0.8
_SHORTEST = 5
_MOST_WORDS = 8
_MOST_NAMES = 3
_SHARED = 0.45  # of the letter pairs; names as alike as _ALIKE share more
_LENGTHS_APART = 2
_ROUNDING = 1e-9  # so that no name on the threshold is lost to the arithmetic


@dataclass(frozen=True, slots=True, eq=False)
class Lookalikes:
    """One-word names by letter pair, by letter ("a" once or more, "aa" twice or more) and by length.

    A set of names is one integer, bit n for `names[n]`, so that all names are compared at once.
    """

    names: tuple[str, ...]
    known: frozenset[str]
    ordinary: frozenset[str]
    by_pair: Mapping[str, int]
    by_letter: Mapping[str, int]
    by_length: Mapping[int, int]


def lookalike_index(names: Iterable[str], ordinary: Iterable[str] = ()) -> Lookalikes:
    """The index of those names that are one word of at least five letters, in lower case.

    `ordinary` words (dose forms, salts) resemble nothing.
    """
    kept = tuple(sorted({name.lower() for name in names if name.isalpha() and len(name) >= _SHORTEST}))
    by_length: dict[int, int] = {}
    for place, name in enumerate(kept):
        by_length[len(name)] = by_length.get(len(name), 0) | 1 << place
    return Lookalikes(
        names=kept,
        known=frozenset(kept),
        ordinary=frozenset(ordinary),
        by_pair=_held(map(_pairs, kept)),
        by_letter=_held(map(_letters, kept)),
        by_length=by_length,
    )


def _held(parts: Iterable[Sequence[str]]) -> dict[str, int]:
    held: dict[str, int] = {}
    for place, inside in enumerate(parts):
        for part in set(inside):
            held[part] = held.get(part, 0) | 1 << place
    return held


def lookalikes(text: str, index: Lookalikes) -> tuple[str, ...]:
    """At most three names with a similarity of 0.8 or more to a word of the text, most alike first.

    Only the first eight words are compared.
    """
    words = [
        word
        for word in tokens(text[:200])
        if len(word) >= _SHORTEST and word.isalpha() and word not in index.ordinary
    ]
    alike: dict[str, float] = {}
    for word in words[:_MOST_WORDS]:
        if word in index.known:
            continue  # a name itself, in a text that was refused for another reason
        for name in _candidates(word, index):
            ratio = SequenceMatcher(None, word, name).ratio()
            if ratio >= _ALIKE:
                alike[name] = max(ratio, alike.get(name, 0))
    return tuple(sorted(alike, key=lambda name: (-alike[name], name))[:_MOST_NAMES]) if alike else ()


def _candidates(word: str, index: Lookalikes) -> Iterator[str]:
    """Names of about that length that share enough letter pairs and letters."""
    lengths = range(len(word) - _LENGTHS_APART, len(word) + _LENGTHS_APART + 1)
    among = 0
    for length in lengths:
        among |= index.by_length.get(length, 0)
    pairs = _pairs(word)
    counts = _counted([index.by_pair.get(pair, 0) & among for pair in pairs])
    sharing = _at_least(ceil(_SHARED * len(pairs)), counts)
    if not sharing:
        return
    counts = _counted([index.by_letter.get(letter, 0) & sharing for letter in _letters(word)])
    for length in lengths:
        found = sharing & index.by_length.get(length, 0)
        if found:
            # The similarity is at most twice the common letters, in any order, by the sum of the lengths.
            found &= _at_least(ceil(_ALIKE * (len(word) + length) / 2 - _ROUNDING), counts)
        while found:
            lowest = found & -found
            found ^= lowest
            yield index.names[lowest.bit_length() - 1]


def _counted(sets: Iterable[int]) -> list[int]:
    """In how many of the sets each bit is: item n holds digit n of the binary counts of all bits."""
    digits: list[int] = []
    for one in sets:
        carry = one
        for place, digit in enumerate(digits):
            if not carry:
                break
            digits[place] = digit ^ carry
            carry &= digit
        if carry:
            digits.append(carry)
    return digits


def _at_least(least: int, counts: Sequence[int]) -> int:
    """The bits whose count is not below `least`, which is above zero."""
    if least >> len(counts):
        return 0
    more, same = 0, -1
    for place in range(len(counts) - 1, -1, -1):
        if least >> place & 1:
            same &= counts[place]
        else:
            more |= same & counts[place]
            same &= ~counts[place]
    return more | same


def _pairs(word: str) -> list[str]:
    return [one + other for one, other in pairwise(f"^{word}$")]


def _letters(word: str) -> list[str]:
    """Each letter, its second appearance as "aa", its third as "aaa"."""
    return [letter * (word.count(letter, 0, place) + 1) for place, letter in enumerate(word)]
