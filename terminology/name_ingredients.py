"""Which ingredients a text names, and whose strength is whose."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from terminology.medications import Strength
from terminology.name_index import Hit, NameIndex
from terminology.strength_text import FoundStrength, number

SALTS = frozenset({
    "hydrochloride", "hcl", "hydrobromide", "hbr", "sulfate", "sulphate", "sodium", "potassium",
    "calcium", "magnesium", "bitartrate", "tartrate", "maleate", "phosphate", "citrate", "fumarate",
    "succinate", "mesylate", "besylate", "acetate", "tromethamine", "dihydrate", "hemihydrate",
    "monohydrate", "trihydrate", "anhydrous", "napsylate", "pamoate", "medoxomil", "cilexetil", "axetil",
    "erbumine", "arginine", "lactate", "carbonate", "polistirex", "dipotassium", "disodium", "base",
    "extract", "terephthalate", "tannate", "methylbromide", "nitrate", "bromide", "hyclate", "propionate",
    "gluconate", "chloride",
})  # fmt: skip
_JOINS = frozenset(["/", "-", "+", "&", "and", "with", "w", "plus", "(", ")", "#", ".", "[", "]", "per", "x"])
_NO_MASS = frozenset(["unt", "units", "unit", "iu", "meq", "cells", "bau"])
_NOT_IN_NAMES = frozenset(["take", "give", "use", "apply", "inject", "by", "mouth", "daily", "times", "po"])

Ingredients = tuple[tuple[str, Strength | None], ...]


def read_ingredients(
    words: tuple[str, ...], hits: Sequence[Hit], found: Sequence[FoundStrength], index: NameIndex
) -> tuple[Ingredients, tuple[str, ...]]:
    """The ingredients with their strengths, none where the names do not make one product; and all names."""
    generic = [hit for hit in hits if not hit.name.brand]
    brands = [hit for hit in hits if hit.name.brand]
    plain = _unique([name for hit in generic for name in hit.name.ingredients])
    named = _unique([name for hit in hits for name in hit.name.ingredients]) if brands else plain
    branded = [frozenset(hit.name.ingredients) for hit in brands if hit.name.ingredients]
    if any(one != branded[0] for one in branded):
        return (), named
    whole = set(plain)
    if branded:
        if plain and not (branded[0] <= whole or whole <= branded[0]):
            return (), named
        whole |= branded[0]
    if not whole:
        return (), _unique(hit.name.brand or "" for hit in brands)
    parts = _by_part(words, hits, found)
    if parts and whole <= {name for name, _ in parts}:
        return parts, named
    if len(plain) > 1 and frozenset(plain) not in branded and not _joined(words, generic, found, index):
        return (), named
    order = plain if len(plain) >= len(whole) else named
    order = _with_unknown_partner(words, order, generic, found, index)
    return _assigned(order, found), named


def _joined(
    words: Sequence[str], generic: Sequence[Hit], found: Sequence[FoundStrength], index: NameIndex
) -> bool:
    """Whether the names are listed as parts of one product: only strengths, salts and joins between them."""
    measured = {place for one in found for place in range(one.start, one.end)}
    # "aspirin, caffeine and codeine" is one product, "gabapentin, pregabalin" a list of two
    last_gap = [words[first.end : second.start] for first, second in pairwise(generic)][-1:]
    listed = any(word in ("and", "&", "with") for gap in last_gap for word in gap)
    for first, second in pairwise(generic):
        gap = range(first.end, second.start)
        if words[first.end] == "/" == words[second.start - 1]:
            continue  # whatever stands between two slashes is a further part
        comma_ok = listed and not any(place in measured for place in gap)
        for place in gap:
            word = words[place]
            known = place in measured or word in _JOINS or word in SALTS or number(word) is not None
            if not known and not (word == "," and comma_ok) and word not in index.forms:
                return False
    return True


def _by_part(words: Sequence[str], hits: Sequence[Hit], found: Sequence[FoundStrength]) -> Ingredients:
    """RxNorm's own style, "A 5 MG / B 325 MG Oral Tablet": each part a name with its strength."""
    if "/" not in words:
        return ()
    inside = {place for one in found for place in range(one.start, one.end)}
    cuts = [place for place, word in enumerate(words) if word == "/" and place not in inside]
    if not cuts:
        return ()
    parts: list[tuple[str, Strength | None]] = []
    for start, end in zip([0, *(cut + 1 for cut in cuts)], [*cuts, len(words)], strict=True):
        within = [one for one in found if start <= one.start < end]
        named = [hit for hit in hits if start <= hit.start < end and len(hit.name.ingredients) == 1]
        named = [hit for hit in named if not within or hit.start < within[0].start]
        if not within and len(named) == 1 and _NO_MASS.intersection(words[start:end]):
            parts.append((named[0].name.ingredients[0], None))
            continue
        if len(within) != 1 or len(within[0].values) != 1 or len(named) > 1:
            return ()
        name = named[0].name.ingredients[0] if named else _unknown_part(words[start : within[0].start])
        if not name or (not named and _NOT_IN_NAMES.intersection(name.split())):
            return ()
        parts.append((name, within[0].values[0]))
    total = _summed(parts)
    return total if len(total) > 1 else ()


def _summed(parts: Sequence[tuple[str, Strength | None]]) -> Ingredients:
    """Two salts of one ingredient in one product ("oxycodone ... / oxycodone terephthalate") as one part."""
    total: dict[str, Strength | None] = {}
    for name, strength in parts:
        before = total.get(name)
        if before is not None and strength is not None and before.per == strength.per:
            strength = Strength(before.mg + strength.mg, strength.per)
        total[name] = strength
    return tuple(total.items())


def _unknown_part(words: Sequence[str]) -> str:
    """The name of a drug outside the tables, without "12 HR" before it and salts after it."""
    while len(words) > 2 and number(words[0]) is not None:
        words = words[2:]
    while len(words) > 1 and words[-1] in SALTS:
        words = words[:-1]
    return " ".join(words)


def _with_unknown_partner(
    words: Sequence[str],
    order: tuple[str, ...],
    generic: Sequence[Hit],
    found: Sequence[FoundStrength],
    index: NameIndex,
) -> tuple[str, ...]:
    """A partner drug outside the tables ("codeine-guaifenesin 10-100 mg"), where the strengths prove it."""
    if len(order) != 1 or len(generic) != 1 or len(found) != 1 or len(found[0].values) != 2:
        return order
    hit = generic[0]
    after = words[hit.end : hit.end + 2]
    if len(after) == 2 and after[0] in ("-", "/") and _plain_word(after[1], index):
        return (*order, after[1])
    before = words[max(hit.start - 2, 0) : hit.start]
    if len(before) == 2 and before[1] in ("-", "/") and _plain_word(before[0], index):
        return (before[0], *order)
    return order


def _plain_word(word: str, index: NameIndex) -> bool:
    return word.isalpha() and len(word) > 3 and word not in SALTS and word not in index.forms


def _assigned(order: tuple[str, ...], found: Sequence[FoundStrength]) -> Ingredients:
    """Strengths for the ingredients in their order; none where the text does not say which is whose."""
    if not found:
        return tuple([(name, None) for name in order])
    distinct = list(dict.fromkeys(one.values for one in found)) if len(found) > 1 else [found[0].values]
    if len(order) == 1 and len(distinct) > 1:  # "lidocaine 5 % patch 700 mg": the amount says more
        distinct = [values for values in distinct if all(one.per != "g" for one in values)] or distinct
    values: tuple[Strength, ...] = ()
    if len(distinct) == 1 and len(distinct[0]) == len(order):
        values = distinct[0]
    elif len(found) == len(order) and all(len(one.values) == 1 for one in found) and len(order) > 1:
        values = tuple(one.values[0] for one in found)
    if not values:
        return tuple((name, None) for name in order)
    return tuple(zip(order, values, strict=True))


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
