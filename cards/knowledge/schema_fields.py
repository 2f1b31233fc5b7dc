"""Fields of the knowledge files: numbers, regimens, bands and conditions as people write them."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, cast

from marshmallow import Schema, ValidationError, fields, post_load

from cards.card import Indicator
from cards.knowledge.conditions import Condition, Predicate
from cards.knowledge.rule_types import Band, Regimen

_NUMBER = r"(\d+(?:\.\d+)?)"
_REGIMEN = re.compile(rf"{_NUMBER} mg x (\d+)(?: every (\d+) days)?(?: (.+))?")
_BAND = re.compile(rf"(?:{_NUMBER} (<=?) )?crcl(?: (<=?|>=?|=) {_NUMBER})?")
STATUS = ("seen", "recall", "recall+seen", "design")


class Number(fields.Field[Decimal]):
    """A number written as such, kept exactly."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValidationError(f"needs a number, has {value!r}")
        return Decimal(value)


class RegimenField(fields.Field[Regimen]):
    """`300 mg x 3 with meals`, `25 mg x 1 every 2 days`: mg per dose, doses a day, timing in words."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Regimen:
        match = _REGIMEN.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValidationError(f"needs a regimen such as '300 mg x 3', has {value!r}")
        return Regimen(Decimal(match[1]), int(match[2]), match[4] or "", int(match[3] or 1))


class PredicateField(fields.Field[Predicate]):
    """A predicate's name and, after blanks, its arguments; `not` before it turns it round."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Predicate:
        if not isinstance(value, str) or not value.split():
            raise ValidationError(f"needs the name of a predicate, has {value!r}")
        words = value.split()
        negated = words[0] == "not"
        name, *args = words[1:] if negated else words
        read = (Decimal(arg) if re.fullmatch(_NUMBER, arg) else arg for arg in args)
        return Predicate(name, tuple(read), negated)


class ConditionField(fields.Field[Condition]):
    """`any:` or `all:` with a list of predicates; nothing deeper."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Condition:
        if not isinstance(value, Mapping) or len(value) != 1 or not {"any", "all"} & value.keys():
            raise ValidationError("needs exactly one of 'any' and 'all'")
        ((mode, listed),) = value.items()
        if not isinstance(listed, list) or not listed:
            raise ValidationError(f"'{mode}' needs a list of predicates")
        one = PredicateField()
        return Condition(
            "all" if mode == "all" else "any",
            tuple(cast(Predicate, one.deserialize(item)) for item in listed),
        )


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


class Day(fields.Field[date]):
    """A day, 2027-06-30."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise ValidationError(f"needs a day such as 2027-06-30, has {value!r}") from None


class Names(fields.Field[tuple[str, ...]]):
    """Names of drug classes, ingredients or sets: one, or a list of them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not listed or not all(isinstance(one, str) for one in listed):
            raise ValidationError(f"needs a name or a list of names, has {value!r}")
        return tuple(listed)


def tuple_of(field: fields.Field[Any]) -> fields.List[Any]:
    return fields.List(field, load_default=tuple)


class Loaded(Schema):
    """A schema that makes one dataclass; lists become tuples."""

    makes: Callable[..., Any]

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
        return type(self).makes(**values)
