"""Reads the treatment knowledge once, at start, and refuses to go on with a file that is not right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from marshmallow import RAISE, ValidationError

from cards.knowledge.schema import RULE_SCHEMAS, FileSchema, StatementSchema, reference
from cards.knowledge.statements import (
    AgeLimit,
    Condition,
    DoseLimit,
    Drug,
    Duplicate,
    Frequency,
    Pair,
    RenalDose,
    StartDose,
    Statement,
    Taper,
)
from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read
from cards.rules.names import PREDICATES

HOME = Path(__file__).parent
FOLDERS = ("dosing", "interactions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All statements, indexed by what can trigger them.

    `version` is a digest of the files. `of_drug` is keyed by (ingredient, release), `of_class` by drug
    class; an order looks up its own keys only, so the size of the knowledge costs a request nothing.
    """

    statements: Mapping[str, Statement]
    version: str
    of_drug: Mapping[tuple[str, str], tuple[Statement, ...]] = field(default_factory=dict)
    of_class: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)


def load_knowledge(home: Path = HOME) -> Knowledge:
    """The statements under `home`. Raises KnowledgeFileError naming file, line and field."""
    statements: dict[str, Statement] = {}
    digest = sha256()
    for path in knowledge_files(home):
        digest.update(path.read_bytes())
        for statement in _read_file(path, home):
            if statement.id in statements:
                raise KnowledgeFileError(f"{path.name}: statement id {statement.id} is used twice")
            statements[statement.id] = statement
    return Knowledge(
        statements=statements,
        version=digest.hexdigest()[:12],
        of_drug=_by_drug(statements.values().__iter__()),
        of_class=_by_class(statements.values().__iter__()),
    )


def knowledge_files(home: Path = HOME) -> list[Path]:
    """The statement files, without their cases."""
    return [
        path
        for folder in FOLDERS
        for path in sorted((home / folder).glob("*.yaml"))
        if not path.name.endswith(".cases.yaml")
    ]


def cases_file(path: Path) -> Path:
    """The cases file that belongs to a knowledge file."""
    return path.with_name(path.name.removesuffix(".yaml") + ".cases.yaml")


def _read_file(path: Path, home: Path) -> Iterator[Statement]:
    document = read(path)
    try:
        content = FileSchema(unknown=RAISE).load(document)
    except ValidationError as error:
        raise _located(path, (), error) from error
    sources = {key: reference(key, values) for key, values in content["sources"].items()}
    covered = _covered(cases_file(path))
    for index, raw in enumerate(content["statements"]):
        where: tuple[str | int, ...] = ("statements", index)
        statement = _statement(path, where, raw, content.get("drug"), sources, home)
        if statement.id not in covered["expect"] or statement.id not in covered["silent"]:
            missing = "fires" if statement.id not in covered["expect"] else "stays silent"
            raise KnowledgeFileError(
                f"{path.name}: line {line_of(path, where)}: {statement.id} needs a case in "
                f"{cases_file(path).name} in which it {missing}"
            )
        yield statement


def _statement(
    path: Path,
    where: tuple[str | int, ...],
    raw: Mapping[str, Any],
    drug: Drug | None,
    sources: Mapping[str, Any],
    home: Path,
) -> Statement:
    try:
        values = StatementSchema(unknown=RAISE).load(raw)
    except ValidationError as error:
        raise _located(path, where, error) from error
    try:
        rule = RULE_SCHEMAS[values["kind"]](unknown=RAISE).load(values["rule"])
    except ValidationError as error:
        raise _located(path, (*where, "rule"), error) from error
    unknown = [key for key in values["sources"] if key not in sources]
    if unknown:
        raise _located(path, (*where, "sources"), ValidationError(f"no source {unknown[0]} in this file"))
    if drug is None and not isinstance(rule, Pair | Duplicate):
        raise _located(path, where, ValidationError(f"kind {values['kind']} needs a `drug` in its file"))
    statement = Statement(
        id=values["id"],
        kind=values["kind"],
        title=values["title"],
        problem=values["problem"],
        topic=values["topic"],
        severity=values["severity"],
        rule=rule,
        sources=tuple(sources[key] for key in values["sources"]),
        evidence=values["evidence"],
        order=values["order"],
        file=str(path.relative_to(home)),
        drug=drug,
        jurisdictions=frozenset(values.get("jurisdictions", ("us", "eu"))),
        escalations=tuple(values.get("escalations", ())),
        caps=tuple(values.get("caps", ())),
        seed_claims=tuple(values.get("seed_claims", ())),
    )
    for problem in _problems(statement):
        raise _located(path, (*where, "rule"), ValidationError(problem))
    return statement


def _problems(statement: Statement) -> Iterator[str]:
    """What no schema can see: unknown predicates, and renal bands that leave a gap or overlap."""
    for condition in conditions(statement):
        for predicate in condition.predicates:
            if predicate.name not in PREDICATES:
                yield f"no predicate {predicate.name}; known are {', '.join(sorted(PREDICATES))}"
            elif (predicate.value is not None) != PREDICATES[predicate.name]:
                needs = "needs a value" if PREDICATES[predicate.name] else "takes no value"
                yield f"predicate {predicate.name} {needs}"
    if isinstance(statement.rule, RenalDose):
        bands = sorted(statement.rule.bands, key=lambda band: (band.low, not band.low_inclusive))
        if bands[0].low != 0 or not bands[0].low_inclusive or bands[-1].high is not None:
            yield "the bands must cover every CrCl from 0 up"
        for lower, upper in zip(bands, bands[1:], strict=False):
            if lower.high != upper.low or lower.high_inclusive == upper.low_inclusive:
                yield f"bands '{lower.label}' and '{upper.label}' leave a gap or overlap"


def conditions(statement: Statement) -> Iterator[Condition]:
    """Every condition a statement contains."""
    for escalation in (*statement.escalations, *statement.caps):
        yield escalation.when
    rule = statement.rule
    if isinstance(rule, RenalDose):
        yield rule.when_missing
    elif isinstance(rule, DoseLimit):
        yield from (rule.indication, rule.unless)
    elif isinstance(rule, Frequency | StartDose):
        yield from (rule.when, rule.unless)
    elif isinstance(rule, Pair):
        yield rule.unless
        yield from (risk.when for risk in rule.risks)
    else:
        assert isinstance(rule, AgeLimit | Duplicate | Taper)  # noqa: S101  a new kind must be listed here


def _covered(path: Path) -> dict[str, set[str]]:
    if not path.exists():
        raise KnowledgeFileError(f"{path.name} is missing: a statement needs cases on both sides")
    document = read(path)
    covered: dict[str, set[str]] = {"expect": set(), "silent": set()}
    for case in document if isinstance(document, list) else []:
        for side in covered:
            covered[side].update(case.get(side) or ())
    return covered


def _located(
    path: Path, where: tuple[str | int, ...], error: ValidationError
) -> KnowledgeFileError:
    keys: list[str | int] = list(where)
    messages: Any = error.messages
    while isinstance(messages, dict) and messages:
        key, messages = next(iter(messages.items()))
        if key != "_schema":
            keys.append(key)
    text = messages[0] if isinstance(messages, list) and messages else str(messages)
    field_name = ".".join(str(key) for key in keys) or "document"
    return KnowledgeFileError(f"{path.name}: line {line_of(path, keys)}: {field_name}: {text}")


def _by_drug(statements: Iterator[Statement]) -> dict[tuple[str, str], tuple[Statement, ...]]:
    index: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements:
        if statement.drug:
            index.setdefault((statement.drug.ingredient, statement.drug.release), []).append(statement)
    return {key: tuple(found) for key, found in index.items()}


def _by_class(statements: Iterator[Statement]) -> dict[str, tuple[Statement, ...]]:
    index: dict[str, list[Statement]] = {}
    for statement in statements:
        rule = statement.rule
        if isinstance(rule, Pair):
            for name in {rule.subject, rule.partner}:
                index.setdefault(name, []).append(statement)
        elif isinstance(rule, Duplicate):
            index.setdefault(rule.drug_class, []).append(statement)
    return {key: tuple(found) for key, found in index.items()}
