"""The release of the shipped knowledge, from ruleset.yaml: a calendar version of its own, whatever the software's."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from cards.knowledge.schema_fields import Day
from cards.knowledge.strict_yaml import located, read


@dataclass(frozen=True, slots=True)
class Release:
    """`version` is YEAR.MONTH.NUMBER, "" for a folder that is no release."""

    version: str = ""
    on: date | None = None


class _ReleaseSchema(Schema):
    release = fields.String(required=True, validate=validate.Regexp(r"^20\d\d\.(?:1[0-2]|[1-9])\.[1-9]\d?$"))
    date = Day(required=True)


def read_release(home: Path) -> Release:
    """The release of a knowledge folder. Raises KnowledgeFileError naming file, line and field."""
    path = home / "ruleset.yaml"
    if not path.exists():
        return Release()
    try:
        content = _ReleaseSchema(unknown=RAISE).load(read(path))
    except ValidationError as error:
        raise located(path, (), error) from error
    return Release(content["release"], content["date"])
