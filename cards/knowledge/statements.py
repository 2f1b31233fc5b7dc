"""The types of the treatment knowledge, as loaded from its files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from cards.card import Indicator, Topic
from terminology.medications import Release

Problem = Literal[
    "dose-and-sedation", "bleeding", "serotonin-qt", "fetal", "contraindication", "procedure", "data"
]
Evidence = Literal["seen", "recall", "recall+seen", "design"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A source: what it is, where in it, where to open it, and whether anyone has checked it there."""

    key: str
    title: str
    section: str
    url: str
    status: Evidence


@dataclass(frozen=True, slots=True)
class Predicate:
    """A named condition of `rules/predicates.py` with its value (a number, a name, or none)."""

    name: str
    value: Decimal | str | None = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name} {self.value}"


@dataclass(frozen=True, slots=True)
class Condition:
    """Predicates combined by all or any, one level; the empty condition never holds."""

    mode: Literal["all", "any"] = "any"
    predicates: tuple[Predicate, ...] = ()


@dataclass(frozen=True, slots=True)
class Escalation:
    """Severity to use when its condition holds."""

    to: Indicator
    when: Condition
    because: str


@dataclass(frozen=True, slots=True)
class Regimen:
    """`mg` per dose, `per_day` doses a day; `when` words the timing ("at bedtime")."""

    mg: Decimal
    per_day: int
    when: str = ""

    @property
    def mg_per_day(self) -> Decimal:
        """Daily total in mg."""
        return self.mg * self.per_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One row of a renal table. Limits in mg; with `scale_to` they shrink by CrCl / scale_to (mL/min)."""

    label: str = ""
    low: Decimal = Decimal(0)
    low_inclusive: bool = True
    high: Decimal | None = None
    high_inclusive: bool = False
    avoid: bool = False
    max_mg_per_day: Decimal | None = None
    max_single_mg: Decimal | None = None
    frequency: str = ""
    scale_to: Decimal | None = None
    start_mg_per_day: Decimal | None = None
    regimens: tuple[Regimen, ...] = ()
    note: str = ""
    evidence: Evidence = "seen"

    def holds(self, crcl: Decimal) -> bool:
        """Whether a CrCl in mL/min, at full precision, falls into this band."""
        if crcl < self.low or (crcl == self.low and not self.low_inclusive):
            return False
        return self.high is None or crcl < self.high or (crcl == self.high and self.high_inclusive)


@dataclass(frozen=True, slots=True, kw_only=True)
class AkiLimits:
    """Ceiling (mg/day) while kidney function is falling; critical above the second value."""

    max_mg_per_day: Decimal
    critical_above_mg_per_day: Decimal
    regimens: tuple[Regimen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenalDose:
    """Ceilings by renal function.

    Critical from `critical_ratio` times the daily ceiling, warning below it. Within `near_percent` of
    the upper edge of a band, a dose inside the next band's limits is not graded above warning. Missing
    creatinine speaks where `when_missing` holds; an unreadable dose speaks below `unreadable_below`
    mL/min. `floor_mg_per_day` is a dose that is safe in every band.
    """

    bands: tuple[Band, ...]
    haemodialysis: Band
    aki: AkiLimits
    critical_ratio: Decimal
    near_percent: Decimal
    floor_mg_per_day: Decimal
    unreadable_below: Decimal
    when_missing: Condition
    low_muscle_regimens: tuple[Regimen, ...] = ()

    def band_at(self, crcl: Decimal) -> Band:
        """The band a CrCl in mL/min falls into; bands cover 0 and up (checked at load)."""
        return next(band for band in self.bands if band.holds(crcl))


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseLimit:
    """Label maximum per day and per dose (mg), for everyone or for one indication."""

    max_mg_per_day: Decimal
    max_single_mg: Decimal | None = None
    indication: Condition = field(default_factory=Condition)
    unless: Condition = field(default_factory=Condition)
    regimens: tuple[Regimen, ...] = ()
    summary: str = "{drug} {dose} mg/day is above the label maximum of {limit} mg/day"
    advice: str = ""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """Doses a day the label gives, or the longest gap between two doses in hours."""

    min_per_day: int | None = None
    max_per_day: int | None = None
    max_gap_h: Decimal | None = None
    crcl: Band | None = None
    above_mg_per_day: Decimal | None = None
    when: Condition = field(default_factory=Condition)
    unless: Condition = field(default_factory=Condition)
    regimens: tuple[Regimen, ...] = ()
    summary: str
    reason: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDose:
    """Highest usual first daily dose (mg) at a new start.

    With `use_renal_band_start` the start of the patient's renal band applies where it is lower.
    """

    max_mg_per_day: Decimal
    use_renal_band_start: bool = False
    when: Condition = field(default_factory=Condition)
    unless: Condition = field(default_factory=Condition)
    regimens: tuple[Regimen, ...] = ()
    reason: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeLimit:
    """Ages in completed years, from `start` to below `below`, where adult dosing does not apply."""

    below: int
    start: int = 0
    reason: str
    advice: str
    summary: str


@dataclass(frozen=True, slots=True)
class Risk:
    """A circumstance worth naming in a summary when its condition holds."""

    when: Condition
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Members of two drug classes together; either may be the one being ordered."""

    subject: str
    partner: str
    unless: Condition = field(default_factory=Condition)
    regimens: Mapping[str, Regimen] = field(default_factory=dict)
    risks: tuple[Risk, ...] = ()
    summary: str
    reason: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Two different members of one class at once, neither being stopped within `overlap_days`."""

    drug_class: str
    overlap_days: int
    summary: str
    reason: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taper:
    """Stopping a drug at once: the least taper in days, and above which daily dose (mg) it matters."""

    least_days: int
    above_mg_per_day: Decimal
    plan: str
    summary: str
    reason: str


Rule = RenalDose | DoseLimit | Frequency | StartDose | AgeLimit | Pair | Duplicate | Taper


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """The product a dosing file is about: ingredient and release; None for statements about classes."""

    ingredient: str
    release: Release
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One reviewable piece of advice.

    `severity` is what it says before escalations (which raise it) and caps (which lower it); `order`
    breaks ties between statements of equal severity in one card, lower first. `approved_by` is None
    until a clinician approves it.
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
    jurisdictions: frozenset[str] = frozenset({"us", "eu"})
    escalations: tuple[Escalation, ...] = ()
    caps: tuple[Escalation, ...] = ()
    seed_claims: tuple[str, ...] = ()
    approved_by: str | None = None

    @property
    def checked(self) -> bool:
        """Whether its numbers were read in a copy of the source, not recalled."""
        return self.evidence in ("seen", "design")
