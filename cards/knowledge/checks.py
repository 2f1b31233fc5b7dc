"""What no schema can see: names that do not exist, arguments that do not fit, bands with gaps, placeholders."""

import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from cards.facts.drug_classes import GROUPS
from cards.facts.lab_table import LABS
from cards.knowledge.conditions import Condition, Predicate
from cards.knowledge.offers import Offer
from cards.knowledge.rule_types import (
    Application,
    Circumstance,
    Duplicate,
    Monitoring,
    Pair,
    ProcedureHold,
    RenalDose,
    RepeatInterval,
)
from cards.knowledge.statements import Statement
from cards.rules.names import PREDICATES
from cards.rules.placeholders import PLACEHOLDERS


class Names(Protocol):
    """What this module needs of the terminology."""

    def has_name(self, name: str) -> bool:
        """Whether a drug class, value set or ingredient of that name exists."""


def offer_problems(offer: Offer, terms: Names | None) -> Iterator[str]:
    """Classes of an offer that do not exist, and placeholders that nothing fills."""
    for name in (*offer.only_for, *offer.unless_on):
        if not _exists(name, terms):
            yield f"no drug class or ingredient {name}"
    asked = {name for _, name, _, _ in string.Formatter().parse(offer.label) if name is not None}
    if asked - {"drug"}:
        yield "label: the only placeholder is {drug}"


Member = tuple[str | int, ...]
"""Where in a statement something stands: its members and indexes; from `drug` on, where in its file."""


def problems(
    statement: Statement, risks: Iterable[str], offers: Iterable[str], terms: Names | None
) -> Iterator[tuple[Member, str]]:
    """Everything wrong with a statement, each with its member and in words; the first stops the start."""
    risk_names, rule = frozenset(risks), statement.rule
    for member, condition in conditions(statement):
        for predicate in condition.predicates:
            for wrong in predicate_problems(predicate, risk_names, terms):
                yield member, wrong
    if isinstance(rule, RenalDose):
        yield from ((("rule", "bands"), wrong) for wrong in _band_problems(rule))
    if isinstance(rule, Pair | Circumstance) and rule.risk_set and rule.risk_set not in risk_names:
        yield ("rule", "risk_set"), f"no risk set {rule.risk_set}"
    if isinstance(rule, Monitoring) and rule.lab not in LABS:
        yield ("rule", "lab"), f"no lab {rule.lab}; known are {', '.join(sorted(LABS))}"
    for offer in statement.offers:
        if offer not in offers:
            yield ("offers",), f"no offer {offer} in offers.yaml"
    if statement.recommends and statement.recommends not in statement.offers:
        yield ("recommends",), f"recommends {statement.recommends}, which is not one of its offers"
    if statement.recommends and not statement.checked:
        yield ("recommends",), "recommends an offer, though its source has not been checked"
    for member, name in _named(statement):
        if not _exists(name, terms):
            yield member, f"no drug class, ingredient or value set {name}"
    if isinstance(rule, Circumstance | Monitoring | Application | RepeatInterval):
        yield from ((("rule", "summary"), wrong) for wrong in _placeholder_problems(rule.summary))
    if isinstance(rule, Circumstance) and rule.when_missing.predicates and not rule.missing:
        yield ("rule", "when_missing"), "`when_missing` needs the words of `missing`"


def predicate_problems(predicate: Predicate, risks: frozenset[str], terms: Names | None) -> Iterator[str]:
    """What is wrong with one predicate: its name, the number and the kind of its arguments."""
    wanted = PREDICATES.get(predicate.name)
    if wanted is None:
        yield f"no predicate {predicate.name}; known are {', '.join(sorted(PREDICATES))}"
        return
    if len(wanted) != len(predicate.args):
        needs = " ".join(wanted) or "no argument"
        yield f"predicate {predicate.name} takes {needs}, has {len(predicate.args)}"
        return
    for kind, arg in zip(wanted, predicate.args, strict=True):
        numeric = isinstance(arg, Decimal)
        if (kind in ("number", "days")) != numeric:
            yield f"predicate {predicate.name}: {arg} is not a {kind}"
        elif kind == "lab" and arg not in LABS:
            yield f"predicate {predicate.name}: no lab {arg}; known are {', '.join(sorted(LABS))}"
        elif kind == "risk" and arg not in risks:
            yield f"predicate {predicate.name}: no risk set {arg}"
        elif kind in ("class", "set") and not _exists(str(arg), terms):
            yield f"predicate {predicate.name}: no drug class, ingredient or value set {arg}"


def conditions(statement: Statement) -> Iterator[tuple[Member, Condition]]:
    """Every condition a statement contains, with the member it stands in."""
    for kind, steps in (("escalations", statement.escalations), ("caps", statement.caps)):
        for place, step in enumerate(steps):
            yield (kind, place, "when"), step.when
    rule = statement.rule
    for field in fields(rule):
        value = getattr(rule, field.name)
        if isinstance(value, Condition):
            yield ("rule", field.name), value
    if isinstance(rule, Pair):
        for place, risk in enumerate(rule.risks):
            yield ("rule", "risks", place, "when"), risk.when
    if isinstance(rule, ProcedureHold):
        for place, hold in enumerate(rule.holds):
            yield ("rule", "holds", place, "when"), hold.when


def _band_problems(rule: RenalDose) -> Iterator[str]:
    bands = sorted(rule.bands, key=lambda band: (band.low, not band.low_inclusive))
    if bands[0].low != 0 or not bands[0].low_inclusive or bands[-1].high is not None:
        yield "the bands must cover every CrCl from 0 up"
    for lower, upper in pairwise(bands):
        if lower.high != upper.low or lower.high_inclusive == upper.low_inclusive:
            yield f"bands '{lower.label}' and '{upper.label}' leave a gap or overlap"


def _named(statement: Statement) -> Iterator[tuple[Member, str]]:
    """Every class, ingredient and value set outside conditions, with the member it stands in."""
    rule = statement.rule
    for name in statement.applies_to:
        yield ("applies_to",), name
    if statement.drug:
        yield ("drug", "ingredient"), statement.drug.ingredient
    members: tuple[str, ...] = ()
    match rule:
        case Pair():
            members = ("subject", "partner", "third", "longer_washout_days")
        case Duplicate():
            yield ("rule", "drug_class"), rule.drug_class
        case RepeatInterval():
            members = ("given",)
        case ProcedureHold():
            members = ("high", "intermediate", "low")
            for place, hold in enumerate(rule.holds):
                yield from ((("rule", "holds", place, "drugs"), name) for name in hold.drugs)
        case _:
            pass
    for member in members:
        yield from ((("rule", member), name) for name in getattr(rule, member))


def _exists(name: str, terms: Names | None) -> bool:
    return terms is None or name in _GROUP_NAMES or terms.has_name(name)


def _placeholder_problems(text: str) -> Iterator[str]:
    try:
        asked = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        yield f"summary {text!r}: {error}"
        return
    for name in asked:
        if name not in PLACEHOLDERS:
            yield f"summary: no placeholder {name!r}; known are {', '.join(sorted(PLACEHOLDERS))}"


_GROUP_NAMES: Mapping[str, None] = dict.fromkeys(group.name for group in GROUPS)
