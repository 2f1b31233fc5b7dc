"""The medication tables: product and ingredient codes, drug names and dose forms, read once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from terminology.coding import NDC, RXNORM
from terminology.csv_tables import TableError, rows
from terminology.medications import Ingredient, Release, Route
from terminology.name_index import Form, Name, NameIndex
from terminology.strength_text import tokens

_INGREDIENT_COLUMNS = ("name", "rxcui", "releases", "verification", "source")
_PRODUCT_COLUMNS = ("rxcui", "tty", "name", "marketed", "verification", "source")
_CODE_COLUMNS = ("system", "code", "ingredients", "product", "verification", "source")
_NAME_COLUMNS = ("name", "kind", "ingredients", "release", "route", "source")
_FORM_COLUMNS = ("text", "form", "route", "release", "source")
_RELEASES: Mapping[str, Release] = {name: name for name in get_args(Release)}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "ingredients.csv": _INGREDIENT_COLUMNS,
    "products.csv": _PRODUCT_COLUMNS,
    "medication_codes.csv": _CODE_COLUMNS,
}
ROUTES: Mapping[str, Route] = {name: name for name in get_args(Route)}


@dataclass(frozen=True, slots=True)
class Product:
    """An RxNorm product as its table row states it; the name is read when it is needed."""

    name: str
    marketed: bool


@dataclass(frozen=True, slots=True)
class CodedDrug:
    """What a code outside the product table stands for: ingredients, or a product by its name."""

    ingredients: tuple[str, ...]
    product: str = ""


@dataclass(frozen=True, slots=True)
class MedicationTables:
    """All medication tables. `releases` lists how an ingredient is made, where that is not self-evident."""

    ingredients: Mapping[str, Ingredient]
    releases: Mapping[str, tuple[Release, ...]]
    products: Mapping[str, Product]
    codes: Mapping[tuple[str, str], CodedDrug]
    index: NameIndex


def load_medication_tables(folder: Path) -> MedicationTables:
    """The CSV tables of a folder. Raises TableError naming file, line and field."""
    ingredients: dict[str, Ingredient] = {}
    releases: dict[str, tuple[Release, ...]] = {}
    codes: dict[tuple[str, str], CodedDrug] = {}
    for where, row in rows(folder / "ingredients.csv", _INGREDIENT_COLUMNS):
        name = row["name"]
        if name in ingredients:
            raise TableError(f"{where}: ingredient {name!r} stands twice")
        ingredients[name] = Ingredient(name, row["rxcui"] or None)
        if row["rxcui"]:
            _add(codes, (RXNORM, row["rxcui"]), CodedDrug((name,)), where)
        if row["releases"]:
            releases[name] = tuple(_release(one, where) for one in row["releases"].split(";"))
    for where, row in rows(folder / "medication_codes.csv", _CODE_COLUMNS):
        parts = _known(row["ingredients"], ingredients, where)
        code = ndc_product(row["code"]) if row["system"] == NDC else row["code"]
        _add(codes, (row["system"], code), CodedDrug(parts, row["product"]), where)
    products: dict[str, Product] = {}
    for where, row in rows(folder / "products.csv", _PRODUCT_COLUMNS):
        if row["rxcui"] in products or (RXNORM, row["rxcui"]) in codes:
            raise TableError(f"{where}: rxcui {row['rxcui']} stands twice")
        products[row["rxcui"]] = Product(row["name"], row["marketed"] == "yes")
    index = NameIndex(_by_first(_names(folder, ingredients)), _by_first(_forms(folder)))
    return MedicationTables(ingredients, releases, products, codes, index)


def ndc_product(code: str) -> str:
    """Labeler and product of an NDC as nine digits, the package left out; "" where that is not certain.

    Read are 5-4-2 digits bare or hyphenated, the ten-digit hyphenated forms, and labeler-product alone.
    """
    parts = code.strip().split("-")
    if not all(part.isascii() and part.isdigit() for part in parts):
        return ""
    if len(parts) == 1:
        return code.strip()[:9] if len(code.strip()) == 11 else ""
    if len(parts) > 3 or len(parts[0]) not in (4, 5) or len(parts[1]) not in (3, 4):
        return ""
    return parts[0].zfill(5) + parts[1].zfill(4)


def _add(codes: dict[tuple[str, str], CodedDrug], code: tuple[str, str], drug: CodedDrug, where: str) -> None:
    if not code[1]:
        raise TableError(f"{where}: the code cannot be read")
    if code in codes and codes[code] != drug:
        raise TableError(f"{where}: code {code[1]} stands twice")
    codes[code] = drug


def _known(written: str, ingredients: Mapping[str, Ingredient], where: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in written.split(";") if name.strip())
    for name in names:
        if name not in ingredients:
            raise TableError(f"{where}: ingredient {name!r} is not in ingredients.csv")
    return names


def _release(written: str, where: str) -> Release:
    if written not in _RELEASES:
        raise TableError(f"{where}: release {written!r} must be one of {', '.join(_RELEASES)}")
    return _RELEASES[written]


def _route(written: str, where: str) -> Route:
    if written not in ROUTES:
        raise TableError(f"{where}: route must be one of {', '.join(ROUTES)}")
    return ROUTES[written]


def _names(folder: Path, ingredients: Mapping[str, Ingredient]) -> Iterable[tuple[tuple[str, ...], Name]]:
    seen: dict[tuple[str, ...], Name] = {tokens(name): Name((name,)) for name in ingredients}
    for where, row in rows(folder / "names.csv", _NAME_COLUMNS):
        if row["kind"] not in ("synonym", "brand"):
            raise TableError(f"{where}: kind must be synonym or brand, not {row['kind']!r}")
        brand = row["name"] if row["kind"] == "brand" else None
        release = _release(row["release"], where) if row["release"] else None
        route = _route(row["route"], where) if row["route"] else None
        name = Name(_known(row["ingredients"], ingredients, where), brand, release, route)
        if tokens(row["name"]) in seen:
            raise TableError(f"{where}: name {row['name']!r} stands twice")
        seen[tokens(row["name"])] = name
    return seen.items()


def _forms(folder: Path) -> Iterable[tuple[tuple[str, ...], Form]]:
    for where, row in rows(folder / "forms.csv", _FORM_COLUMNS):
        release = _release(row["release"], where) if row["release"] else None
        yield tokens(row["text"]), Form(row["form"] or None, _route(row["route"], where), release)


Meaning = TypeVar("Meaning")


def _by_first(
    entries: Iterable[tuple[tuple[str, ...], Meaning]],
) -> dict[str, tuple[tuple[tuple[str, ...], Meaning], ...]]:
    grouped: dict[str, list[tuple[tuple[str, ...], Meaning]]] = {}
    for words, meaning in entries:
        grouped.setdefault(words[0], []).append((words[1:], meaning))
    return {first: tuple(sorted(found, key=lambda one: -len(one[0]))) for first, found in grouped.items()}
