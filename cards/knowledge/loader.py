"""Reads the treatment knowledge once, at start, and refuses to go on with a file that is not right."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from marshmallow import RAISE, ValidationError

from cards.knowledge.checks import Names, offer_problems, predicate_problems, problems
from cards.knowledge.offers import Offer, read_offers
from cards.knowledge.risks import read_risks
from cards.knowledge.rule_types import Duplicate, Pair, ProcedureHold, Risk
from cards.knowledge.schema import FileSchema, StatementSchema, reference
from cards.knowledge.schema_rules import RULE_SCHEMAS
from cards.knowledge.seed import read_seed
from cards.knowledge.statements import Drug, Statement
from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read

HOME = Path(__file__).parent
FOLDERS = ("dosing", "interactions", "pregnancy", "procedures")
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All statements, indexed by what can trigger them; risk sets, offers and lines of information by name.

    `version` is a digest of the files. `of_drug` is keyed by (ingredient, release), `of_class` by drug
    class, ingredient or set of procedures; an order looks up its own keys only, so the size of the knowledge
    costs a request nothing.
    """

    statements: Mapping[str, Statement]
    version: str
    of_drug: Mapping[tuple[str, str], tuple[Statement, ...]] = field(default_factory=dict)
    of_class: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    risks: Mapping[str, tuple[Risk, ...]] = field(default_factory=dict)
    offers: Mapping[str, Offer] = field(default_factory=dict)
    information: Mapping[str, str] = field(default_factory=dict)
    _about: dict[Any, tuple[Statement, ...]] = field(default_factory=dict, repr=False, compare=False)

    def about(self, drug_key: tuple[str, str], classes: frozenset[str]) -> tuple[Statement, ...]:
        """The statements that an order of this product and these classes can trigger, by id."""
        key = (drug_key, classes)
        known = self._about.get(key)
        if known is None:
            found = {one.id: one for one in self.of_drug.get(drug_key, ())}
            for name in classes:
                found.update({one.id: one for one in self.of_class.get(name, ())})
            known = tuple(found[name] for name in sorted(found))
            if len(self._about) < _REMEMBERED:
                self._about[key] = known
        return known


def load_knowledge(
    home: Path = HOME, *, terms: Names | None = None, overlay: Path | None = None
) -> Knowledge:
    """The statements under `home`, and those that a site's `overlay` folder adds.

    With `terms`, every class, ingredient and value set a statement names must exist. Raises
    KnowledgeFileError naming file, line and field.
    """
    statements: dict[str, Statement] = {}
    digest = sha256()
    risks, offers = read_risks(home), read_offers(home)
    information = {key: line.says for key, line in read_seed(home).information.items()}
    for name, offer in offers.items():
        for wrong in offer_problems(offer, terms):
            raise KnowledgeFileError(f"offers.yaml: {name}: {wrong}")
    for name, listed in risks.items():
        for predicate in (one for risk in listed for one in risk.when.predicates):
            for wrong in predicate_problems(predicate, frozenset(risks), terms):
                raise KnowledgeFileError(f"risks.yaml: {name}: {wrong}")
    for folder in (home, *((overlay,) if overlay else ())):
        for path in knowledge_files(folder):
            digest.update(path.read_bytes())
            for statement, where in _read_file(path, folder):
                if statement.id in statements:
                    raise KnowledgeFileError(f"{path.name}: statement id {statement.id} is used twice")
                if statement.information and statement.information not in information:
                    unknown = ValidationError(f"no information {statement.information} in seed.yaml")
                    raise _located(path, (*where, "information"), unknown)
                for member, problem in problems(statement, risks, offers, terms):
                    at = member if member[0] == "drug" else (*where, *member)
                    raise _located(path, at, ValidationError(problem))
                statements[statement.id] = statement
    for statement in statements.values():
        for other in statement.supersedes:
            if other not in statements:
                raise KnowledgeFileError(
                    f"{statement.file}: {statement.id} supersedes {other}, which is no id"
                )
    return Knowledge(
        statements=statements,
        version=digest.hexdigest()[:12],
        of_drug=_by_drug(statements.values()),
        of_class=_by_class(statements.values()),
        risks=risks,
        offers=offers,
        information=information,
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


def _read_file(path: Path, home: Path) -> Iterator[tuple[Statement, tuple[str | int, ...]]]:
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
        yield statement, where


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
    applies_to = tuple(values.get("applies_to", ()))
    if drug is None and not applies_to and not isinstance(rule, Pair | Duplicate | ProcedureHold):
        raise _located(
            path, where, ValidationError("needs `applies_to`, or a `drug` in its file: what is it about?")
        )
    return Statement(
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
        drug=None if applies_to else drug,
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


def _covered(path: Path) -> dict[str, set[str]]:
    if not path.exists():
        raise KnowledgeFileError(f"{path.name} is missing: a statement needs cases on both sides")
    document = read(path)
    covered: dict[str, set[str]] = {"expect": set(), "silent": set()}
    for case in document if isinstance(document, list) else []:
        for side in covered:
            covered[side].update(case.get(side) or ())
    return covered


def _located(path: Path, where: tuple[str | int, ...], error: ValidationError) -> KnowledgeFileError:
    keys: list[str | int] = list(where)
    messages: Any = error.messages
    while isinstance(messages, dict) and messages:
        key, messages = next(iter(messages.items()))
        if key != "_schema":
            keys.append(key)
    text = messages[0] if isinstance(messages, list) and messages else str(messages)
    field_name = ".".join(str(key) for key in keys) or "document"
    return KnowledgeFileError(f"{path.name}: line {line_of(path, keys)}: {field_name}: {text}")


def _by_drug(statements: Iterable[Statement]) -> dict[tuple[str, str], tuple[Statement, ...]]:
    index: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements:
        if statement.drug and not isinstance(statement.rule, Pair | Duplicate | ProcedureHold):
            index.setdefault((statement.drug.ingredient, statement.drug.release), []).append(statement)
    return {key: tuple(found) for key, found in index.items()}


def _by_class(statements: Iterable[Statement]) -> dict[str, tuple[Statement, ...]]:
    index: dict[str, list[Statement]] = {}
    for statement in statements:
        for name in triggers(statement):
            index.setdefault(name, []).append(statement)
    return {key: tuple(found) for key, found in index.items()}


def triggers(statement: Statement) -> frozenset[str]:
    """The drug classes, ingredients and sets of procedures that bring a statement up."""
    rule = statement.rule
    if isinstance(rule, Pair):
        return frozenset((*rule.subject, *rule.partner, *rule.third))
    if isinstance(rule, Duplicate):
        return frozenset((rule.drug_class,))
    if isinstance(rule, ProcedureHold):
        drugs = (name for hold in rule.holds for name in hold.drugs)
        return frozenset((*rule.high, *rule.intermediate, *rule.low, *drugs))
    return frozenset(statement.applies_to)
