"""The thirteen source attributes of evidence-based decision support: 45 CFR 170.315(b)(11)(iv)(A).

The nine "use of" attributes follow from what the statement's rule reads (cards/rules/inputs.py). Nobody types them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from cards.knowledge.conditions import Predicate
from cards.knowledge.index import Knowledge
from cards.knowledge.statements import Statement
from cards.rules.inputs import MADE_FROM, Input, Read, inputs_of, predicates_of
from cards.rules.names import PREDICATES
from cds_service.publish.predicate_words import Titles, predicate_words, titles_of
from cds_service.publish.publisher import DEVELOPER, FUNDING
from terminology.coding import ICD10CM
from terminology.load import Terminology

Says = Callable[[str, Terminology], str]
"""What a value set is about, "" where it is none of that."""

REGULATION: Final = "45 CFR 170.315(b)(11)(iv)(A)"
INPUT_WORDS: Final[dict[Input, str]] = {
    "orders": "the orders being placed",
    "medication-list": "active medication",
    "ended-medication": "ended medication",
    "problem-list": "problem list",
    "date-of-birth": "date of birth",
    "sex": "sex: the sex parameter for clinical use, else the administrative gender",
    "ancestry": "recorded race, ethnicity and ancestry",
    "weight": "body weight and height",
    "kidney-function": "kidney function",
    "results": "laboratory results and measurements",
    "procedures": "procedures and devices",
    "planned": "tests and procedures that are ordered",
    "encounter": "whether the patient is in hospital",
    "pregnancy": "pregnancy, breastfeeding and childbearing potential",
    "episodes": "pregnancy episodes and flags",
}
# Social circumstances as ICD-10-CM codes them: Z55 to Z65.
_SOCIAL: Final = tuple(f"Z{number}" for number in range(55, 66))
# Value sets of what USCDI counts among health status assessments, besides pregnancy status.
_ASSESSED: Final = {
    "falls": "functional status: falls",
    "cognitive-impairment": "mental and cognitive status",
    "dementia": "mental and cognitive status",
    "delirium": "mental and cognitive status",
    "alcohol-use-disorder": "functional status: alcohol use",
    "substance-use-disorder": "functional status: substance use",
    "opioid-use-disorder": "functional status: substance use",
    "phq-9": "mental and cognitive status",
    "phq-9-suicidal-thoughts": "mental and cognitive status",
}
_USES: Final[tuple[tuple[int, str, tuple[Input, ...]], ...]] = (
    (5, "Use of race", ("ancestry",)),
    (6, "Use of ethnicity", ("ancestry",)),
    (7, "Use of language", ()),
    (8, "Use of sexual orientation", ()),
    (9, "Use of gender identity", ()),
    (10, "Use of sex", ("sex",)),
    (11, "Use of date of birth", ("date-of-birth",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One source attribute; `used` is None for the first four, `lines` say by what, or what the attribute is."""

    number: int
    name: str
    used: bool | None
    lines: tuple[str, ...]

    @property
    def said(self) -> str:
        """The value in one line."""
        words = {None: "", True: "Used: ", False: "Not used"}[self.used]
        return words + "; ".join(self.lines)


def source_attributes(
    statement: Statement, knowledge: Knowledge, terms: Terminology, release: str
) -> tuple[Attribute, ...]:
    """All thirteen, in the order of the regulation. `release` says when the knowledge was released and revised."""
    reads = inputs_of(statement, knowledge)
    cited = tuple(f"{one.title}, {one.section}. {one.url}" for one in statement.sources)
    developer = (DEVELOPER, *(f"Changed by this site: {one}" for one in _site_owners(statement)))
    uses = tuple(_use(number, name, inputs, reads, titles_of(terms)) for number, name, inputs in _USES)
    social = tuple(_by_sets(statement, knowledge, terms, _is_social))
    assessed = (
        *_by(("pregnancy",), reads, "pregnancy status, read ", titles_of(terms)),
        *_by_sets(statement, knowledge, terms, lambda one, _: _ASSESSED.get(one, "")),
    )
    return (
        _told(1, "Bibliographic citation of the intervention (clinical research or guideline)", cited),
        _told(
            2, "Developer of the intervention (translation from clinical research or guideline)", developer
        ),
        _told(
            3, "Funding source of the technical implementation for the intervention's development", (FUNDING,)
        ),
        _told(
            4,
            "Release and, if applicable, revision dates of the intervention or reference source",
            (release,),
        ),
        *uses,
        _used(12, "Use of social determinants of health data", social),
        _used(13, "Use of health status assessments data", assessed),
    )


def _told(number: int, name: str, lines: tuple[str, ...]) -> Attribute:
    return Attribute(number=number, name=name, used=None, lines=lines)


def _used(number: int, name: str, lines: Iterable[str]) -> Attribute:
    found = tuple(dict.fromkeys(lines))
    return Attribute(number=number, name=name, used=bool(found), lines=found)


def _use(
    number: int, name: str, inputs: tuple[Input, ...], reads: tuple[Read, ...], titles: Titles
) -> Attribute:
    lines = list(_by(inputs, reads, "", titles))
    for derived, parts in MADE_FROM.items():
        if set(inputs) & set(parts):
            lines += _by((derived,), reads, f"{INPUT_WORDS[derived]}, worked out from it, read ", titles)
    return _used(number, name, lines)


def _by(inputs: tuple[Input, ...], reads: Iterable[Read], before: str, titles: Titles) -> Iterator[str]:
    """What reads one of the inputs, in words."""
    for read, by in reads:
        if read in inputs:
            yield f"{before}by {_words(by, titles)}"


def _words(by: Predicate | str, titles: Titles) -> str:
    return f"the condition that {predicate_words(by, titles)}" if isinstance(by, Predicate) else by


def _by_sets(statement: Statement, knowledge: Knowledge, terms: Terminology, says: Says) -> Iterator[str]:
    """What value sets named by a predicate stand for, where that is something."""
    for predicate in predicates_of(statement, knowledge):
        for kind, arg in zip(PREDICATES[predicate.name], predicate.args, strict=False):
            if kind == "set":
                for name in _with_included(str(arg), terms):
                    said = says(name, terms)
                    if said:
                        yield f"{said}, read by {_words(predicate, titles_of(terms))}"


def _with_included(name: str, terms: Terminology) -> Iterator[str]:
    yield name
    found = terms.sets.sets.get(name)
    for included in sorted(found.includes) if found else ():
        yield from _with_included(included, terms)


def _is_social(name: str, terms: Terminology) -> str:
    found = terms.sets.sets.get(name)
    codes = found.codes if found else frozenset()
    social = sorted(code for system, code in codes if system == ICD10CM and code.startswith(_SOCIAL))
    return f"value set {name} holds {', '.join(social)}" if social else ""


def _site_owners(statement: Statement) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.owner for one in statement.changed))
