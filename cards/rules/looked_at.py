"""How a statement looks at orders: at others than the judged one, and at what the judged one says of its drug.

Any other order makes no difference to what a statement says. Besides, the day's total of an ingredient counts every
order of it, whatever the statement names.
"""

from typing import NamedTuple

from cards.knowledge.index import Knowledge, triggers
from cards.knowledge.rule_types import (
    AgeLimit,
    Circumstance,
    Duplicate,
    Monitoring,
    Pair,
    ProcedureHold,
    Taper,
)
from cards.knowledge.statements import Statement
from cards.rules.inputs import predicates_of
from cards.rules.names import PREDICATES
from cards.rules.predicates import OF_PATIENT

# Predicates that ask of other orders only whether one of the class is there, or that look at the judged one alone.
_BY_CLASS_ONLY = OF_PATIENT | {
    "also-on",
    "class-count-at-least",
    "none-known",
    "on-class",
    "on-class-within",
    "on-ingredient",
    "order-class",
    "pair-class",
    "partner-class",
    "with-class",
    "as-needed",
    "continued-unchanged",
    "course-at-most",
    "daily-dose-above",
    "dispensed",
    "listed-at-least",
    "mg-per-kg-above",
    "new-start",
    "ordered",
    "route",
    "single-dose-above",
    "single-units-above",
}
# What looks at the drug of the judged order, its classes and its kind, and not at how it is to be taken: kinds of
# rules (a taper looks at the dose of an order that stops a drug, and no replacement does), and predicates.
_BY_DRUG_ONLY_RULES = (AgeLimit, Circumstance, Monitoring, Pair, Taper)
_BY_DRUG_ONLY = OF_PATIENT | {
    "also-on",
    "also-on-longer-than",
    "class-count-at-least",
    "lab-planned",
    "listed-at-least",
    "new-start",
    "none-known",
    "on-class",
    "on-class-within",
    "on-ingredient",
    "order-class",
    "ordered",
    "pair-class",
    "partner-class",
    "risk-factors-at-least",
    "with-class",
}
assert PREDICATES.keys() >= _BY_CLASS_ONLY | _BY_DRUG_ONLY  # noqa: S101  who renames one renames it here


class Look(NamedTuple):
    """The drug classes, ingredients and sets of other orders that count; `closer` those whose content counts too.

    `dosing`: whether more counts of the judged order than its drug, its classes and its kind.
    """

    classes: frozenset[str]
    closer: frozenset[str]
    dosing: bool


def by_statement(statement: Statement, knowledge: Knowledge) -> Look:
    """How one statement looks at other orders."""
    memory = knowledge.remembered("looked-at-by-statement")
    found: Look | None = memory.get(statement.id)
    return memory.keep(statement.id, _look(statement, knowledge)) if found is None else found


def _look(statement: Statement, knowledge: Knowledge) -> Look:
    predicates = tuple(predicates_of(statement, knowledge))
    several = isinstance(statement.rule, Pair | Duplicate | ProcedureHold)
    named = frozenset(arg for one in predicates for arg in one.args if isinstance(arg, str))
    classes = named | triggers(statement) if several else named
    into = isinstance(statement.rule, Duplicate | ProcedureHold)
    closer = into or any(one.name not in _BY_CLASS_ONLY for one in predicates)
    by_drug = isinstance(statement.rule, _BY_DRUG_ONLY_RULES)
    dosing = not by_drug or any(one.name not in _BY_DRUG_ONLY for one in predicates)
    return Look(classes, classes if closer else frozenset(), dosing)
