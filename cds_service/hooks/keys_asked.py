"""Which prefetch keys this site needs: none that only statements of topics it has turned off would read.

Only topics count: single statements come back when their switch-off ends, and approvals come one by one, while
the keys are typed into EHRs by hand.
"""

from collections.abc import Iterable, Iterator

from cards.facts.lab_table import LABS
from cards.knowledge.loader import Knowledge
from cards.knowledge.rule_types import Monitoring, ProcedureHold
from cards.knowledge.statements import Statement
from cards.rules.inputs import Input, inputs_of, made_from, predicates_of
from cds_service.hooks.keys import KEYS, PrefetchKey

# Who reads it besides does so in passing, and has the problem list too.
_OF_TOPICS = {"pregnancy": frozenset({"pregnancy", "lactation"})}
_OF_INPUTS: dict[str, frozenset[Input]] = {
    "endedMedications": frozenset({"ended-medication"}),
    "kidney": frozenset({"kidney-function"}),
    "body": frozenset({"kidney-function", "weight"}),
    "orders": frozenset({"planned", "procedures"}),
    "procedures": frozenset({"procedures"}),
    "devices": frozenset({"procedures"}),
}


def keys_asked(knowledge: Knowledge) -> tuple[PrefetchKey, ...]:
    """The keys in their order; all of them where no topic is off."""
    off = knowledge.policy.topics_off.keys()
    if not off:
        return KEYS
    lost = _read(knowledge, (one for one in knowledge.statements.values() if one.topic in off))
    kept = _read(knowledge, (one for one in knowledge.statements.values() if one.topic not in off))
    return tuple(row for row in KEYS if row.required or row.key in kept or row.key not in lost)


def _read(knowledge: Knowledge, statements: Iterable[Statement]) -> frozenset[str]:
    return frozenset(key for one in statements for key in _keys_of(one, knowledge))


def _keys_of(statement: Statement, knowledge: Knowledge) -> Iterator[str]:
    inputs = made_from(name for name, _ in inputs_of(statement, knowledge))
    yield from (key for key, any_of in _OF_INPUTS.items() if inputs & any_of)
    yield from (key for key, topics in _OF_TOPICS.items() if statement.topic in topics)
    sets = frozenset(_results(statement, knowledge))
    yield from (row.key for row in KEYS if sets & frozenset(row.codes))
    if any(one.name.startswith("result-") for one in predicates_of(statement, knowledge)):
        yield "genetics"


def _results(statement: Statement, knowledge: Knowledge) -> Iterator[str]:
    """The value sets of the results that a statement asks for."""
    rule = statement.rule
    labs = [str(one.args[0]) for one in predicates_of(statement, knowledge) if one.name.startswith("lab-")]
    if isinstance(rule, Monitoring):
        labs.append(rule.lab)
    if isinstance(rule, ProcedureHold):
        labs += [hold.lab for hold in rule.holds if hold.lab]
    yield from (LABS[name].value_set for name in labs if name in LABS)
    if any(one.name == "blood-pressure-at-least" for one in predicates_of(statement, knowledge)):
        yield "blood-pressure"
