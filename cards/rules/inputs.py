"""What a statement reads of the patient: by predicate, by kind of rule, and what derived facts are made from.

Pages and artifacts tell reviewers from these tables which inputs decide. A test evaluates every case and records
what is really read; it fails where a table leaves something out, or names what nothing reads.
"""

import string
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

from cards.knowledge.checks import conditions
from cards.knowledge.conditions import Predicate
from cards.knowledge.index import Knowledge
from cards.knowledge.rule_types import (
    AgeLimit,
    Circumstance,
    Frequency,
    Monitoring,
    Pair,
    ProcedureHold,
    RenalDose,
    RepeatInterval,
    StartDose,
)
from cards.knowledge.statements import Statement
from cards.rules.names import PREDICATES

Input = Literal[
    "orders", "medication-list", "ended-medication", "problem-list", "date-of-birth", "sex", "ancestry", "weight",
    "kidney-function", "results", "procedures", "planned", "encounter", "pregnancy", "episodes",
]  # fmt: skip

_NONE: Final[tuple[Input, ...]] = ()
_LIST: Final[tuple[Input, ...]] = ("medication-list",)

# Besides the orders, which every rule reads.
PREDICATE_INPUTS: Final[Mapping[str, tuple[Input, ...]]] = {
    "age-at-least": ("date-of-birth",),
    "age-below": ("date-of-birth",),
    "sex": ("sex",),
    "inpatient": ("encounter",),
    "ancestry": ("ancestry",),
    "condition": ("problem-list",),
    "condition-within": ("problem-list",),
    "history": ("problem-list",),
    "risk-factors-at-least": _NONE,  # those of its factors
    "crcl-below": ("kidney-function",),
    "egfr-below": ("kidney-function",),
    "on-haemodialysis": ("kidney-function",),
    "over-next-renal-band": ("kidney-function", "medication-list"),
    "lab-below": ("results",),
    "lab-above": ("results",),
    "lab-recent": ("results",),
    "blood-pressure-at-least": ("results",),
    "lab-planned": ("planned",),
    "result-positive": ("results",),
    "result-on-file": ("results",),
    "order-class": _NONE,
    "partner-class": _NONE,
    "on-class": _LIST,
    "with-class": _LIST,
    "on-class-within": ("medication-list", "ended-medication"),
    "on-ingredient": _LIST,
    "class-count-at-least": _LIST,
    "class-dose-above": _LIST,
    "daily-dose-above": _LIST,
    "single-dose-above": _NONE,
    "single-units-above": _NONE,
    "mg-per-kg-above": ("medication-list", "weight"),
    "dispensed": _NONE,
    "as-needed": _NONE,
    "course-at-most": _NONE,
    "route": _NONE,
    "new-start": _LIST,
    "continued-unchanged": _LIST,
    "listed-at-least": _LIST,
    "ordered": _NONE,
    "pair-class": _NONE,
    "also-on": _LIST,
    "also-on-longer-than": _LIST,
    "none-known": _LIST,
    "class-as-needed": _NONE,
    "class-course-at-most": _NONE,
    "class-dose-at-least": _NONE,
    "class-times-at-least": _NONE,
    "class-ends-within": _NONE,
    "class-given": _NONE,
    "pair-stable-days": ("medication-list", "ended-medication"),
    "opioid-being-reduced": _LIST,
    "done-within": ("procedures",),
    "on-record": ("procedures", "problem-list"),
    "device-in-place": ("procedures", "problem-list"),
    "same-site": ("medication-list", "procedures", "problem-list"),
    "planned-within": _NONE,
    "pregnant": ("pregnancy",),
    "pregnancy-unknown": ("pregnancy",),
    "gestation-at-least": ("pregnancy",),
    "gestation-below": ("pregnancy",),
    "due-within": ("pregnancy",),
    "lactating": ("pregnancy",),
    "lactation-unknown": ("pregnancy",),
    "infant-younger-than": ("pregnancy",),
    "childbearing-potential": ("pregnancy",),
    "contraception-recorded": ("pregnancy",),
    "contraception-effective": ("pregnancy",),
    "pregnancy-test-negative": ("pregnancy",),
}
assert PREDICATE_INPUTS.keys() == PREDICATES.keys()  # noqa: S101  a new predicate says what it reads

# The day's total of a drug counts what else stands on the list.
_KIND_INPUTS: Final[Mapping[type, tuple[Input, ...]]] = {
    RenalDose: ("kidney-function",),
    StartDose: ("date-of-birth",),
    AgeLimit: ("date-of-birth", "weight"),
    Monitoring: ("results", "planned"),
    RepeatInterval: ("procedures", "ended-medication"),
    ProcedureHold: ("procedures", "ended-medication", "results"),
}

# What a card prints of the patient, though it decides nothing.
_PRINTED: Final[Mapping[str, Input]] = {
    "age": "date-of-birth",
    "crcl": "kidney-function",
    "weeks": "pregnancy",
}

MADE_FROM: Final[Mapping[Input, tuple[Input, ...]]] = {
    "kidney-function": (
        "date-of-birth", "sex", "weight", "results", "problem-list", "procedures", "medication-list", "encounter",
    ),
    "pregnancy": (
        "date-of-birth", "sex", "problem-list", "results", "procedures", "medication-list", "episodes",
    ),
}  # fmt: skip

Read = tuple[Input, Predicate | str]
"""An input, and what in the statement reads it: one of its predicates, or its rule in words."""


def inputs_of(statement: Statement, knowledge: Knowledge) -> tuple[Read, ...]:
    """What the statement reads by itself, each with what reads it; each pair once, in the statement's order."""
    return tuple(dict.fromkeys(_reads(statement, knowledge)))


def made_from(inputs: Iterable[Input]) -> frozenset[Input]:
    """The inputs, with those that derived facts among them are made from."""
    found = frozenset(inputs)
    return found.union(*(MADE_FROM[one] for one in found if one in MADE_FROM))


def predicates_of(statement: Statement, knowledge: Knowledge) -> Iterator[Predicate]:
    """Every predicate a statement asks, those of its risk sets included."""
    asked = [one for _, condition in conditions(statement) for one in condition.predicates]
    rule = statement.rule
    named = {rule.risk_set} if isinstance(rule, Pair | Circumstance) and rule.risk_set else set()
    named |= {str(one.args[0]) for one in asked if one.name == "risk-factors-at-least"}
    yield from asked
    for name in sorted(named):
        for risk in knowledge.risks.get(name, ()):
            yield from risk.when.predicates


def _reads(statement: Statement, knowledge: Knowledge) -> Iterator[Read]:
    rule, kind = statement.rule, f"its rule ({statement.kind.replace('-', ' ')})"
    yield "orders", kind
    yield "medication-list", kind
    for one in _KIND_INPUTS.get(type(rule), ()):
        yield one, kind
    if isinstance(rule, Frequency) and rule.crcl is not None:
        yield "kidney-function", "its range of CrCl"
    if isinstance(rule, StartDose) and _has_renal_table(statement, knowledge):
        yield "kidney-function", "the drug's renal table"
    if isinstance(rule, Pair) and (rule.subject_washout_days or rule.partner_washout_days):
        yield "ended-medication", "its washout"
    if isinstance(rule, Pair) and _asks_for_labs(statement):
        yield "results", "its grading by results"
        yield "planned", "its grading by results"
    for predicate in predicates_of(statement, knowledge):
        for one in PREDICATE_INPUTS[predicate.name]:
            yield one, predicate
    for text in _texts(statement):
        for _, name, _, _ in string.Formatter().parse(text):
            if name is not None and name in _PRINTED:
                yield _PRINTED[name], "the card, which prints it"


def _has_renal_table(statement: Statement, knowledge: Knowledge) -> bool:
    drug = statement.drug
    if drug is None:
        return False
    of_product = knowledge.of_drug.get((drug.ingredient, drug.release), ())
    return any(
        isinstance(one.rule, RenalDose) for one in (*of_product, *knowledge.of_class.get(drug.ingredient, ()))
    )


def _asks_for_labs(statement: Statement) -> bool:
    steps = (*statement.escalations, *statement.caps)
    return any(one.name.startswith("lab-") for step in steps for one in step.when.predicates)


def _texts(statement: Statement) -> Iterator[str]:
    """The texts of a card in which placeholders stand."""
    rule = statement.rule
    for name in ("summary", "summary_if_stopped", "missing"):
        text = getattr(rule, name, "")
        if isinstance(text, str):
            yield text
    if isinstance(rule, Pair):
        yield from (risk.says for risk in rule.risks)
