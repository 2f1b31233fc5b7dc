"""From the codes and texts of one medication to what it is.

Codes come first: an RxNorm product, then RxNorm ingredients, NDC, ATC, UNII. A text completes a code that
names the same drug (its strength, form, brand), decides where no code is known, and is reported beside
the code where it names another drug or another strength.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, Protocol

from terminology.coding import ATC, NDC, RXNORM, UNII, Coding
from terminology.lookup_words import disagreement, ingredient_names, unknown, unsure
from terminology.medication_codes import MedicationTables, ndc_product
from terminology.medications import Ingredient, Medication, MedicationLookup, RecognisedBy, Release, Strength
from terminology.product_names import LONGEST_TEXT, ProductName, read_name

# Far above what a medication carries; keeps the work bounded whatever a client sends.
_MOST_CODES, _MOST_TEXTS = 50, 50
_RECOGNISED_BY: Mapping[str, RecognisedBy] = {RXNORM: "ingredient", NDC: "ndc", ATC: "atc", UNII: "unii"}
_OTHER_CODES: tuple[RecognisedBy, ...] = ("ndc", "atc", "snomed", "unii", "server")  # in this order
# RxNorm rounds concentrations to three digits ("21.7 MG/ML" for 325 mg in 15 mL).
_SAME_STRENGTH = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class _Read:
    """A medication, and whether its source stated the release at all."""

    medication: Medication
    release_stated: bool


class CodeSource(Protocol):
    """A further source of medication codes: a site's own RxNorm release, a terminology server."""

    def medication(self, coding: Coding) -> Medication | None:
        """The medication of a code, None where this source does not know it. Never raises."""


def look_up(
    codings: Sequence[Coding],
    texts: Sequence[str],
    tables: MedicationTables,
    site: CodeSource | None = None,
    server: CodeSource | None = None,
) -> MedicationLookup:
    """The medication that codes and texts name; see MedicationLookup. `near` is left to the caller.

    A code is looked up in `site`, then in the tables, then in `server`.
    """
    codings = codings[:_MOST_CODES]
    displays = (coding.display for coding in codings)
    written = tuple(dict.fromkeys(one for one in (*texts, *displays) if one.strip()))[:_MOST_TEXTS]
    text = written[0][:LONGEST_TEXT] if written else ""
    coded = _coded(codings, tables, site, server)
    names = tuple(read_name(one, tables.index) for one in written)
    read = [
        _from_name(one, name, tables) for one, name in zip(written, names, strict=True) if name.ingredients
    ]
    if not coded and not read:
        return MedicationLookup(text=text, why=unknown(codings, written, names))
    found, whys = _merged([*coded, *read])
    if names and not read:
        whys += unsure(found, names)
    return MedicationLookup(medications=tuple(found), text=text, why="; ".join(dict.fromkeys(whys)))


def named(text: str, tables: MedicationTables) -> Medication | None:
    """The medication that a text names, None where it names none or several."""
    name = read_name(text, tables.index)
    return _from_name(text, name, tables).medication if name.ingredients else None


def product(rxcui: str, tables: MedicationTables) -> Medication | None:
    """The medication of an RxNorm product code, None for a code that is not in the product table."""
    read = _product(rxcui, tables)
    return read.medication if read else None


def _coded(
    codings: Sequence[Coding], tables: MedicationTables, site: CodeSource | None, server: CodeSource | None
) -> list[_Read]:
    """What the codes name, the most telling first."""
    products: list[_Read] = []
    parts: dict[str, Ingredient] = {}
    others: list[tuple[int, _Read]] = []
    for coding in codings:
        read = _of_code(coding, tables, site) or _of_server(coding, server)
        if read is None:
            continue
        by = read.medication.recognised_by
        if by == "product":
            products.append(read)
        elif by == "ingredient":
            parts.update((part.name, part) for part in read.medication.ingredients)
        else:
            others.append((_OTHER_CODES.index(by), read))
    found = _largest_sets(products)
    if not parts and not others:
        return found
    # The ingredient codes beside a product are its own parts; others are a drug of their own.
    inside = {part.name for one in found for part in one.medication.ingredients}
    apart = tuple(part for name, part in parts.items() if name not in inside)
    if apart:
        found.append(_Read(_plain(apart, "ingredient", tables), False))
    return [*found, *(read for _, read in sorted(others, key=lambda one: one[0]))]


def _of_code(coding: Coding, tables: MedicationTables, site: CodeSource | None) -> _Read | None:
    """One code, by the site's own release before the tables; an ATC code by the tables, which know its route."""
    theirs = site.medication(coding) if site and coding.system in (RXNORM, NDC) else None
    if theirs is None:
        ours = _product(coding.code.strip(), tables) if coding.system == RXNORM else None
        ours = ours or _other(coding, tables)
        if ours is not None:
            return ours
        theirs = site.medication(coding) if site and coding.system == ATC else None
    if theirs is None:
        return None
    product = theirs.recognised_by in ("product", "ndc")
    return _Read(theirs, product and theirs.form is not None)


def _of_server(coding: Coding, server: CodeSource | None) -> _Read | None:
    theirs = server.medication(coding) if server else None
    return _Read(theirs, theirs.form is not None) if theirs else None


def _largest_sets(products: list[_Read]) -> list[_Read]:
    """Without the products that are a part of another one: the components of a combination or pack."""
    if len(products) < 2:
        return products
    sets = [{part.name for part in one.medication.ingredients} for one in products]
    packs = [held for held, one in zip(sets, products, strict=True) if one.medication.form == "Pack"]
    return [
        one
        for held, one in zip(sets, products, strict=True)
        if not any(held < other for other in sets)
        and (one.medication.form == "Pack" or not any(held <= pack for pack in packs))
    ]


def _product(rxcui: str, tables: MedicationTables) -> _Read | None:
    row = tables.products.get(rxcui)
    if row is None:
        return None
    name = read_name(row.name, tables.index)
    if not name.ingredients:
        return None
    read = _from_name(row.name, name, tables, "product", rxcui, row.marketed)
    return _Read(read.medication, name.form is not None or read.release_stated)


def _other(coding: Coding, tables: MedicationTables) -> _Read | None:
    by = _RECOGNISED_BY.get(coding.system)
    if by is None:
        return None
    code = ndc_product(coding.code) if coding.system == NDC else coding.code.strip().upper()
    drug = tables.codes.get((coding.system, code))
    if drug is None:
        return None
    if drug.product:
        read = _from_name(drug.product, read_name(drug.product, tables.index), tables, by)
        return _Read(read.medication, True)
    return _Read(_plain(tuple(tables.ingredients[name] for name in drug.ingredients), by, tables), False)


def _plain(parts: tuple[Ingredient, ...], by: RecognisedBy, tables: MedicationTables) -> Medication:
    names = tuple(part.name for part in parts)
    return Medication(
        name=" / ".join(names),
        ingredients=parts,
        release=made_release(names, None, tables),
        recognised_by=by,
    )


def _from_name(
    text: str,
    name: ProductName,
    tables: MedicationTables,
    by: RecognisedBy = "text",
    rxcui: str | None = None,
    marketed: bool = False,
) -> _Read:
    known = tables.ingredients
    ingredients = tuple(
        [
            Ingredient(part, known[part].rxcui if part in known else None, strength)
            for part, strength in name.ingredients
        ]
    )
    medication = Medication(
        name=" ".join(text.split()),
        ingredients=ingredients,
        form=name.form,
        route=name.route,
        release=made_release([part for part, _ in name.ingredients], name.release, tables),
        brand=name.brand,
        rxcui=rxcui,
        marketed=marketed,
        recognised_by=by,
    )
    return _Read(medication, name.release is not None)


def made_release(names: Sequence[str], stated: Release | None, tables: MedicationTables) -> Release:
    """The release as stated, within how the ingredient is made: "ER" gabapentin is the once-daily one."""
    made = tables.releases.get(names[0], ()) if len(names) == 1 else ()
    if not made or stated in made:
        return stated or "immediate"
    return made[-1] if stated not in (None, "immediate") else made[0]


def _merged(read: Sequence[_Read]) -> tuple[list[Medication], list[str]]:
    """One medication per drug, the first source leading; and why there is more than one."""
    if len(read) == 1:
        return [read[0].medication], []
    kept: list[_Read] = []
    whys: list[str] = []
    for one in read:
        for place, other in enumerate(kept):
            same = _same_drug(other.medication, one.medication)
            if same is None:
                continue
            if same == "wider":
                kept[place] = one  # an ingredient code is one part of the combination that the text names
            elif _strengths_disagree(other.medication, one.medication):
                continue
            elif same == "equal":
                kept[place] = _completed(other, one)
            break
        else:
            kept.append(one)
    if len(kept) > 1:
        whys.append(disagreement([one.medication for one in kept]))
    ordered = sorted(kept, key=lambda one: -_size(one.medication)) if _one_drug(kept) else kept
    return [one.medication for one in ordered], whys


def _same_drug(leading: Medication, further: Medication) -> Literal["equal", "narrower", "wider"] | None:
    """How a further source relates to the leading one; None where it is another drug."""
    first, second = ingredient_names(leading), ingredient_names(further)
    if first == second:
        return "equal"
    if second < first:
        return "narrower"
    if first < second and leading.recognised_by != "product":
        return "wider"
    return None


def _strengths_disagree(one: Medication, other: Medication) -> bool:
    for part in one.ingredients:
        twin = other.ingredient(part.name)
        if twin and part.strength and twin.strength and not _alike(part.strength, twin.strength):
            return True
    return False


def _alike(one: Strength, other: Strength) -> bool:
    if one.per != other.per:
        return True  # a bottle's content beside its concentration: not comparable, so no conflict
    return abs(one.mg - other.mg) <= _SAME_STRENGTH * max(one.mg, other.mg)


def _completed(leading: _Read, further: _Read) -> _Read:
    """The leading medication with what only the further source states."""
    first, second = leading.medication, further.medication
    ingredients = tuple(
        part if part.strength else replace(part, strength=twin.strength if twin else None)
        for part, twin in ((part, second.ingredient(part.name)) for part in first.ingredients)
    )
    # A special release is believed from either source: old codes do not tell Gralise from gabapentin.
    special = further.release_stated and (not leading.release_stated or second.release != "immediate")
    completed = replace(
        first,
        ingredients=ingredients,
        form=first.form or second.form,
        route=first.route or second.route,
        brand=first.brand or second.brand,
        release=second.release if special else first.release,
        rxcui=first.rxcui or second.rxcui,
        marketed=first.marketed or (first.rxcui is None and second.marketed),
    )
    return _Read(completed, leading.release_stated or further.release_stated)


def _one_drug(read: Sequence[_Read]) -> bool:
    return len({ingredient_names(one.medication) for one in read}) == 1


def _size(medication: Medication) -> Decimal:
    return max((part.strength.mg for part in medication.ingredients if part.strength), default=Decimal(0))
