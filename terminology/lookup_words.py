"""Why a lookup gave several medications or none, in words."""

from collections.abc import Sequence

from terminology.coding import Coding
from terminology.medications import Medication
from terminology.product_names import LONGEST_TEXT, ProductName


def ingredient_names(medication: Medication) -> frozenset[str]:
    """The names of all its ingredients."""
    return frozenset(part.name for part in medication.ingredients)


def disagreement(found: Sequence[Medication]) -> str:
    """Which drugs or strengths the sources of one medication name."""
    if len({ingredient_names(one) for one in found}) == 1:
        return f"the strengths disagree: {' and '.join(_strength_words(one) for one in found)}"
    listed = [f"{_words(one)} ({'text' if one.recognised_by == 'text' else 'code'})" for one in found]
    return f"codes and text name different drugs: {', '.join(listed)}"


def _words(medication: Medication) -> str:
    return " / ".join(part.name for part in medication.ingredients)


def _strength_words(medication: Medication) -> str:
    listed = [
        f"{part.name} {part.strength.mg.normalize():f} mg"
        + ("" if part.strength.per == "unit" else f"/{part.strength.per}")
        for part in medication.ingredients
        if part.strength
    ]
    return f"{' / '.join(listed)} ({'text' if medication.recognised_by == 'text' else 'code'})"


def unsure(found: Sequence[Medication], names: Sequence[ProductName]) -> list[str]:
    """A text that names several drugs, none of them the coded one, is no second drug but worth saying."""
    coded = frozenset().union(*(ingredient_names(one) for one in found))
    return [name.problem for name in names if name.names and not coded & set(name.names)]


def unknown(codings: Sequence[Coding], written: Sequence[str], names: Sequence[ProductName]) -> str:
    """Why nothing was recognised."""
    if not codings and not written:
        return "no code and no text"
    said = [f"code {c.code[:40]} of {c.system or 'no system'} is not in the tables" for c in codings[:3]]
    problems = [name.problem for name in names if name.names] or [
        f"the text {one[:80]!r} matches no drug known here" for one in written[:1] if len(one) <= LONGEST_TEXT
    ]
    if not problems:
        problems = [name.problem for name in names[:1]]
    return "; ".join([*said, *problems]) + ("" if written else "; no text")
