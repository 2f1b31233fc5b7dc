"""What each kind of statement says: the types of a statement's `rule`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from cards.card import Indicator
from cards.knowledge.conditions import Condition, Evidence


@dataclass(frozen=True, slots=True)
class Regimen:
    """`mg` per dose, `per_day` doses on each dose day, one in `every_days`; `when` words the timing."""

    mg: Decimal
    per_day: int
    when: str = ""
    every_days: int = 1

    @property
    def mg_per_day(self) -> Decimal:
        """Total of one dose day in mg."""
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
    mL/min. `floor_mg_per_day` is a dose that is safe in every band. `avoid_severity` is warning where the
    label does "not recommend" the drug in its `avoid` bands.
    """

    bands: tuple[Band, ...]
    haemodialysis: Band
    aki: AkiLimits
    critical_ratio: Decimal
    near_percent: Decimal
    floor_mg_per_day: Decimal
    unreadable_below: Decimal
    when_missing: Condition
    avoid_severity: Indicator = Indicator.critical
    low_muscle_regimens: tuple[Regimen, ...] = ()

    def band_at(self, crcl: Decimal) -> Band:
        """The band a CrCl in mL/min falls into; bands cover 0 and up (checked at load)."""
        for band in self.bands:
            if band.holds(crcl):
                return band
        raise LookupError(f"no band of the table covers {crcl} mL/min")


ABOVE_LABEL = "{drug} {dose} mg/day is above the label maximum of {limit} mg/day"
"""What a dose limit says that has no words of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseLimit:
    """Label maximum per day and per dose (mg), for everyone or for one indication."""

    max_mg_per_day: Decimal
    max_single_mg: Decimal | None = None
    indication: Condition = field(default_factory=Condition)
    unless: Condition = field(default_factory=Condition)
    regimens: tuple[Regimen, ...] = ()
    summary: str = ABOVE_LABEL
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

    With `use_renal_band_start` the start of the patient's renal band applies where it is lower. `average`
    compares the mg a day over time, not those of a dose day: for starts on alternate days.
    """

    max_mg_per_day: Decimal
    use_renal_band_start: bool = False
    average: bool = False
    when: Condition = field(default_factory=Condition)
    unless: Condition = field(default_factory=Condition)
    regimens: tuple[Regimen, ...] = ()
    summary: str = ""
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
    """A circumstance worth naming in a card when its condition holds."""

    when: Condition
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Members of two groups together; either may be the one being ordered.

    A group is drug classes, ingredients, or sets of procedures. With a `third` group it is a stack: three
    different drugs, one of each. A member that was stopped still counts for `subject_washout_days` or
    `partner_washout_days`, or for its own class's days in `longer_washout_days` where its side has a
    washout, and `summary_if_stopped` is said of it. `risk_set` names the factors that a card lists.
    """

    subject: tuple[str, ...]
    partner: tuple[str, ...]
    third: tuple[str, ...] = ()
    subject_washout_days: int = 0
    partner_washout_days: int = 0
    longer_washout_days: Mapping[str, int] = field(default_factory=dict)
    when: Condition = field(default_factory=Condition)
    unless: Condition = field(default_factory=Condition)
    regimens: Mapping[str, Regimen] = field(default_factory=dict)
    risks: tuple[Risk, ...] = ()
    risk_set: str = ""
    summary: str
    summary_if_stopped: str = ""
    reason: str
    advice: tuple[str, ...]
    advice_if_partner_ordered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstance:
    """An order that a circumstance of the patient speaks against, or asks care for.

    `when` unknown speaks as a data card where `when_missing` holds, in the words of `missing`.
    """

    when: Condition
    unless: Condition = field(default_factory=Condition)
    when_missing: Condition = field(default_factory=Condition)
    missing: str = ""
    risk_set: str = ""
    summary: str
    reason: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """A result that is due with a drug: none within `max_age_days`, and none planned."""

    lab: str
    max_age_days: int
    when: Condition = field(default_factory=Condition)
    unless: Condition = field(default_factory=Condition)
    summary: str
    reason: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Limits of a topical system: how many at once, how many hours on, how often a day."""

    max_at_once: int
    max_wear_h: Decimal
    max_per_day: int = 1
    summary: str
    reason: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatInterval:
    """The least time between two treatments, in days; `given` are the sets that count as a treatment."""

    least_days: int
    given: tuple[str, ...]
    summary: str
    reason: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """How long an antithrombotic is held before a procedure, by bleeding risk of the procedure.

    Hours; None where there is no fixed interval and the decision is shared. `longest_h` is the upper end where
    the source gives a range for the high and intermediate tiers: inside is what no reading allows. `when` narrows
    the row, with the procedure as the order and the drug as its partner. `most` is the gravest severity of the
    row. `evidence` is the row's own.
    """

    drugs: tuple[str, ...]
    high_h: Decimal | None
    intermediate_h: Decimal | None
    low_h: Decimal | None
    longest_h: Decimal | None = None
    restart_h: str
    lab: str = ""
    when: Condition = field(default_factory=Condition)
    note: str = ""
    most: Indicator = Indicator.critical
    evidence: Evidence = "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureHold:
    """Procedures by bleeding risk (sets of codes) against antithrombotics with their hold intervals.

    The first fitting row of a drug counts. Critical where the procedure's date is inside the interval, the
    statement's severity where it is not or has no date, info in the low tier and for shared decisions below the
    high one. Where `tier_up` holds, a procedure counts one tier higher. A drug being ordered is held against
    procedures booked in at most `booked_within_days`.
    """

    high: tuple[str, ...]
    intermediate: tuple[str, ...]
    low: tuple[str, ...]
    holds: tuple[Hold, ...]
    tier_up: Condition = field(default_factory=Condition)
    booked_within_days: int
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
    """Stopping a drug at once: the least taper in days, and above which daily dose (mg) it matters.

    `least_days` is 0 where the source gives no time. `when` and `unless` narrow it.
    """

    least_days: int
    above_mg_per_day: Decimal
    when: Condition = field(default_factory=Condition)
    unless: Condition = field(default_factory=Condition)
    plan: str
    summary: str
    reason: str


Rule = (
    RenalDose
    | DoseLimit
    | Frequency
    | StartDose
    | AgeLimit
    | Pair
    | Duplicate
    | Taper
    | Circumstance
    | Monitoring
    | Application
    | RepeatInterval
    | ProcedureHold
)
