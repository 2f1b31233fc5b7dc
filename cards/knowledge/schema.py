"""What a knowledge file must look like. Unknown members are refused; everything is checked at load."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from cards.card import TOPIC_DISPLAY, Indicator
from cards.knowledge.statements import (
    AgeLimit,
    AkiLimits,
    Band,
    Condition,
    DoseLimit,
    Drug,
    Duplicate,
    Escalation,
    Frequency,
    Pair,
    Predicate,
    Reference,
    Regimen,
    RenalDose,
    Risk,
    StartDose,
    Taper,
)

_NUMBER = r"(\d+(?:\.\d+)?)"
_REGIMEN = re.compile(rf"{_NUMBER} mg x (\d+)(?: (.+))?")
_BAND = re.compile(rf"(?:{_NUMBER} (<=?) )?crcl(?: (<=?|>=?|=) {_NUMBER})?")
_STATUS = ("seen", "recall", "recall+seen", "design")


class Number(fields.Field[Decimal]):
    """A number written as such, kept exactly."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValidationError(f"needs a number, has {value!r}")
        return Decimal(value)


class RegimenField(fields.Field[Regimen]):
    """`300 mg x 3 with meals`: mg per dose, doses a day, timing in words."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Regimen:
        match = _REGIMEN.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValidationError(f"needs a regimen such as '300 mg x 3', has {value!r}")
        return Regimen(Decimal(match[1]), int(match[2]), match[3] or "")


class PredicateField(fields.Field[Predicate]):
    """A predicate's name and, after a blank, its value."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Predicate:
        if not isinstance(value, str):
            raise ValidationError(f"needs the name of a predicate, has {value!r}")
        name, _, rest = value.partition(" ")
        if not rest:
            return Predicate(name)
        return Predicate(name, Decimal(rest) if re.fullmatch(_NUMBER, rest) else rest)


class ConditionField(fields.Field[Condition]):
    """`any:` or `all:` with a list of predicates; nothing deeper."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Condition:
        if not isinstance(value, Mapping) or len(value) != 1 or not {"any", "all"} & value.keys():
            raise ValidationError("needs exactly one of 'any' and 'all'")
        ((mode, listed),) = value.items()
        if not isinstance(listed, list) or not listed:
            raise ValidationError(f"'{mode}' needs a list of predicates")
        one = PredicateField()
        return Condition("all" if mode == "all" else "any", tuple(one.deserialize(item) for item in listed))


class BandRange(fields.Field[Band]):
    """`30 < crcl <= 60`, `crcl < 15`, `crcl >= 60`, `crcl = 15`: the range of a band in mL/min."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Band:
        match = _BAND.fullmatch(value) if isinstance(value, str) else None
        if match is None or (match[1] is None and match[4] is None):
            raise ValidationError(f"needs a range such as '30 < crcl <= 60', has {value!r}")
        low, low_op, op, edge = match.groups()
        bounds: dict[str, Any] = {"label": value}
        if low is not None:
            bounds |= {"low": Decimal(low), "low_inclusive": low_op == "<="}
        if op in ("<", "<="):
            bounds |= {"high": Decimal(edge), "high_inclusive": op == "<="}
        elif op in (">", ">="):
            bounds |= {"low": Decimal(edge), "low_inclusive": op == ">="}
        elif op == "=":
            bounds |= {"low": Decimal(edge), "high": Decimal(edge), "high_inclusive": True}
        return Band(**bounds)


class IndicatorField(fields.Field[Indicator]):
    """info, warning or critical."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Indicator:
        if value not in Indicator.__members__:
            raise ValidationError(f"needs info, warning or critical, has {value!r}")
        return Indicator[value]


def _tuple_of(field: fields.Field[Any]) -> fields.List:
    return fields.List(field, load_default=tuple)


class _Loaded(Schema):
    """A schema that makes one dataclass; lists become tuples."""

    makes: Callable[..., Any]

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
        return type(self).makes(**values)


class ReferenceSchema(_Loaded):
    """One source of a file."""

    makes = staticmethod(lambda **values: values)

    title = fields.String(required=True, validate=validate.Length(min=5))
    section = fields.String(required=True, validate=validate.Length(min=1))
    url = fields.URL(required=True, schemes={"https"})
    status = fields.String(required=True, validate=validate.OneOf(_STATUS))


class BandSchema(_Loaded):
    """One band; `crcl` is required in `bands` and absent in `haemodialysis`."""

    crcl = BandRange()
    avoid = fields.Boolean()
    max_mg_per_day = Number()
    max_single_mg = Number()
    frequency = fields.String()
    scale_to = Number()
    start_mg_per_day = Number()
    regimens = _tuple_of(RegimenField())
    note = fields.String()
    evidence = fields.String(validate=validate.OneOf(_STATUS))

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


class AkiSchema(_Loaded):
    """Limits while kidney function is falling."""

    makes = AkiLimits
    max_mg_per_day = Number(required=True)
    critical_above_mg_per_day = Number(required=True)
    regimens = _tuple_of(RegimenField())


class RenalDoseSchema(_Loaded):
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
    low_muscle_regimens = _tuple_of(RegimenField())


class DoseLimitSchema(_Loaded):
    """kind dose-limit."""

    makes = DoseLimit
    max_mg_per_day = Number(required=True)
    max_single_mg = Number()
    indication = ConditionField()
    unless = ConditionField()
    regimens = _tuple_of(RegimenField())
    summary = fields.String()
    advice = fields.String()
    reason = fields.String(required=True)


class FrequencySchema(_Loaded):
    """kind frequency."""

    makes = Frequency
    min_per_day = fields.Integer(strict=True)
    max_per_day = fields.Integer(strict=True)
    max_gap_h = Number()
    crcl = BandRange()
    above_mg_per_day = Number()
    when = ConditionField()
    unless = ConditionField()
    regimens = _tuple_of(RegimenField())
    summary = fields.String(required=True)
    reason = fields.String(required=True)
    advice = fields.String(required=True)


class StartDoseSchema(_Loaded):
    """kind start-dose."""

    makes = StartDose
    max_mg_per_day = Number(required=True)
    use_renal_band_start = fields.Boolean()
    when = ConditionField()
    unless = ConditionField()
    regimens = _tuple_of(RegimenField())
    reason = fields.String(required=True)
    advice = fields.String(required=True)


class AgeLimitSchema(_Loaded):
    """kind age-limit."""

    makes = AgeLimit
    below = fields.Integer(strict=True, required=True)
    start = fields.Integer(strict=True, data_key="from")
    reason = fields.String(required=True)
    advice = fields.String(required=True)
    summary = fields.String(required=True)


class RiskSchema(_Loaded):
    """One entry of `risks`."""

    makes = Risk
    when = ConditionField(required=True)
    says = fields.String(required=True)


class PairSchema(_Loaded):
    """kind interaction."""

    makes = Pair
    subject = fields.String(required=True)
    partner = fields.String(required=True)
    unless = ConditionField()
    regimens = fields.Dict(keys=fields.String(), values=RegimenField())
    risks = fields.List(fields.Nested(RiskSchema))
    summary = fields.String(required=True)
    reason = fields.String(required=True)
    advice = fields.List(fields.String(), required=True)


class DuplicateSchema(_Loaded):
    """kind duplicate-therapy."""

    makes = Duplicate
    drug_class = fields.String(required=True)
    overlap_days = fields.Integer(strict=True, required=True)
    summary = fields.String(required=True)
    reason = fields.String(required=True)
    advice = fields.List(fields.String(), required=True)


class TaperSchema(_Loaded):
    """kind taper."""

    makes = Taper
    least_days = fields.Integer(strict=True, required=True)
    above_mg_per_day = Number(required=True)
    plan = fields.String(required=True)
    summary = fields.String(required=True)
    reason = fields.String(required=True)


RULE_SCHEMAS: dict[str, type[_Loaded]] = {
    "renal-dose": RenalDoseSchema,
    "dose-limit": DoseLimitSchema,
    "frequency": FrequencySchema,
    "start-dose": StartDoseSchema,
    "age-limit": AgeLimitSchema,
    "interaction": PairSchema,
    "duplicate-therapy": DuplicateSchema,
    "taper": TaperSchema,
}


class EscalationSchema(_Loaded):
    """A severity for when its condition holds."""

    makes = Escalation
    to = IndicatorField(required=True)
    when = ConditionField(required=True)
    because = fields.String(required=True)


class DrugSchema(_Loaded):
    """The product a dosing file is about."""

    makes = Drug
    ingredient = fields.String(required=True)
    release = fields.String(required=True, validate=validate.OneOf(("immediate", "extended", "once-daily")))
    name = fields.String(required=True)


class StatementSchema(Schema):
    """The members every statement has; `rule` is checked by its kind's schema afterwards."""

    id = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9-]{3,60}$"))
    kind = fields.String(required=True, validate=validate.OneOf(tuple(RULE_SCHEMAS)))
    title = fields.String(required=True)
    problem = fields.String(
        required=True,
        validate=validate.OneOf(
            ("dose-and-sedation", "bleeding", "serotonin-qt", "fetal", "contraindication", "procedure")
        ),
    )
    topic = fields.String(required=True, validate=validate.OneOf(tuple(TOPIC_DISPLAY)))
    severity = IndicatorField(required=True)
    order = fields.Integer(strict=True, required=True)
    sources = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    evidence = fields.String(required=True, validate=validate.OneOf(_STATUS))
    jurisdictions = fields.List(fields.String(validate=validate.OneOf(("us", "eu"))))
    seed_claims = fields.List(fields.String(validate=validate.Regexp(r"^SC\d{3}$")))
    escalations = fields.List(fields.Nested(EscalationSchema))
    caps = fields.List(fields.Nested(EscalationSchema))
    rule = fields.Dict(required=True)


class FileSchema(Schema):
    """One knowledge file."""

    drug = fields.Nested(DrugSchema)
    sources = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(ReferenceSchema),
        required=True,
        validate=validate.Length(min=1),
    )
    statements = fields.List(fields.Dict(), required=True, validate=validate.Length(min=1))


def reference(key: str, values: Mapping[str, Any]) -> Reference:
    """A source with the key it is cited by."""
    return Reference(key=key, **values)
