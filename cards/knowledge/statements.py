"""The treatment knowledge as loaded from its files: statements with their sources and review state."""

from dataclasses import dataclass, field
from typing import Literal

from cards.card import Indicator, Topic
from cards.knowledge.conditions import Escalation, Evidence
from cards.knowledge.governance import Change, Review, SwitchedOff
from cards.knowledge.rule_types import Rule
from terminology.medications import Release

Problem = Literal[
    "dose-and-sedation", "bleeding", "serotonin-qt", "fetal", "contraindication", "procedure", "data"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A source: what it is, where in it, where to open it, and whether anyone has checked it there."""

    key: str
    title: str
    section: str
    url: str
    status: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """The product a dosing file is about: ingredient and release, and the name that cards use."""

    ingredient: str
    release: Release
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One reviewable piece of advice.

    It concerns the file's `drug`, or whatever belongs to `applies_to` (drug classes, ingredients, sets of
    procedures). `severity` is what it says before escalations (which raise it) and caps (which lower it);
    `order` breaks ties between statements of equal severity in one card, lower first. Where it speaks, the
    statements it `supersedes` are silent for the same order, and for other orders of the same drugs. `offers`
    names entries of offers.yaml, `recommends` the one of them to recommend where it leads the card,
    `information` a line of supportive advice in seed.yaml.
    `of_site`: a site's overlay added it. `changed` are the values in it that the site set, `switched_off` the
    site's decision not to have it (which expires), `fingerprint` stands for all its content.
    """

    id: str
    kind: str
    title: str
    problem: Problem
    topic: Topic
    severity: Indicator
    rule: Rule
    sources: tuple[Reference, ...]
    evidence: Evidence
    order: int
    file: str
    drug: Drug | None = None
    applies_to: tuple[str, ...] = ()
    jurisdictions: frozenset[str] = frozenset({"us", "eu"})
    escalations: tuple[Escalation, ...] = ()
    caps: tuple[Escalation, ...] = ()
    supersedes: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    recommends: str = ""
    seed_claims: tuple[str, ...] = ()
    information: str = ""
    of_site: bool = False
    fingerprint: str = ""
    review: Review = field(default_factory=Review)
    changed: tuple[Change, ...] = ()
    switched_off: SwitchedOff | None = None

    @property
    def approved_by(self) -> str | None:
        """The clinician who approved its present content, None while nobody has."""
        return self.review.current.by if self.review.current else None

    @property
    def checked(self) -> bool:
        """Whether its numbers were read in a copy of the source, not recalled."""
        return self.evidence in ("seen", "design")
