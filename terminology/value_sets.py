"""Value sets: labs, conditions, procedures, devices and encounter classes by code, drug classes by name.

A code is in a set by system and code together, never by the code alone. ICD-10 entries are families: `N18`
holds every code that begins with it, written with or without the dot. `texts` are phrases that name the
thing in an order or a device without a known code; they are asked for separately and never stand in for a
diagnosis.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from terminology.coding import (
    ACT_CODE,
    ATC,
    CDCREC,
    HCPCS,
    ICD10CM,
    ICD10PCS,
    LOINC,
    NDC,
    RXNORM,
    SNOMED,
    UNII,
    Coding,
)  # fmt: skip
from terminology.csv_tables import TableError
from terminology.service_names import Index, named_sets, phrase_index

_BASE: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SYSTEMS = {
    "icd10cm": ICD10CM, "icd10pcs": ICD10PCS, "snomed": SNOMED, "loinc": LOINC, "hcpcs": HCPCS,
    "actcode": ACT_CODE, "rxnorm": RXNORM, "ndc": NDC, "atc": ATC, "unii": UNII,
    "cdcrec": CDCREC,
}  # fmt: skip
_FAMILIES = frozenset({ICD10CM, ICD10PCS})
_LISTS = ("includes", "ingredients", "texts", "single", "expand")
_FIELDS = frozenset({"id", "title", "source", *_LISTS, *_SYSTEMS})
_SHORTEST_ICD = 3


@dataclass(frozen=True, slots=True)
class ValueSet:
    """One set as its file states it; `codes` are (system, code) pairs, ICD-10 without the dot.

    `single` lists the codes that only one source showed, `expand` the URLs of value sets on a site's
    terminology server that belong to this one.
    """

    id: str
    title: str
    source: str
    codes: frozenset[tuple[str, str]]
    ingredients: frozenset[str]
    includes: frozenset[str]
    texts: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    expand: frozenset[str] = frozenset()

    def stated(self, coding: Coding) -> str | None:
        """The code or family by which the set itself holds this code, None where an included set does."""
        code = coding.code.strip()
        if coding.system in _FAMILIES:
            code = _plain_icd(code)
            families = (code[:length] for length in range(len(code), _SHORTEST_ICD - 1, -1))
            return next((one for one in families if (coding.system, one) in self.codes), None)
        return code if (coding.system, code) in self.codes else None


@dataclass(frozen=True, slots=True)
class ValueSets:
    """All sets, and for each code, ingredient and phrase the ids of the sets that hold it."""

    sets: Mapping[str, ValueSet]
    by_code: Mapping[tuple[str, str], frozenset[str]]
    by_ingredient: Mapping[str, frozenset[str]]
    phrases: Index
    by_url: Mapping[str, frozenset[str]]

    def of(self, coding: Coding) -> frozenset[str]:
        """Ids of the sets that hold this code of this system; none for a code without a system."""
        if coding.system not in _FAMILIES:
            return self.by_code.get((coding.system, coding.code.strip()), frozenset())
        code = _plain_icd(coding.code)
        families = (code[:length] for length in range(_SHORTEST_ICD, len(code) + 1))
        return frozenset().union(*(self.by_code.get((coding.system, one), frozenset()) for one in families))

    def named(self, text: str, *, on_record: bool = False) -> frozenset[str]:
        """Ids of the sets that a text names by one of their phrases; `service_names` says how it is read.

        For the names of orders, devices and measurements, not for prose.
        """
        return named_sets(text, self.phrases, on_record=on_record)


def load_value_sets(
    folder: Path, known_ingredients: Iterable[str], site_folder: Path | None = None
) -> ValueSets:
    """All `*.yaml` of a folder. Raises TableError, naming the file, for whatever is not as it must be.

    Sets of `site_folder` add to the set of the same id, or stand as sets of their own.
    """
    sets = {one.id: one for one in map(_read, sorted(folder.glob("*.yaml")))}
    for one in map(_read, sorted(site_folder.glob("*.yaml")) if site_folder else ()):
        sets[one.id] = _joined(sets[one.id], one) if one.id in sets else one
    known = frozenset(known_ingredients)
    by_code: dict[tuple[str, str], set[str]] = {}
    by_ingredient: dict[str, set[str]] = {}
    by_phrase: dict[str, set[str]] = {}
    by_url: dict[str, set[str]] = {}
    for name in sets:
        for part in _with_included(name, sets, ()):
            for url in part.expand:
                by_url.setdefault(url, set()).add(name)
            for text in part.texts:
                by_phrase.setdefault(text, set()).add(name)
            for code in part.codes:
                by_code.setdefault(code, set()).add(name)
            for ingredient in part.ingredients:
                if ingredient not in known:
                    raise TableError(f"{part.id}.yaml: ingredient {ingredient!r} is not in ingredients.csv")
                by_ingredient.setdefault(ingredient, set()).add(name)
    return ValueSets(
        sets,
        {code: frozenset(names) for code, names in by_code.items()},
        {ingredient: frozenset(names) for ingredient, names in by_ingredient.items()},
        phrase_index((text, frozenset(names)) for text, names in by_phrase.items()),
        {url: frozenset(names) for url, names in by_url.items()},
    )


def _joined(base: ValueSet, site: ValueSet) -> ValueSet:
    return replace(
        base,
        source=f"{base.source}; {site.source}",
        codes=base.codes | site.codes,
        ingredients=base.ingredients | site.ingredients,
        includes=base.includes | site.includes,
        texts=base.texts | site.texts,
        single=base.single | site.single,
        expand=base.expand | site.expand,
    )


def _with_included(name: str, sets: Mapping[str, ValueSet], above: tuple[str, ...]) -> Iterator[ValueSet]:
    if name not in sets:
        raise TableError(f"{above[-1]}.yaml: includes {name!r}, which is no value set")
    if name in above:
        raise TableError(f"{name}.yaml: includes itself through {' and '.join(above)}")
    yield sets[name]
    for included in sorted(sets[name].includes):
        yield from _with_included(included, sets, (*above, name))


def _read(path: Path) -> ValueSet:
    members = _members(path)
    unknown = sorted(set(members) - _FIELDS)
    if unknown:
        raise TableError(f"{path.name}: unknown field {unknown[0]!r}; known are {', '.join(sorted(_FIELDS))}")
    for field in ("id", "title", "source"):
        if not isinstance(members.get(field), str) or not members[field].strip():
            raise TableError(f"{path.name}: field {field!r} is missing")
    if members["id"] != path.stem:
        raise TableError(f"{path.name}: id {members['id']!r} is not the file's name")
    codes: set[tuple[str, str]] = set()
    for field, system in _SYSTEMS.items():
        for written in _texts(path, members, field):
            code = (system, _plain_icd(written) if system in _FAMILIES else written)
            if code in codes:
                raise TableError(f"{path.name}: {field} code {written} stands twice")
            codes.add(code)
    lists = {field: _texts(path, members, field) for field in _LISTS}
    for field, entries in lists.items():
        if len(set(entries)) < len(entries):
            raise TableError(f"{path.name}: an entry of {field} stands twice")
    if not any([codes, lists["ingredients"], lists["includes"], lists["texts"], lists["expand"]]):
        raise TableError(f"{path.name}: the set is empty")
    stray = set(lists["single"]) - {written for field in _SYSTEMS for written in _texts(path, members, field)}
    if stray:
        raise TableError(f"{path.name}: single lists {min(stray)}, which is no code of the set")
    return ValueSet(
        members["id"], members["title"], members["source"], frozenset(codes),
        **{field: frozenset(entries) for field, entries in lists.items()},
    )  # fmt: skip


def _members(path: Path) -> dict[str, Any]:
    """The file's mapping with every scalar as text: no code turns into a number or a truth value."""
    try:
        with path.open("rb") as stream:
            node = yaml.compose(stream, Loader=_BASE)
        names = [key.value for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
        with path.open("rb") as stream:
            members = yaml.load(stream, Loader=_BASE)  # noqa: S506  BaseLoader makes only str, list and dict
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TableError(f"{path.name}: {error}") from error
    if not isinstance(members, dict):
        raise TableError(f"{path.name}: the file must be a mapping")
    for name in names:
        if names.count(name) > 1:
            raise TableError(f"{path.name}: field {name!r} stands twice")
    return members


def _texts(path: Path, members: Mapping[str, Any], field: str) -> list[str]:
    listed = members.get(field, [])
    if not isinstance(listed, list) or not all(isinstance(item, str) and item.strip() for item in listed):
        raise TableError(f"{path.name}: field {field!r} must be a list of texts")
    return [item.strip() for item in listed]


def _plain_icd(code: str) -> str:
    return code.strip().upper().replace(".", "")
