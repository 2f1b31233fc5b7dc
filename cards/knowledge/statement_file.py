"""One knowledge file: its statements as they are written, and as they are loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from marshmallow import RAISE, ValidationError

from cards.knowledge.rule_types import Duplicate, Pair, ProcedureHold
from cards.knowledge.schema import FileSchema, StatementSchema, reference
from cards.knowledge.schema_rules import RULE_SCHEMAS
from cards.knowledge.statements import Drug, Reference, Statement
from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, located, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A statement as it stands in a file of the folder `home`, with the drug and the sources of its file."""

    path: Path
    home: Path
    where: tuple[str | int, ...]
    raw: Mapping[str, Any]
    drug: Drug | None
    sources: Mapping[str, Reference]

    def error(self, text: str, *further: str | int) -> KnowledgeFileError:
        """What is wrong in it, with file, line and field; a `drug` stands in its file, not in the statement."""
        where = further if further[:1] == ("drug",) else (*self.where, *further)
        return located(self.path, where, ValidationError(text))

    def with_raw(self, raw: Mapping[str, Any]) -> "Written":
        """The same with other values in it."""
        return replace(self, raw=raw)


def read_file(path: Path, home: Path) -> Iterator[tuple[Written, Statement]]:
    """The statements of a file. Raises KnowledgeFileError naming file, line and field."""
    document = read(path)
    try:
        content = FileSchema(unknown=RAISE).load(document)
    except ValidationError as error:
        raise located(path, (), error) from error
    sources = {key: reference(key, values) for key, values in content["sources"].items()}
    covered = _covered(path)
    for index, raw in enumerate(content["statements"]):
        written = Written(
            path=path,
            home=home,
            where=("statements", index),
            raw=raw,
            drug=content.get("drug"),
            sources=sources,
        )
        statement = statement_of(written)
        if statement.id not in covered["expect"] or statement.id not in covered["silent"]:
            missing = "fires" if statement.id not in covered["expect"] else "stays silent"
            raise KnowledgeFileError(
                f"{path.name}: line {line_of(path, written.where)}: {statement.id} needs a case in "
                f"{cases_file(path).name} in which it {missing}"
            )
        yield written, statement


def cases_file(path: Path) -> Path:
    """The cases file that belongs to a knowledge file."""
    return path.with_name(path.name.removesuffix(".yaml") + ".cases.yaml")


def statement_of(written: Written) -> Statement:
    """The statement. Raises KnowledgeFileError naming file, line and field."""
    path, where = written.path, written.where
    try:
        values = StatementSchema(unknown=RAISE).load(written.raw)
    except ValidationError as error:
        raise located(path, where, error) from error
    try:
        rule = RULE_SCHEMAS[values["kind"]](unknown=RAISE).load(values["rule"])
    except ValidationError as error:
        raise located(path, (*where, "rule"), error) from error
    unknown = [key for key in values["sources"] if key not in written.sources]
    if unknown:
        raise written.error(f"no source {unknown[0]} in this file", "sources")
    applies_to = tuple(values.get("applies_to", ()))
    if written.drug is None and not applies_to and not isinstance(rule, Pair | Duplicate | ProcedureHold):
        raise written.error("needs `applies_to`, or a `drug` in its file: what is it about?")
    return Statement(
        id=values["id"],
        kind=values["kind"],
        title=values["title"],
        problem=values["problem"],
        topic=values["topic"],
        severity=values["severity"],
        rule=rule,
        sources=tuple(written.sources[key] for key in values["sources"]),
        evidence=values["evidence"],
        order=values["order"],
        file=str(path.relative_to(written.home)),
        drug=None if applies_to else written.drug,
        applies_to=applies_to,
        jurisdictions=frozenset(values.get("jurisdictions", ("us", "eu"))),
        escalations=tuple(values.get("escalations", ())),
        caps=tuple(values.get("caps", ())),
        supersedes=tuple(values.get("supersedes", ())),
        offers=tuple(values.get("offers", ())),
        recommends=values.get("recommends", ""),
        seed_claims=tuple(values.get("seed_claims", ())),
        information=values.get("information", ""),
    )


def _covered(knowledge: Path) -> dict[str, set[str]]:
    path = cases_file(knowledge)
    if not path.exists():
        raise KnowledgeFileError(f"{path.name} is missing: a statement needs cases on both sides")
    document = read(path)
    covered: dict[str, set[str]] = {"expect": set(), "silent": set()}
    for case in document if isinstance(document, list) else []:
        for side in covered:
            covered[side].update(case.get(side) or ())
    return covered
