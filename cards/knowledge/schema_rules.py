"""What the `rule` of each kind of statement must look like."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from cards.knowledge.rule_types import (
    AgeLimit,
    AkiLimits,
    Application,
    Band,
    Circumstance,
    DoseLimit,
    Duplicate,
    Frequency,
    Hold,
    Monitoring,
    Pair,
    ProcedureHold,
    RenalDose,
    RepeatInterval,
    Risk,
    StartDose,
    Taper,
)
from cards.knowledge.schema_fields import (
    STATUS,
    BandRange,
    ConditionField,
    IndicatorField,
    Loaded,
    Names,
    Number,
    RegimenField,
    tuple_of,
)


class BandSchema(Loaded):
    """One band; `crcl` is required in `bands` and absent in `haemodialysis`."""

    crcl = BandRange()
    avoid = fields.Boolean()
    max_mg_per_day = Number()
    max_single_mg = Number()
    frequency = fields.String()
    scale_to = Number()
    start_mg_per_day = Number()
    regimens = tuple_of(RegimenField())
    note = fields.String()
    evidence = fields.String(validate=validate.OneOf(STATUS))

    @staticmethod
    def makes(crcl: Band | None = None, **values: Any) -> Band:
        """The band with its range."""
        if not values.get("avoid") and "max_mg_per_day" not in values:
            raise ValidationError("a band needs max_mg_per_day or avoid", "max_mg_per_day")
        span = crcl or Band()
        edges = {
            name: getattr(span, name) for name in ("label", "low", "low_inclusive", "high", "high_inclusive")
        }
        return Band(**edges, **values)


class AkiSchema(Loaded):
    """Limits while kidney function is falling."""

    makes = AkiLimits
    max_mg_per_day = Number(required=True)
    critical_above_mg_per_day = Number(required=True)
    regimens = tuple_of(RegimenField())


class RenalDoseSchema(Loaded):
    """kind renal-dose."""

    makes = RenalDose
    bands = fields.List(fields.Nested(BandSchema), required=True)
    haemodialysis = fields.Nested(BandSchema, required=True)
    aki = fields.Nested(AkiSchema, required=True)
    critical_ratio = Number(required=True)
    near_percent = Number(required=True)
    floor_mg_per_day = Number(required=True)
    unreadable_below = Number(required=True)
    when_missing = ConditionField(required=True)
    avoid_severity = IndicatorField()
    low_muscle_regimens = tuple_of(RegimenField())


class DoseLimitSchema(Loaded):
    """kind dose-limit."""

    makes = DoseLimit
    max_mg_per_day = Number(required=True)
    max_single_mg = Number()
    indication = ConditionField()
    unless = ConditionField()
    regimens = tuple_of(RegimenField())
    summary = fields.String()
    advice = fields.String()
    reason = fields.String(required=True)


class FrequencySchema(Loaded):
    """kind frequency."""

    makes = Frequency
    min_per_day = fields.Integer(strict=True)
    max_per_day = fields.Integer(strict=True)
    max_gap_h = Number()
    crcl = BandRange()
    above_mg_per_day = Number()
    when = ConditionField()
    unless = ConditionField()
    regimens = tuple_of(RegimenField())
    summary = fields.String(required=True)
    reason = fields.String(required=True)
    advice = fields.String(required=True)


class StartDoseSchema(Loaded):
    """kind start-dose."""

    makes = StartDose
    max_mg_per_day = Number(required=True)
    use_renal_band_start = fields.Boolean()
    average = fields.Boolean()
    when = ConditionField()
    unless = ConditionField()
    regimens = tuple_of(RegimenField())
    summary = fields.String()
    reason = fields.String(required=True)
    advice = fields.String(required=True)


class AgeLimitSchema(Loaded):
    """kind age-limit."""

    makes = AgeLimit
    below = fields.Integer(strict=True, required=True)
    start = fields.Integer(strict=True, data_key="from")
    reason = fields.String(required=True)
    advice = fields.String(required=True)
    summary = fields.String(required=True)


class RiskSchema(Loaded):
    """One entry of `risks`."""

    makes = Risk
    when = ConditionField(required=True)
    says = fields.String(required=True)


class PairSchema(Loaded):
    """kind interaction."""

    makes = Pair
    subject = Names(required=True)
    partner = Names(required=True)
    third = Names()
    subject_washout_days = fields.Integer(strict=True)
    partner_washout_days = fields.Integer(strict=True)
    longer_washout_days = fields.Dict(keys=fields.String(), values=fields.Integer(strict=True))
    when = ConditionField()
    unless = ConditionField()
    regimens = fields.Dict(keys=fields.String(), values=RegimenField())
    risks = fields.List(fields.Nested(RiskSchema))
    risk_set = fields.String()
    summary = fields.String(required=True)
    summary_if_stopped = fields.String()
    reason = fields.String(required=True)
    advice = fields.List(fields.String(), required=True)
    advice_if_partner_ordered = fields.List(fields.String())


class DuplicateSchema(Loaded):
    """kind duplicate-therapy."""

    makes = Duplicate
    drug_class = fields.String(required=True)
    overlap_days = fields.Integer(strict=True, required=True)
    summary = fields.String(required=True)
    reason = fields.String(required=True)
    advice = fields.List(fields.String(), required=True)


class TaperSchema(Loaded):
    """kind taper."""

    makes = Taper
    least_days = fields.Integer(strict=True, required=True)
    above_mg_per_day = Number(required=True)
    when = ConditionField()
    unless = ConditionField()
    plan = fields.String(required=True)
    summary = fields.String(required=True)
    reason = fields.String(required=True)


class CircumstanceSchema(Loaded):
    """kinds condition, pregnancy, lactation, procedure."""

    makes = Circumstance
    when = ConditionField(required=True)
    unless = ConditionField()
    when_missing = ConditionField()
    missing = fields.String()
    risk_set = fields.String()
    summary = fields.String(required=True)
    reason = fields.String(required=True)
    advice = fields.List(fields.String(), required=True)


class MonitoringSchema(Loaded):
    """kind monitoring."""

    makes = Monitoring
    lab = fields.String(required=True)
    max_age_days = fields.Integer(strict=True, required=True)
    when = ConditionField()
    unless = ConditionField()
    summary = fields.String(required=True)
    reason = fields.String(required=True)
    advice = fields.List(fields.String(), required=True)


class ApplicationSchema(Loaded):
    """kind application."""

    makes = Application
    max_at_once = fields.Integer(strict=True, required=True)
    max_wear_h = Number(required=True)
    max_per_day = fields.Integer(strict=True)
    summary = fields.String(required=True)
    reason = fields.String(required=True)
    advice = fields.List(fields.String(), required=True)


class RepeatIntervalSchema(Loaded):
    """kind repeat-interval."""

    makes = RepeatInterval
    least_days = fields.Integer(strict=True, required=True)
    given = Names(required=True)
    summary = fields.String(required=True)
    reason = fields.String(required=True)
    advice = fields.List(fields.String(), required=True)


class HoldSchema(Loaded):
    """One row of `holds`: hours, or null for a shared decision."""

    makes = Hold
    drugs = Names(required=True)
    high_h = Number(required=True, allow_none=True)
    intermediate_h = Number(required=True, allow_none=True)
    low_h = Number(required=True, allow_none=True)
    longest_h = Number()
    restart_h = fields.String(required=True)
    lab = fields.String()
    when = ConditionField()
    note = fields.String()
    most = IndicatorField()
    evidence = fields.String(validate=validate.OneOf(STATUS))


class ProcedureHoldSchema(Loaded):
    """kind procedure-hold."""

    makes = ProcedureHold
    high = Names(required=True)
    intermediate = Names(required=True)
    low = Names(required=True)
    holds = fields.List(fields.Nested(HoldSchema), required=True, validate=validate.Length(min=1))
    tier_up = ConditionField()
    booked_within_days = fields.Integer(strict=True, required=True)
    reason = fields.String(required=True)
    advice = fields.List(fields.String(), required=True)


RULE_SCHEMAS: dict[str, type[Loaded]] = {
    "renal-dose": RenalDoseSchema,
    "dose-limit": DoseLimitSchema,
    "frequency": FrequencySchema,
    "start-dose": StartDoseSchema,
    "age-limit": AgeLimitSchema,
    "interaction": PairSchema,
    "duplicate-therapy": DuplicateSchema,
    "taper": TaperSchema,
    "condition": CircumstanceSchema,
    "pregnancy": CircumstanceSchema,
    "lactation": CircumstanceSchema,
    "procedure": CircumstanceSchema,
    "monitoring": MonitoringSchema,
    "application": ApplicationSchema,
    "repeat-interval": RepeatIntervalSchema,
    "procedure-hold": ProcedureHoldSchema,
}
