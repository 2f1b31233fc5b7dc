"""How a statement looks at other orders than the judged one; any other order makes no difference to what it says.

Besides, the day's total of an ingredient counts every order of it, whatever the statement names.
"""

from typing import Any, NamedTuple

from cards.facts.medications import Order
from cards.knowledge.index import REMEMBERED, Knowledge, triggers
from cards.knowledge.rule_types import Duplicate, Pair, ProcedureHold
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
assert PREDICATES.keys() >= _BY_CLASS_ONLY  # noqa: S101  a predicate that is renamed is renamed here


class Look(NamedTuple):
    """The drug classes, ingredients and sets of other orders that count; `closer` those whose content counts too."""

    classes: frozenset[str]
    closer: frozenset[str]


def by_statement(statement: Statement, knowledge: Knowledge) -> Look:
    """How one statement looks at other orders."""
    memory: dict[str, Look] = knowledge.derived.setdefault("looked-at-by-statement", {})
    found = memory.get(statement.id)
    if found is None:
        found = memory[statement.id] = _look(statement, knowledge)
    return found


def _look(statement: Statement, knowledge: Knowledge) -> Look:
    predicates = tuple(predicates_of(statement, knowledge))
    several = isinstance(statement.rule, Pair | Duplicate | ProcedureHold)
    named = frozenset(arg for one in predicates for arg in one.args if isinstance(arg, str))
    classes = named | triggers(statement) if several else named
    into = isinstance(statement.rule, Duplicate | ProcedureHold)
    closer = into or any(one.name not in _BY_CLASS_ONLY for one in predicates)
    return Look(classes, classes if closer else frozenset())


def for_order(order: Order, knowledge: Knowledge) -> Look:
    """The same of all statements about the order."""
    memory: dict[Any, Look] = knowledge.derived.setdefault("looked-at-for-order", {})
    key = (order.drug_key, order.classes)
    found = memory.get(key)
    if found is None:
        looks = [by_statement(one, knowledge) for one in knowledge.about(*key)]
        found = Look(
            frozenset().union(*(one.classes for one in looks)),
            frozenset().union(*(one.closer for one in looks)),
        )
        if len(memory) < REMEMBERED:
            memory[key] = found
    return found
