"""What a knowledge file must look like. Unknown members are refused; everything is checked at load."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from cards.card import TOPIC_DISPLAY
from cards.knowledge.conditions import Escalation
from cards.knowledge.schema_fields import STATUS, ConditionField, IndicatorField, Loaded, Names
from cards.knowledge.schema_rules import RULE_SCHEMAS
from cards.knowledge.statements import Drug, Reference


class ReferenceSchema(Loaded):
    """One source of a file."""

    makes = staticmethod(lambda **values: values)

    title = fields.String(required=True, validate=validate.Length(min=5))
    section = fields.String(required=True, validate=validate.Length(min=1))
    url = fields.URL(required=True, schemes={"https"})
    status = fields.String(required=True, validate=validate.OneOf(STATUS))


class EscalationSchema(Loaded):
    """A severity for when its condition holds."""

    makes = Escalation
    to = IndicatorField(required=True)
    when = ConditionField(required=True)
    because = fields.String(required=True)


class DrugSchema(Loaded):
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
    evidence = fields.String(required=True, validate=validate.OneOf(STATUS))
    jurisdictions = fields.List(fields.String(validate=validate.OneOf(("us", "eu"))))
    seed_claims = fields.List(fields.String(validate=validate.Regexp(r"^SC\d{3}$")))
    escalations = fields.List(fields.Nested(EscalationSchema))
    caps = fields.List(fields.Nested(EscalationSchema))
    applies_to = Names()
    supersedes = Names()
    offers = Names()
    information = fields.String()
    recommends = fields.String()
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
