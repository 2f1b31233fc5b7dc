"""Value sets: labs, conditions, procedures and encounter classes by code, drug classes by ingredient name.

A code is in a set by system and code together, never by the code alone. ICD-10-CM entries are families:
`N18` holds every code that begins with it, written with or without the dot.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from terminology.coding import ACT_CODE, ICD10CM, LOINC, SNOMED, Coding
from terminology.csv_tables import TableError

_BASE: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SYSTEMS = {"icd10cm": ICD10CM, "snomed": SNOMED, "loinc": LOINC, "actcode": ACT_CODE}
_FIELDS = frozenset({"id", "title", "source", "includes", "ingredients", *_SYSTEMS})
_SHORTEST_ICD = 3


@dataclass(frozen=True, slots=True)
class ValueSet:
    """One set as its file states it; `codes` are (system, code) pairs, ICD-10-CM without the dot."""

    id: str
    title: str
    source: str
    codes: frozenset[tuple[str, str]]
    ingredients: frozenset[str]
    includes: frozenset[str]


@dataclass(frozen=True, slots=True)
class ValueSets:
    """All sets, and for each code and each ingredient the ids of the sets that hold it."""

    sets: Mapping[str, ValueSet]
    by_code: Mapping[tuple[str, str], frozenset[str]]
    by_ingredient: Mapping[str, frozenset[str]]

    def of(self, coding: Coding) -> frozenset[str]:
        """Ids of the sets that hold this code of this system; none for a code without a system."""
        if coding.system != ICD10CM:
            return self.by_code.get((coding.system, coding.code.strip()), frozenset())
        code = _plain_icd(coding.code)
        families = (code[:length] for length in range(_SHORTEST_ICD, len(code) + 1))
        return frozenset().union(*(self.by_code.get((ICD10CM, one), frozenset()) for one in families))


def load_value_sets(folder: Path, known_ingredients: Iterable[str]) -> ValueSets:
    """All `*.yaml` of a folder. Raises TableError, naming the file, for whatever is not as it must be."""
    sets = {one.id: one for one in map(_read, sorted(folder.glob("*.yaml")))}
    known = frozenset(known_ingredients)
    by_code: dict[tuple[str, str], set[str]] = {}
    by_ingredient: dict[str, set[str]] = {}
    for name in sets:
        for part in _with_included(name, sets, ()):
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
            code = (system, _plain_icd(written) if system == ICD10CM else written)
            if code in codes:
                raise TableError(f"{path.name}: {field} code {written} stands twice")
            codes.add(code)
    ingredients, includes = _texts(path, members, "ingredients"), _texts(path, members, "includes")
    if len(set(ingredients)) < len(ingredients) or len(set(includes)) < len(includes):
        raise TableError(f"{path.name}: an entry of ingredients or includes stands twice")
    if not codes and not ingredients and not includes:
        raise TableError(f"{path.name}: the set is empty")
    return ValueSet(
        members["id"], members["title"], members["source"], frozenset(codes), frozenset(ingredients),
        frozenset(includes),
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
