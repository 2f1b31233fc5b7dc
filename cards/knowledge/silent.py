"""Pairs on which the service says nothing on purpose, from cards/knowledge/silent.yaml."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from cards.facts.drug_classes import GROUPS
from cards.knowledge.checks import Names
from cards.knowledge.conditions import Evidence
from cards.knowledge.schema import ReferenceSchema, reference
from cards.knowledge.schema_fields import STATUS
from cards.knowledge.schema_fields import Names as NamesField
from cards.knowledge.statements import Reference
from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read

PATH: Final = Path(__file__).with_name("silent.yaml")

Example = tuple[Mapping[str, Any], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentPair:
    """Two groups (drug classes, ingredients, groups of classes.yaml) and why nothing is said of them.

    `examples` are two orders as cases write them, each to be ordered on top of the other.
    """

    id: str
    drugs: tuple[str, ...]
    others: tuple[str, ...]
    why: str
    source: Reference
    evidence: Evidence
    examples: tuple[Example, ...]


class _PairSchema(Schema):
    id = fields.String(required=True)
    drugs = NamesField(required=True)
    others = NamesField(required=True, data_key="with")
    why = fields.String(required=True, validate=validate.Length(min=10))
    source = fields.String(required=True)
    evidence = fields.String(required=True, validate=validate.OneOf(STATUS))
    examples = fields.List(
        fields.List(fields.Dict(), validate=validate.Length(equal=2)),
        required=True,
        validate=validate.Length(min=1),
    )


class _FileSchema(Schema):
    sources = fields.Dict(keys=fields.String(), values=fields.Nested(ReferenceSchema), required=True)
    pairs = fields.List(fields.Nested(_PairSchema), required=True, validate=validate.Length(min=1))


def load_silent(path: Path = PATH, terms: Names | None = None) -> tuple[SilentPair, ...]:
    """The silent pairs of a file. Raises KnowledgeFileError for whatever is wrong in it."""
    try:
        content: dict[str, Any] = _FileSchema(unknown=RAISE).load(read(path))
    except ValidationError as error:
        raise KnowledgeFileError(f"{path.name}: line {line_of(path, ())}: {error.messages}") from error
    sources = {key: reference(key, values) for key, values in content["sources"].items()}
    return tuple(_pair(path, row, sources, terms) for row in content["pairs"])


def _pair(
    path: Path, row: dict[str, Any], sources: Mapping[str, Reference], terms: Names | None
) -> SilentPair:
    if row["source"] not in sources:
        raise KnowledgeFileError(f"{path.name}: {row['id']}: no source {row['source']} in this file")
    for name in _unknown((*row["drugs"], *row["others"]), terms):
        raise KnowledgeFileError(f"{path.name}: {row['id']}: no drug class or ingredient {name}")
    examples = tuple((first, second) for first, second in row["examples"])
    return SilentPair(**row | {"source": sources[row["source"]], "examples": examples})


def _unknown(names: Iterable[str], terms: Names | None) -> Iterable[str]:
    groups = {group.name for group in GROUPS}
    return (name for name in names if terms is not None and name not in groups and not terms.has_name(name))
