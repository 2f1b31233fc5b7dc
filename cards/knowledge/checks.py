"""What no schema can see: names that do not exist, arguments that do not fit, bands with gaps, placeholders."""

import string
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from cards.facts.drug_classes import GROUPS
from cards.facts.lab_table import LABS
from cards.knowledge.conditions import Condition, Predicate
from cards.knowledge.offers import Offer
from cards.knowledge.rule_types import (
    AgeLimit,
    Application,
    Circumstance,
    DoseLimit,
    Duplicate,
    Frequency,
    Monitoring,
    Pair,
    ProcedureHold,
    RenalDose,
    RepeatInterval,
    StartDose,
    Taper,
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
    fields = {name for _, name, _, _ in string.Formatter().parse(offer.label) if name is not None}
    if fields - {"drug"}:
        yield "label: the only placeholder is {drug}"


def problems(
    statement: Statement, risks: Iterable[str], offers: Iterable[str], terms: Names | None
) -> Iterator[str]:
    """Everything wrong with a statement, in words; the first stops the start."""
    risk_names, rule = frozenset(risks), statement.rule
    for condition in conditions(statement):
        for predicate in condition.predicates:
            yield from predicate_problems(predicate, risk_names, terms)
    if isinstance(rule, RenalDose):
        yield from _band_problems(rule)
    if isinstance(rule, Pair | Circumstance) and rule.risk_set and rule.risk_set not in risk_names:
        yield f"no risk set {rule.risk_set}"
    if isinstance(rule, Monitoring) and rule.lab not in LABS:
        yield f"no lab {rule.lab}; known are {', '.join(sorted(LABS))}"
    for offer in statement.offers:
        if offer not in offers:
            yield f"no offer {offer} in offers.yaml"
    if statement.recommends and statement.recommends not in statement.offers:
        yield f"recommends {statement.recommends}, which is not one of its offers"
    if statement.recommends and not statement.checked:
        yield "recommends an offer, though its source has not been checked"
    yield from _name_problems(statement, terms)
    if isinstance(rule, Circumstance | Monitoring | Application | RepeatInterval):
        yield from _placeholder_problems(rule.summary)
    if isinstance(rule, Circumstance) and rule.when_missing.predicates and not rule.missing:
        yield "`when_missing` needs the words of `missing`"


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


def conditions(statement: Statement) -> Iterator[Condition]:
    """Every condition a statement contains."""
    for escalation in (*statement.escalations, *statement.caps):
        yield escalation.when
    rule = statement.rule
    match rule:
        case RenalDose():
            yield rule.when_missing
        case DoseLimit():
            yield from (rule.indication, rule.unless)
        case Frequency() | StartDose() | Monitoring() | Taper():
            yield from (rule.when, rule.unless)
        case Pair():
            yield from (rule.when, rule.unless)
            yield from (risk.when for risk in rule.risks)
        case Circumstance():
            yield from (rule.when, rule.unless, rule.when_missing)
        case ProcedureHold():
            yield rule.tier_up
            yield from (hold.when for hold in rule.holds)
        case AgeLimit() | Duplicate() | Application() | RepeatInterval():
            pass


def _band_problems(rule: RenalDose) -> Iterator[str]:
    bands = sorted(rule.bands, key=lambda band: (band.low, not band.low_inclusive))
    if bands[0].low != 0 or not bands[0].low_inclusive or bands[-1].high is not None:
        yield "the bands must cover every CrCl from 0 up"
    for lower, upper in pairwise(bands):
        if lower.high != upper.low or lower.high_inclusive == upper.low_inclusive:
            yield f"bands '{lower.label}' and '{upper.label}' leave a gap or overlap"


def _name_problems(statement: Statement, terms: Names | None) -> Iterator[str]:
    rule = statement.rule
    names: list[str] = list(statement.applies_to)
    if statement.drug:
        names.append(statement.drug.ingredient)
    match rule:
        case Pair():
            names += [*rule.subject, *rule.partner, *rule.third, *rule.longer_washout_days]
        case Duplicate():
            names.append(rule.drug_class)
        case RepeatInterval():
            names += rule.given
        case ProcedureHold():
            names += [*rule.high, *rule.intermediate, *rule.low]
            names += [name for hold in rule.holds for name in hold.drugs]
        case _:
            pass
    for name in names:
        if not _exists(name, terms):
            yield f"no drug class, ingredient or value set {name}"


def _exists(name: str, terms: Names | None) -> bool:
    return terms is None or name in _GROUP_NAMES or terms.has_name(name)


def _placeholder_problems(text: str) -> Iterator[str]:
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        yield f"summary {text!r}: {error}"
        return
    for name in fields:
        if name not in PLACEHOLDERS:
            yield f"summary: no placeholder {name!r}; known are {', '.join(sorted(PLACEHOLDERS))}"


_GROUP_NAMES: Mapping[str, None] = dict.fromkeys(group.name for group in GROUPS)
