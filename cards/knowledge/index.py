"""The knowledge as evaluation asks for it: statements by what can trigger them, and which of them are in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeVar

from cards.knowledge.governance import Notice
from cards.knowledge.offers import Offer
from cards.knowledge.policy_file import SHIPPED, SitePolicy
from cards.knowledge.rule_types import Duplicate, Pair, ProcedureHold, Risk
from cards.knowledge.statements import Statement

T = TypeVar("T")

REMEMBERED = 4096
NOT_APPROVED = "not approved"
Reason = Literal["topic-off", "switched-off", "not-approved"]


class Remembered(dict[Any, Any]):
    """What was worked out of the statements, by key. Bounded: what does not fit is worked out each time."""

    __slots__ = ()

    def keep(self, key: object, made: T) -> T:
        """What was made, kept where there is room."""
        if len(self) < REMEMBERED:
            self[key] = made
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All statements, indexed by what can trigger them; risk sets, offers and lines of information by name.

    `release` is the calendar version of what is shipped, `version` that with a digest of the files, and of the
    site's `overlay` ("" without one). `of_drug` is keyed by (ingredient, release), `of_class` by drug class,
    ingredient or set of procedures; an order looks up its own keys only, so the size of the knowledge costs a
    request nothing. Both hold what is in force: `dormant` maps every other statement to why it is not.
    `policy` is what the site decided about all cards.
    """

    statements: Mapping[str, Statement]
    version: str
    release: str = ""
    overlay: str = ""
    of_drug: Mapping[tuple[str, str], tuple[Statement, ...]] = field(default_factory=dict)
    of_class: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    risks: Mapping[str, tuple[Risk, ...]] = field(default_factory=dict)
    offers: Mapping[str, Offer] = field(default_factory=dict)
    information: Mapping[str, str] = field(default_factory=dict)
    dormant: Mapping[str, str] = field(default_factory=dict)
    policy: SitePolicy = SHIPPED
    require_approval: bool = False
    unused_approvals: tuple[str, ...] = ()
    _phases: tuple[tuple[date, "Knowledge"], ...] = field(default=(), repr=False, compare=False)
    _bounding: "Knowledge | None" = field(default=None, repr=False, compare=False)
    _about: Remembered = field(init=False, default_factory=Remembered, repr=False, compare=False)
    # What readers worked out of the statements once, by the name of the reader.
    derived: dict[str, Any] = field(init=False, default_factory=dict, repr=False, compare=False)

    def about(self, drug_key: tuple[str, str], classes: frozenset[str]) -> tuple[Statement, ...]:
        """The statements in force that an order of this product and these classes can trigger, by id."""
        key = (drug_key, classes)
        known: tuple[Statement, ...] | None = self._about.get(key)
        if known is None:
            found = {one.id: one for one in self.of_drug.get(drug_key, ())}
            for name in classes:
                found.update({one.id: one for one in self.of_class.get(name, ())})
            known = self._about.keep(key, tuple(found[name] for name in sorted(found)))
        return known

    def remembered(self, reader: str) -> Remembered:
        """What a reader, known by its name, has worked out of the statements."""
        found: Remembered | None = self.derived.get(reader)
        if found is None:
            found = self.derived[reader] = Remembered()
        return found

    def dormant_about(self, drug_key: tuple[str, str], classes: frozenset[str]) -> tuple[Statement, ...]:
        """The statements not in force that such an order would trigger, by id: for `explain`, not for speed."""
        return tuple(
            one
            for name in sorted(self.dormant)
            if drug_key == drug_of(one := self.statements[name]) or triggers(one) & classes
        )

    @property
    def bounding(self) -> "Knowledge":
        """What an offered change of an order must not break.

        Besides what is in force: whatever waits for approval, and every ceiling of a dose. Advice may be
        switched off, but nothing that is wrong under it is offered for one click.
        """
        return self._bounding or self

    def reason(self, name: str) -> Reason:
        """What kind of reason keeps a dormant statement silent; `dormant` has it in words."""
        if self.statements[name].topic in self.policy.topics_off:
            return "topic-off"
        return "not-approved" if self.dormant[name].startswith(NOT_APPROVED) else "switched-off"

    @property
    def in_force(self) -> tuple[Statement, ...]:
        """The statements that can speak, by id."""
        return tuple(self.statements[name] for name in sorted(self.statements) if name not in self.dormant)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of what is in force."""
        return tuple(sorted({one.topic for one in self.in_force}))

    @property
    def changes_by_day(self) -> bool:
        """Whether some switch-off ends on a day, so that `on` has something to choose from."""
        return bool(self._phases)

    def on(self, day: date) -> "Knowledge":
        """The knowledge as it is in force on that local day: a switch-off ends with its last day."""
        return next((phase for until, phase in self._phases if day <= until), self)

    def notices(self, day: date) -> tuple[Notice, ...]:
        """What of the site's decisions somebody has to look at, on that local day."""
        found: list[Notice] = []
        for name in sorted(self.statements):
            found += _notices(self.statements[name], day)
        found += [
            Notice(kind="approval-unused", statement=name, text="approved, and there is no such statement")
            for name in self.unused_approvals
        ]
        return tuple(found)


def _notices(statement: Statement, day: date) -> Iterable[Notice]:
    for change in statement.changed:
        if change.vendor_changed:
            text = (
                f"the shipped value of {change.path} is now {change.shipped}, and was {change.base} when the site "
                f"set {change.site} ({change.owner})"
            )
            yield Notice(kind="vendor-changed", statement=statement.id, text=text)
    off = statement.switched_off
    if off is not None and not off.applies_on(day):
        text = f"switch-off expired on {off.expires}, the statement speaks again ({off.owner}: {off.reason})"
        yield Notice(kind="switch-off-expired", statement=statement.id, text=text)
    state = statement.review.state_on(day)
    if state == "lapsed":
        yield Notice(kind="approval-lapsed", statement=statement.id, text=statement.review.words(day))
    if state == "overdue":
        yield Notice(kind="review-overdue", statement=statement.id, text=statement.review.words(day))


def by_drug(statements: Iterable[Statement]) -> dict[tuple[str, str], tuple[Statement, ...]]:
    """Statements by the product they are about, (ingredient, release)."""
    index: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements:
        key = drug_of(statement)
        if key is not None:
            index.setdefault(key, []).append(statement)
    return {key: tuple(found) for key, found in index.items()}


def by_class(statements: Iterable[Statement]) -> dict[str, tuple[Statement, ...]]:
    """Statements by the drug classes, ingredients and sets of procedures that bring them up."""
    index: dict[str, list[Statement]] = {}
    for statement in statements:
        for name in triggers(statement):
            index.setdefault(name, []).append(statement)
    return {key: tuple(found) for key, found in index.items()}


def drug_of(statement: Statement) -> tuple[str, str] | None:
    """The product that brings a statement up, None where classes do."""
    if statement.drug is None or isinstance(statement.rule, Pair | Duplicate | ProcedureHold):
        return None
    return (statement.drug.ingredient, statement.drug.release)


def triggers(statement: Statement) -> frozenset[str]:
    """The drug classes, ingredients and sets of procedures that bring a statement up."""
    rule = statement.rule
    if isinstance(rule, Pair):
        return frozenset((*rule.subject, *rule.partner, *rule.third))
    if isinstance(rule, Duplicate):
        return frozenset((rule.drug_class,))
    if isinstance(rule, ProcedureHold):
        drugs = (name for hold in rule.holds for name in hold.drugs)
        return frozenset((*rule.high, *rule.intermediate, *rule.low, *drugs))
    return frozenset(statement.applies_to)
