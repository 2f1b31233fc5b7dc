"""The statements and topics that a site cannot switch off, from never-off.yaml."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from cards.card import TOPIC_DISPLAY, Indicator
from cards.knowledge.rule_types import RenalDose
from cards.knowledge.schema_fields import IndicatorField, Loaded
from cards.knowledge.statements import Statement
from cards.knowledge.strict_yaml import located, read

PATH: Final = Path(__file__).with_name("never-off.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Statements with every member that is named here."""

    why: str
    topic: str | None = None
    problem: str | None = None
    kind: str | None = None
    reaches: Indicator | None = None

    def covers(self, statement: Statement) -> bool:
        """Whether the statement is one of these."""
        return (
            self.topic in (None, statement.topic)
            and self.problem in (None, statement.problem)
            and self.kind in (None, statement.kind)
            and (self.reaches is None or gravest(statement) >= self.reaches)
        )


@dataclass(frozen=True, slots=True)
class NeverOff:
    """What of the shipped knowledge a site cannot switch off."""

    statements: tuple[Kept, ...]
    topics: frozenset[str]

    def why(self, statement: Statement) -> str:
        """Why this statement cannot be switched off, "" where it can."""
        return next((one.why for one in self.statements if one.covers(statement)), "")


class _KeptSchema(Loaded):
    makes = Kept
    why = fields.String(required=True, validate=validate.Length(min=5))
    topic = fields.String(validate=validate.OneOf(tuple(TOPIC_DISPLAY)))
    problem = fields.String()
    kind = fields.String()
    reaches = IndicatorField()


class _FileSchema(Schema):
    statements = fields.List(fields.Nested(_KeptSchema), required=True, validate=validate.Length(min=1))
    topics = fields.List(fields.String(validate=validate.OneOf(tuple(TOPIC_DISPLAY))), required=True)


def gravest(statement: Statement) -> Indicator:
    """The gravest severity a statement can have, before caps."""
    # A renal table grades a multiple of its ceiling critical by itself.
    own = Indicator.critical if isinstance(statement.rule, RenalDose) else statement.severity
    return max((own, *(step.to for step in statement.escalations)))


@cache
def never_off(path: Path = PATH) -> NeverOff:
    """The list of a file. Raises KnowledgeFileError naming file, line and field."""
    try:
        content: dict[str, Any] = _FileSchema(unknown=RAISE).load(read(path))
    except ValidationError as error:
        raise located(path, (), error) from error
    for place, one in enumerate(content["statements"]):
        if (one.topic, one.problem, one.kind, one.reaches) == (None, None, None, None):
            raise located(path, ("statements", place), ValidationError("names nothing to keep"))
    return NeverOff(tuple(content["statements"]), frozenset(content["topics"]))
