"""The list of statements: searched, filtered and grouped, each with how it stands at this site."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from cards.card import Indicator
from cards.facts.drug_classes import GROUPS
from cards.knowledge.index import Knowledge, triggers
from cards.knowledge.statements import Statement
from terminology.load import Terminology

_AREAS: Final = {
    "dosing": "Dosing",
    "interactions": "Interactions",
    "pregnancy": "Pregnancy and breastfeeding",
    "procedures": "Procedures and devices",
}
_ABBREVIATIONS: Final = {"cns": "CNS", "qt": "QT", "snri": "SNRI", "nsaid": "NSAID"}
REVIEW_STATES: Final = {
    "none": "not approved",
    "approved": "approved",
    "overdue": "review overdue",
    "lapsed": "approval lapsed",
}
EVIDENCE: Final = {
    "seen": "read in a copy of the source",
    "recall": "from general knowledge, not yet checked against the source",
    "recall+seen": "partly read in a copy of the source, partly not yet checked",
    "design": "a design choice of this service, not a clinical source",
}
STANDINGS: Final = {
    "in-force": "in force",
    "dormant": "not in force",
    "changed": "changed by this site",
    "site": "added by this site",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What somebody asked the list for; "" for anything."""

    q: str = ""
    drug: str = ""
    kind: str = ""
    severity: str = ""
    evidence: str = ""
    review: str = ""
    standing: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Filter":
        """From the parameters of a request; what is not known is not asked."""
        return cls(**{one.name: asked.get(one.name, "").strip()[:100] for one in fields(cls)})

    @property
    def narrows(self) -> bool:
        """Whether it asks for anything."""
        return any(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The statements of one file."""

    area: str
    name: str
    file: str
    statements: tuple[Statement, ...]


def found(knowledge: Knowledge, terms: Terminology, asked: Filter, day: date) -> tuple[Statement, ...]:
    """The statements that a filter lets through, in the order of the files."""
    names = names_of(asked.drug, terms) if asked.drug else frozenset()
    return tuple(
        one
        for one in sorted(knowledge.statements.values(), key=_place)
        if _lets_through(one, knowledge, asked, names, day)
    )


def _place(one: Statement) -> tuple[str, str, int, str]:
    path = PurePosixPath(one.file)
    return (path.parent.name, path.stem, one.order, one.id)


def grouped(statements: Iterable[Statement]) -> tuple[tuple[str, tuple[Group, ...]], ...]:
    """By area, then by file."""
    files: dict[str, list[Statement]] = {}
    for one in statements:
        files.setdefault(one.file, []).append(one)
    areas: dict[str, list[Group]] = {}
    for file, listed in files.items():
        path = PurePosixPath(file)
        area = _AREAS.get(path.parent.name, path.parent.name)
        name = " ".join(_ABBREVIATIONS.get(word, word) for word in path.stem.split("-"))
        areas.setdefault(area, []).append(
            Group(area=area, name=name[:1].upper() + name[1:], file=file, statements=tuple(listed))
        )
    return tuple((area, tuple(groups)) for area, groups in areas.items())


def about(statement: Statement) -> str:
    """The product, or the classes that bring the statement up."""
    if statement.drug is not None:
        return statement.drug.name
    return ", ".join(sorted(name.replace("-", " ") for name in triggers(statement)))


def drug_names(knowledge: Knowledge) -> tuple[str, ...]:
    """Ingredients and classes that statements name, for the search field."""
    named = {one.drug.ingredient for one in knowledge.statements.values() if one.drug is not None}
    return tuple(sorted(named.union(*(triggers(one) for one in knowledge.statements.values()))))


def kinds(knowledge: Knowledge) -> tuple[str, ...]:
    """The kinds of rules there are."""
    return tuple(sorted({one.kind for one in knowledge.statements.values()}))


def severities() -> tuple[str, ...]:
    """The gravest first."""
    return tuple(one.name for one in sorted(Indicator, reverse=True))


@lru_cache(maxsize=256)
def names_of(drug: str, terms: Terminology) -> frozenset[str]:
    """What an order of this drug is called in statements: its ingredient, classes and groups."""
    name = drug.lower()
    read = terms.medication((), (drug,))
    ingredients = {part.name for one in read.medications for part in one.ingredients} | {name}
    classes = {found for one in ingredients for found in terms.classes(one)}
    names = ingredients | classes | {name.replace(" ", "-")}
    return frozenset(names | {group.name for group in GROUPS if group.of & names})


def _lets_through(
    one: Statement, knowledge: Knowledge, asked: Filter, names: frozenset[str], day: date
) -> bool:
    if asked.drug and not (triggers(one) & names or (one.drug is not None and one.drug.ingredient in names)):
        return False
    if asked.kind and one.kind != asked.kind:
        return False
    if asked.severity and one.severity.name != asked.severity:
        return False
    if asked.evidence and one.evidence != asked.evidence:
        return False
    if asked.review and one.review.state_on(day) != asked.review:
        return False
    if asked.standing and asked.standing not in standings(one, knowledge):
        return False
    text = f"{one.id} {one.title} {about(one)} {one.file}".lower()
    return all(word in text for word in asked.q.lower().split())


def standings(one: Statement, knowledge: Knowledge) -> tuple[str, ...]:
    """How a statement stands at this site, as keys of STANDINGS."""
    listed = ["dormant" if one.id in knowledge.dormant else "in-force"]
    if one.changed:
        listed.append("changed")
    if one.of_site:
        listed.append("site")
    return tuple(listed)
