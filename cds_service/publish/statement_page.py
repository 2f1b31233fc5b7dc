"""What the page of one statement shows, besides its own members."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from cards.facts.drug_classes import GROUPS
from cards.knowledge.governance import Change
from cards.knowledge.index import Knowledge, triggers
from cards.knowledge.path_words import path_words
from cards.knowledge.seed import Claim, Seed
from cards.knowledge.statements import Statement
from cards.rules.inputs import inputs_of, made_from, predicates_of
from cards.rules.names import PREDICATES
from cds_service.publish.attributes import INPUT_WORDS, Attribute, source_attributes
from cds_service.publish.case_results import ShownCase
from cds_service.publish.in_words import Row, Table, escalations_in_words, rule_in_words
from cds_service.publish.predicate_words import Titles, titles_of
from cds_service.publish.statement_index import about
from terminology.load import Terminology

KINDS: Final = {
    "renal-dose": "Speaks when the dose is above the ceiling for the patient's kidney function.",
    "dose-limit": "Speaks when the dose is above a maximum per day or per dose.",
    "frequency": "Speaks when the drug is given too rarely, too often, or with too long a gap.",
    "start-dose": "Speaks when a drug that is new to the patient starts above the usual first dose.",
    "age-limit": "Speaks when the patient's age is inside the range.",
    "interaction": "Speaks when drugs of these groups are together, whichever of them is being ordered.",
    "duplicate-therapy": "Speaks when two different drugs of one class are together.",
    "taper": "Speaks when the drug is stopped at once.",
    "condition": "Speaks when its condition holds and no exception does.",
    "pregnancy": "Speaks when its condition holds and no exception does.",
    "lactation": "Speaks when its condition holds and no exception does.",
    "procedure": "Speaks when its condition holds and no exception does.",
    "monitoring": "Speaks when neither a recent result nor an order for one is there.",
    "application": "Speaks when a topical system exceeds number, wear time or changes a day.",
    "repeat-interval": "Speaks when a treatment lies less than the least interval back.",
    "procedure-hold": "Speaks when a procedure and an antithrombotic that needs a hold meet.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementView:
    """Everything the template asks for. `claims` by id; `sets` are value sets and drug classes it names,
    `changes` the site's, each with what it is about and its unit.
    """

    statement: Statement
    about: str
    does: str
    rows: tuple[Row, ...]
    tables: tuple[Table, ...]
    raised: tuple[Row, ...]
    lowered: tuple[Row, ...]
    reads: tuple[str, ...]
    derived_from: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    claims: tuple[tuple[str, Claim], ...]
    sets: tuple[str, ...]
    groups: tuple[Row, ...]
    cases: tuple[ShownCase, ...]
    review: str
    review_state: str
    not_in_force: str
    changes: tuple[tuple[str, str, Change], ...]

    @property
    def failing(self) -> int:
        """How many of its cases do not hold."""
        return sum(1 for one in self.cases if one.problems and not one.set_aside)

    @property
    def set_aside(self) -> int:
        """How many do not count at this site."""
        return sum(1 for one in self.cases if one.set_aside)


def statement_view(
    statement: Statement,
    knowledge: Knowledge,
    terms: Terminology,
    seed: Seed,
    cases: tuple[ShownCase, ...],
    day: date,
    release: str,
) -> StatementView:
    """The view of a statement on that local day."""
    titles = titles_of(terms)
    rows, tables = rule_in_words(statement.rule, titles)
    inputs = list(dict.fromkeys(one for one, _ in inputs_of(statement, knowledge)))
    return StatementView(
        statement=statement,
        about=about(statement),
        does=KINDS.get(statement.kind, ""),
        rows=rows,
        tables=tables,
        raised=escalations_in_words(statement.escalations, titles),
        lowered=escalations_in_words(statement.caps, titles),
        reads=tuple(INPUT_WORDS[one] for one in inputs),
        derived_from=tuple(sorted(INPUT_WORDS[one] for one in made_from(inputs) - set(inputs))),
        attributes=source_attributes(statement, knowledge, terms, release),
        claims=tuple((name, seed.claims[name]) for name in statement.seed_claims if name in seed.claims),
        sets=sets_of(statement, knowledge, terms),
        groups=_groups(statement, knowledge, titles),
        cases=cases,
        review=statement.review.words(day),
        review_state=statement.review.state_on(day),
        changes=tuple((*path_words(one.path), one) for one in statement.changed),
        not_in_force=knowledge.dormant.get(statement.id, ""),
    )


def sets_of(statement: Statement, knowledge: Knowledge, terms: Terminology) -> tuple[str, ...]:
    """The value sets and drug classes that a statement names, in its conditions or as what it is about."""
    return tuple(sorted(_named(statement, knowledge) & terms.sets.sets.keys()))


def _groups(statement: Statement, knowledge: Knowledge, titles: Titles) -> tuple[Row, ...]:
    """The groups by route, form or dose that it names, each with what belongs to it."""
    named = _named(statement, knowledge)
    found = [(one.name, rule_in_words(one, titles)[0]) for one in GROUPS if one.name in named]
    return tuple(
        Row(name, "; ".join(f"{row.label}: {row.text}" for row in rows if row.label != "name"))
        for name, rows in sorted(found, key=lambda item: item[0])
    )


def _named(statement: Statement, knowledge: Knowledge) -> set[str]:
    named = set(triggers(statement))
    for predicate in predicates_of(statement, knowledge):
        kinds = PREDICATES[predicate.name]
        named |= {
            str(arg) for kind, arg in zip(kinds, predicate.args, strict=False) if kind in ("set", "class")
        }
    return named
