"""Risk sets: the factors that aggravate a risk, each a condition and how a card names it (risks.yaml)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from cards.knowledge.rule_types import Risk
from cards.knowledge.schema_rules import RiskSchema
from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read


class _RisksSchema(Schema):
    sources = fields.Dict(required=True)
    risks = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(RiskSchema)), required=True)


def read_risks(home: Path) -> Mapping[str, tuple[Risk, ...]]:
    """The risk sets of a folder's risks.yaml; none where there is no such file."""
    path = home / "risks.yaml"
    if not path.exists():
        return {}
    try:
        content: dict[str, Any] = _RisksSchema(unknown=RAISE).load(read(path))
    except ValidationError as error:
        raise KnowledgeFileError(f"{path.name}: line {line_of(path, ())}: {error.messages}") from error
    return {name: tuple(listed) for name, listed in content["risks"].items()}
