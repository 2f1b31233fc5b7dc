"""From the codes and texts of one medication to what it is: ingredients, strength, form, release, route."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Route = Literal[
    "oral", "topical", "transdermal", "ophthalmic", "injection", "rectal", "inhaled", "nasal", "other"
]
Release = Literal["immediate", "extended", "once-daily"]
RecognisedBy = Literal["product", "ingredient", "ndc", "atc", "snomed", "unii", "server", "text"]


@dataclass(frozen=True, slots=True)
class Strength:
    """Amount of one ingredient in mg `per` one "unit" (tablet, capsule, patch), "mL", "g", or "h" (rate)."""

    mg: Decimal
    per: Literal["unit", "mL", "g", "h"] = "unit"


@dataclass(frozen=True, slots=True)
class Ingredient:
    """An active ingredient by its RxNorm name in lower case; `rxcui` is None where no source gives one."""

    name: str
    rxcui: str | None = None
    strength: Strength | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Medication:
    """What an order names. `rxcui` is the product's code, None for an ingredient or a text."""

    name: str
    ingredients: tuple[Ingredient, ...]
    form: str | None = None
    route: Route | None = None
    release: Release = "immediate"
    brand: str | None = None
    rxcui: str | None = None
    marketed: bool = False
    recognised_by: RecognisedBy = "text"

    @property
    def confidence(self) -> Literal["high", "medium"]:
        """High where a code of a table names the drug; a text, or a server's name for a code, is read."""
        return "medium" if self.recognised_by in ("text", "server") else "high"

    def ingredient(self, name: str) -> Ingredient | None:
        """The ingredient of that name, or None."""
        return next((i for i in self.ingredients if i.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationLookup:
    """Outcome of a lookup: one medication, two when code and text name different drugs, none with a `why`.

    `near` lists names that resemble an unrecognised text; they never decide a drug.
    """

    medications: tuple[Medication, ...] = ()
    text: str = ""
    why: str = ""
    near: tuple[str, ...] = ()
