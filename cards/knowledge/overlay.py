"""A site's overlay as it is written: changed values, switch-offs, approvals, policy; see README.md, "A site's overlay".

Strict: an unknown member, or a file that nobody reads, stops the start, naming file, line and field.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from cards.knowledge.governance import Approval, SwitchedOff
from cards.knowledge.policy_file import SHIPPED, SitePolicy, read_policy
from cards.knowledge.schema_fields import Day, Loaded
from cards.knowledge.strict_yaml import KnowledgeFileError, located, read

FOLDERS: Final = ("dosing", "interactions", "pregnancy", "procedures")
APPROVALS: Final = "approvals.yaml"
_SINGLE = frozenset({"overlay.yaml", "policy.yaml", APPROVALS})
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file of the overlay."""

    path: Path
    keys: tuple[str | int, ...]

    def error(self, text: str, *further: str | int) -> KnowledgeFileError:
        """What is wrong here, or below it."""
        return located(self.path, (*self.keys, *further), ValidationError(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteValues:
    """Values that the site sets in one statement, by path; `base` are those it found there."""

    statement: str
    values: Mapping[str, Any]
    base: Mapping[str, Any]
    why: str
    owner: str
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """`changes`, `off` and `approvals` by statement. `version` is the site's own label and a digest, "" without one."""

    folder: Path | None = None
    version: str = ""
    changes: Mapping[str, tuple[SiteValues, ...]] = field(default_factory=dict)
    off: Mapping[str, SwitchedOff] = field(default_factory=dict)
    off_where: Mapping[str, Where] = field(default_factory=dict)
    approvals: Mapping[str, tuple[Approval, ...]] = field(default_factory=dict)
    policy: SitePolicy = SHIPPED


class _ChangeSchema(Schema):
    statement = fields.String(required=True)
    set = fields.Dict(keys=fields.String(), required=True, validate=validate.Length(min=1))
    base = fields.Dict(keys=fields.String(), load_default=dict)
    why = fields.String(required=True, validate=validate.Length(min=5))
    owner = fields.String(required=True, validate=validate.Length(min=2))


class _OffSchema(Schema):
    statement = fields.String(required=True)
    owner = fields.String(required=True, validate=validate.Length(min=2))
    reason = fields.String(required=True, validate=validate.Length(min=5))
    expires = Day(required=True)


class _OverlaySchema(Schema):
    changes = fields.List(fields.Nested(_ChangeSchema))
    off = fields.List(fields.Nested(_OffSchema))


class _MainSchema(_OverlaySchema):
    version = fields.String(validate=validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,15}$"))


class _ApprovalSchema(Loaded):
    makes = staticmethod(lambda **values: values)
    statement = fields.String(required=True)
    by = fields.String(required=True, validate=validate.Length(min=3, max=100))
    role = fields.String(load_default="", validate=validate.Length(max=100))
    on = Day(required=True, data_key="date")
    fingerprint = fields.String(required=True, validate=validate.Regexp(r"^sha256:[0-9a-f]{16}$"))
    release = fields.String(load_default="")
    due = Day()


class _ApprovalsSchema(Schema):
    approvals = fields.List(fields.Nested(_ApprovalSchema), required=True)


NOTHING: Final = Overlay()


def read_overlay(folder: Path | None) -> Overlay:
    """What a site's folder says. Raises KnowledgeFileError naming file, line and field."""
    if folder is None:
        return NOTHING
    _refuse_unread(folder)
    own = folder / "policy.yaml"
    policy = read_policy(own, SHIPPED) if own.exists() else SHIPPED
    changes: dict[str, list[SiteValues]] = {}
    off: dict[str, SwitchedOff] = {}
    off_where: dict[str, Where] = {}
    label = ""
    for path in _decisions(folder):
        content = _loaded(path, _MainSchema if path.parent == folder else _OverlaySchema)
        label = content.get("version", label)
        for place, one in enumerate(content.get("changes", ())):
            made = _site_values(one, Where(path, ("changes", place)))
            _refuse_twice(made, changes.setdefault(made.statement, []))
            changes[made.statement].append(made)
        for place, one in enumerate(content.get("off", ())):
            where, name = Where(path, ("off", place)), one.pop("statement")
            if name in off:
                raise where.error(f"{name} is switched off twice", "statement")
            off[name], off_where[name] = SwitchedOff(**one), where
    digest = overlay_digest(folder)
    return Overlay(
        folder=folder,
        version=f"{label}.{digest}" if label else digest,
        changes={name: tuple(made) for name, made in changes.items()},
        off=off,
        off_where=off_where,
        approvals=_approvals(folder / APPROVALS, policy),
        policy=policy,
    )


def overlay_digest(folder: Path) -> str:
    """A digest of all that decides what is said: every file that is read, but no cases."""
    found = sha256()
    for path in _files(folder):
        if not path.name.endswith(".cases.yaml"):
            found.update(path.relative_to(folder).as_posix().encode())
            found.update(path.read_bytes())
    return found.hexdigest()[:8]


def later_by_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    count = day.month - 1 + months
    year, month = day.year + count // _MONTHS, count % _MONTHS + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _decisions(folder: Path) -> Iterator[Path]:
    main = folder / "overlay.yaml"
    if main.exists():
        yield main
    yield from sorted((folder / "changes").glob("*.yaml"))


def _files(folder: Path) -> Iterator[Path]:
    """Every YAML file that does not stand in a hidden folder."""
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder).parts
        if path.suffix in (".yaml", ".yml") and path.is_file() and not any(p.startswith(".") for p in within):
            yield path


def _refuse_unread(folder: Path) -> None:
    for path in _files(folder):
        within = path.relative_to(folder)
        name, parents = within.name, within.parts[:-1]
        known = (
            (not parents and name in _SINGLE)
            or (parents == ("changes",) and path.suffix == ".yaml")
            or (len(parents) == 1 and parents[0] in FOLDERS and _has_knowledge(path))
            or (len(parents) == 2 and parents[0] == "cases" and parents[1] in FOLDERS and _is_cases(path))
        )
        if not known:
            raise KnowledgeFileError(
                f"{within}: nothing reads a file of this name here; an overlay has overlay.yaml, policy.yaml, "
                f"{APPROVALS}, changes/*.yaml, {', '.join(f'{one}/*.yaml' for one in FOLDERS)} with their cases, and "
                f"cases/{FOLDERS[0]}/*.cases.yaml for cases of shipped statements"
            )


def _is_cases(path: Path) -> bool:
    return path.name.endswith(".cases.yaml")


def _has_knowledge(path: Path) -> bool:
    """A knowledge file, or the cases of one that stands beside it."""
    if path.suffix != ".yaml":
        return False
    stem = path.name.removesuffix(".cases.yaml")
    return not _is_cases(path) or path.with_name(f"{stem}.yaml").exists()


def _loaded(path: Path, schema: type[Schema]) -> dict[str, Any]:
    document = read(path)
    try:
        content: dict[str, Any] = schema(unknown=RAISE).load({} if document is None else document)
    except ValidationError as error:
        raise located(path, (), error) from error
    return content


def _site_values(one: dict[str, Any], where: Where) -> SiteValues:
    for path in one["base"]:
        if path not in one["set"]:
            raise where.error(f"{path} is not among what is set", "base", path)
    return SiteValues(
        statement=one["statement"],
        values=one["set"],
        base=one["base"],
        why=one["why"],
        owner=one["owner"],
        where=where,
    )


def _refuse_twice(made: SiteValues, before: list[SiteValues]) -> None:
    for path in made.values:
        if any(path in one.values for one in before):
            raise made.where.error(f"{made.statement}: {path} is set twice", "set", path)


def _approvals(path: Path, policy: SitePolicy) -> dict[str, tuple[Approval, ...]]:
    if not path.exists():
        return {}
    found: dict[str, list[Approval]] = {}
    for one in _loaded(path, _ApprovalsSchema)["approvals"]:
        due = one.pop("due", None) or later_by_months(one["on"], policy.review_months)
        found.setdefault(one.pop("statement"), []).append(Approval(**one, due=due))
    return {name: tuple(sorted(listed, key=lambda one: one.on)) for name, listed in found.items()}
