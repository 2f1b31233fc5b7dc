"""The claims of the source document this service began from, and what it does with each (seed.yaml)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from cards.knowledge.schema_fields import Loaded, tuple_of
from cards.knowledge.statements import Statement
from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read

Verdict = Literal["corroborated", "partly", "disputed", "unsupported", "garbled", "omitted"]

VERDICTS = ("corroborated", "partly", "disputed", "unsupported", "garbled", "omitted")
# What no reader should meet in a card as if it were true.
NOT_TO_BE_SAID = frozenset({"disputed", "unsupported", "garbled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim in our words, with what is right instead, and what the product does with it.

    `line` is its line in the document, 0 for what the document leaves out. Either `statements` judge it, a
    line of `information` carries it, or it is `not_surfaced`, with the reason. `never_says` are patterns that
    no card may match.
    """

    claim: str
    verdict: Verdict
    value: str
    sources: tuple[str, ...]
    line: int = 0
    statements: tuple[str, ...] = ()
    information: str = ""
    not_surfaced: str = ""
    never_says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of supportive advice, from corroborated claims only."""

    says: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """The claims by id (SC001 and on), the lines of information by name."""

    claims: Mapping[str, Claim]
    information: Mapping[str, Line]


class _ClaimSchema(Loaded):
    makes = Claim
    line = fields.Integer(strict=True)
    claim = fields.String(required=True, validate=validate.Length(min=5))
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    value = fields.String(required=True, validate=validate.Length(min=3))
    sources = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    statements = tuple_of(fields.String())
    information = fields.String()
    not_surfaced = fields.String(validate=validate.Length(min=5))
    never_says = tuple_of(fields.String())

    @validates_schema
    def _goes_somewhere(self, data: dict[str, Any], **_: Any) -> None:
        shown = [name for name in ("statements", "information") if data.get(name)]
        if bool(data.get("not_surfaced")) == bool(shown):
            raise ValidationError(
                "points nowhere: needs `statements` or `information`, or else `not_surfaced`", "statements"
            )
        for pattern in data.get("never_says", ()):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValidationError(f"{pattern!r} is no pattern: {error}", "never_says") from error


class _LineSchema(Loaded):
    makes = Line
    says = fields.String(required=True, validate=validate.Length(min=10, max=160))
    claims = fields.List(fields.String(), required=True, validate=validate.Length(min=1))


class _SeedSchema(Schema):
    sources = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    information = fields.Dict(keys=fields.String(), values=fields.Nested(_LineSchema), required=True)
    claims = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"^SC\d{3}$")),
        values=fields.Nested(_ClaimSchema),
        required=True,
    )


def read_seed(home: Path) -> Seed:
    """The claims and lines of a folder's seed.yaml; none where there is no such file.

    Raises KnowledgeFileError naming file, line and field.
    """
    path = home / "seed.yaml"
    if not path.exists():
        return Seed(claims={}, information={})
    try:
        content: dict[str, Any] = _SeedSchema(unknown=RAISE).load(read(path))
    except ValidationError as error:
        where, text = _first(error.messages)
        raise _wrong(path, where, text) from error
    claims: dict[str, Claim] = content["claims"]
    lines: dict[str, Line] = content["information"]
    for name, claim in claims.items():
        if claim.information and claim.information not in lines:
            raise _wrong(path, ("claims", name, "information"), f"no information {claim.information}")
        for source in claim.sources:
            if source not in content["sources"]:
                raise _wrong(path, ("claims", name, "sources"), f"no source {source} in this file")
    for key, line in lines.items():
        for name in line.claims:
            if name not in claims or claims[name].verdict in NOT_TO_BE_SAID:
                raise _wrong(path, ("information", key, "claims"), f"{name} is no claim that may be said")
    return Seed(claims=claims, information=lines)


def disagreements(claims: Mapping[str, Claim], statements: Iterable[Statement]) -> Iterator[str]:
    """Where claims and statements do not name each other."""
    declared = {one.id: frozenset(one.seed_claims) for one in statements}
    for name, claim in claims.items():
        for listed in claim.statements:
            if listed not in declared:
                yield f"claims.{name}.statements: no statement {listed}"
            elif name not in declared[listed]:
                yield f"claims.{name}.statements: {listed} does not list {name} in its seed_claims"
    for statement, named in declared.items():
        for name in sorted(named):
            if name not in claims:
                yield f"statement {statement}: no claim {name}"
            elif claims[name].not_surfaced:
                yield f"claims.{name}: not surfaced, and yet {statement} answers it"


def _first(messages: Any) -> tuple[tuple[str, ...], str]:
    """The field of the first error, and its text."""
    where: list[str] = []
    while isinstance(messages, dict) and messages:
        key, messages = next(iter(messages.items()))
        if key not in ("_schema", "value"):
            where.append(str(key))
    return tuple(where), str(messages[0]) if isinstance(messages, list) and messages else str(messages)


def _wrong(path: Path, where: tuple[str, ...], text: str) -> KnowledgeFileError:
    return KnowledgeFileError(f"{path.name}: line {line_of(path, where)}: {'.'.join(where)}: {text}")
