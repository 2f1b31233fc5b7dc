"""Reads product names as RxNorm, EHRs and people write them: which drugs, how strong, what form.

Matching is by whole words against the tables; a name that resembles an entry is not that entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from terminology.medications import Release, Route, Strength
from terminology.name_index import Form, Hit, NameIndex, find_names
from terminology.name_ingredients import SALTS, read_ingredients
from terminology.strength_text import FoundStrength, strengths, tokens

LONGEST_TEXT = 1000

_MODIFIED = frozenset(["er", "xr", "sr", "cr", "xl", "la", "mr"])
_MODIFIED_PHRASES = (
    *(
        tokens(f"{word}{mark}release")
        for word in ("extended", "controlled", "sustained", "prolonged", "modified")
        for mark in (" ", "-")
    ),
    ("gastro", "-", "retentive"),
    ("gastroretentive",),
)
_MODIFIED_STARTS = frozenset(phrase[0] for phrase in _MODIFIED_PHRASES)
_TELLING = _MODIFIED | _MODIFIED_STARTS
_LONGEST_PHRASE = max(map(len, _MODIFIED_PHRASES))
_NO_FORM = Form(None, None, None)
_LIQUIDS = ("solution", "suspension", "syrup", "elixir", "concentrate", "injection", "injectable", "liquid")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductName:
    """What a text says. No ingredients: `problem` says why, `names` lists the drugs it may mean."""

    ingredients: tuple[tuple[str, Strength | None], ...] = ()
    form: str | None = None
    route: Route | None = None
    release: Release | None = None
    brand: str | None = None
    problem: str = ""
    names: tuple[str, ...] = ()


def read_name(text: str, index: NameIndex) -> ProductName:
    """The product that a text names. Never raises; linear in the text, which may have 1,000 characters."""
    if len(text) > LONGEST_TEXT:
        return ProductName(problem="the text is too long to be a medication name")
    return _remembered(text, index)


def _read(text: str, index: NameIndex) -> ProductName:
    if text.lstrip().startswith("{"):
        return _pack(text, index)
    label = _bracketed(text)
    outside = _outside_brackets(text)
    words = tokens(outside)
    hits = find_names(words, index.names)
    if not hits and outside != text:
        words = tokens(text)
        hits = find_names(words, index.names)
    if not hits:
        return ProductName(problem="no known drug name")
    found = strengths(words)
    chosen, names = read_ingredients(words, hits, found, index)
    if not chosen:
        return ProductName(problem=f"the text names several drugs: {', '.join(names)}", names=names)
    form = _form(words, index, hits)
    named = (*hits, *find_names(tokens(label), index.names)) if label else hits
    read = ProductName(
        ingredients=chosen,
        form=form.form,
        route=form.route or next((hit.name.route for hit in named if hit.name.route), None),
        release=_release(words, hits, found, form, [hit.name.release for hit in named]),
        brand=label or next((hit.name.brand for hit in hits if hit.name.brand), None),
        names=names,
    )
    return _without_impossible_strength(_by_rate(read))


# A code and its text often carry the same words.
_remembered = lru_cache(maxsize=4096)(_read)


def read_form(text: str, index: NameIndex) -> Form:
    """Dose form, route and release in a product name whose drugs need not be known."""
    words = tokens(_outside_brackets(text[:LONGEST_TEXT]))
    hits = find_names(words, index.names)
    form = _form(words, index, hits)
    implied = [hit.name.release for hit in (*hits, *find_names(tokens(_bracketed(text) or ""), index.names))]
    return replace(form, release=_release(words, hits, strengths(words), form, implied))


def _form(words: tuple[str, ...], index: NameIndex, hits: Sequence[Hit]) -> Form:
    """The longest dose form in the text, the later of equals; a route stated apart completes it."""
    best, length, route = _NO_FORM, 0, None
    forms = index.forms
    for place, word in enumerate(words):
        if word not in forms or any(hit.start <= place < hit.end for hit in hits):
            continue
        follows = words[place + 1] if place + 1 < len(words) else ""
        for further, form in forms[word]:
            if not further or (
                further[0] == follows and words[place + 1 : place + 1 + len(further)] == further
            ):
                if form.form is None:
                    route = form.route
                elif len(further) + 1 >= length:
                    best, length = form, len(further) + 1
                break
    if best.form is None:
        return Form(None, route, None) if route else _NO_FORM
    return best if best.route else Form(best.form, route, best.release)


def _release(
    words: Sequence[str],
    hits: Sequence[Hit],
    found: Sequence[FoundStrength],
    form: Form,
    implied: Sequence[Release | None],
) -> Release | None:
    """What the text says on release, a brand's own first; None where it says nothing."""
    if "once-daily" in implied:
        return "once-daily"
    for start in {hit.start for hit in hits}:
        before = tuple(words[max(start - 3, 0) : start])
        if before[-3:] == ("once", "-", "daily") or before[-2:] == ("once", "daily"):
            return "once-daily"
        if len(before) >= 2 and before[-1] in ("hr", "hour") and before[-2] in ("12", "24"):
            return "extended"
    if "extended" in implied or form.release == "extended":
        return "extended"
    if _TELLING.isdisjoint(words):
        return "immediate" if "immediate" in implied or form.release == "immediate" else None
    ends = (
        {hit.end for hit in hits}
        | {one.end for one in found}
        | {_after_salts(words, hit.end) for hit in hits}
    )
    for place, word in enumerate(words):
        if word in _MODIFIED and (place in ends or (place - 1 in ends and words[place - 1] in "-()")):
            return "extended"
        if word in _MODIFIED_STARTS:
            after = tuple(words[place : place + _LONGEST_PHRASE])
            if any(after[: len(one)] == one for one in _MODIFIED_PHRASES):
                return "extended"
    if "immediate" in implied or form.release == "immediate":
        return "immediate"
    return None


def _after_salts(words: Sequence[str], place: int) -> int:
    while place < len(words) and words[place] in SALTS:
        place += 1
    return place


def _outside_brackets(text: str) -> str:
    """The text without its "[Brand]", which may name a drug that is not in the product."""
    start, end = text.rfind("["), text.rfind("]")
    return f"{text[:start]} {text[end + 1 :]}" if 0 <= start < end else text


def _bracketed(text: str) -> str | None:
    start, end = text.rfind("["), text.rfind("]")
    return text[start + 1 : end].strip() or None if 0 <= start < end else None


def _by_rate(read: ProductName) -> ProductName:
    """A patch labelled by what it releases per hour acts through the skin, not on it."""
    if read.form != "Medicated Patch":
        return read
    if any(strength is not None and strength.per == "h" for _, strength in read.ingredients):
        return replace(read, form="Transdermal System", route="transdermal")
    return read


def _without_impossible_strength(read: ProductName) -> ProductName:
    """A mass without volume says nothing about a liquid, a bare amount nothing about a patch.

    A percentage is per gram on the skin and per millilitre in a liquid; elsewhere it says nothing.
    """
    if not any(strength for _, strength in read.ingredients):
        return read
    liquid = _is_liquid(read.form or "")
    kept = tuple([(name, _possible(strength, read.route, liquid)) for name, strength in read.ingredients])
    return replace(read, ingredients=kept) if kept != read.ingredients else read


@lru_cache(maxsize=512)
def _is_liquid(form: str) -> bool:
    lowered = form.lower()
    return any(word in lowered for word in _LIQUIDS) and "tablet" not in lowered and "powder" not in lowered


def _possible(strength: Strength | None, route: Route | None, liquid: bool) -> Strength | None:
    if strength is None:
        return None
    if strength.per == "unit":
        return None if liquid or route == "transdermal" else strength
    if strength.per == "g" and route != "topical" and (liquid or route in ("ophthalmic", "injection")):
        return replace(strength, per="mL")
    return strength


def _pack(text: str, index: NameIndex) -> ProductName:
    """A pack "{9 (A) / 24 (B) } Pack [Brand]": the drugs of its members; a strength only if all agree."""
    members = [_read(part, index) for part in _parenthesised(text)]
    members = [member for member in members if member.ingredients]
    if not members:
        return ProductName(problem="no known drug name")
    merged: dict[str, Strength | None] = {}
    for member in members:
        for name, strength in member.ingredients:
            merged[name] = strength if name not in merged or merged[name] == strength else None
    releases = {member.release for member in members}
    return ProductName(
        ingredients=tuple(merged.items()),
        form="Pack",
        route=members[0].route,
        release=members[0].release if len(releases) == 1 else None,
        brand=_bracketed(text.rpartition("}")[2]),
        names=tuple(merged),
    )


def _parenthesised(text: str) -> list[str]:
    parts: list[str] = []
    depth, start = 0, 0
    for place, mark in enumerate(text):
        if mark == "(":
            start = place + 1 if depth == 0 else start
            depth += 1
        elif mark == ")" and depth:
            depth -= 1
            if depth == 0:
                parts.append(text[start:place])
    return parts
