"""Changing one value of a statement as it is written in its file: a number, a severity, a regimen or a text.

A path follows the file: `rule.bands[30 < crcl < 60].max_mg_per_day`, `escalations[0].to`,
`rule.when.any[age-at-least 60]`. In brackets stands the place in a list, counted from 0, or what the entry says: its
`crcl`, its `drugs`, or the predicate. What decides when a statement applies (predicates, classes, kinds) is logic and
stays as shipped; only the numbers in it can be changed.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from cards.card import Indicator
from cards.knowledge.path_words import TEXTS

_STEP = re.compile(r"([A-Za-z0-9_-]+)((?:\[[^\[\]]+\])*)(?:\.|$)")
_ROOTS = frozenset({"title", "severity", "escalations", "caps", "rule"})
_SEVERITIES = frozenset({"severity", "to", "avoid_severity", "most"})
_REGIMENS = frozenset({"regimens", "low_muscle_regimens"})
# Limits that a statement may leave out, and that a site may add.
_OPTIONAL = frozenset({"max_single_mg", "start_mg_per_day", "avoid_severity", "most", "note", *_REGIMENS})
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class NotAValueError(ValueError):
    """No value that a site can change like this; the message says why."""


def value_at(statement: Mapping[str, Any], path: str) -> Any:
    """What stands at a path; None for a limit that the statement leaves out. Raises NotAValueError."""
    _, holder, last = _resolved(statement, path)
    return _in(holder, last)


def with_values(statement: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with other values at these paths, all of them paths of the statement as it was.

    Raises NotAValueError for the first that cannot be set.
    """
    changed: dict[str, Any] = deepcopy(dict(statement))
    targets = [(*_resolved(changed, path), path, value) for path, value in values.items()]
    for names, holder, last, path, value in targets:
        wrong = _wrong(names, _in(holder, last), value)
        if wrong:
            raise NotAValueError(f"{path}: {wrong}")
        holder[last] = value
    return changed


def value_text(value: Any) -> str:
    """A value as a person would write it."""
    if value is None:
        return "nothing"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, list):
        return "; ".join(value_text(one) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {value_text(one)}" for key, one in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _in(holder: Any, last: str | int) -> Any:
    return holder.get(last) if isinstance(holder, dict) else holder[last]


def _steps(path: str) -> list[tuple[str, list[str]]]:
    steps: list[tuple[str, list[str]]] = []
    end = 0
    while end < len(path):
        match = _STEP.match(path, end)
        if match is None:
            raise NotAValueError(f"{path}: is no path such as rule.max_mg_per_day or escalations[0].to")
        steps.append((match[1], re.findall(r"\[([^\[\]]+)\]", match[2])))
        end = match.end()
    if not steps or path.endswith("."):
        raise NotAValueError(f"{path}: is no path such as rule.max_mg_per_day or escalations[0].to")
    return steps


def _resolved(statement: Mapping[str, Any], path: str) -> tuple[tuple[str, ...], Any, str | int]:
    """The names on the way, and the mapping or list that holds the value, with its key."""
    steps = _steps(path)
    if steps[0][0] not in _ROOTS:
        raise NotAValueError(f"{path}: {steps[0][0]} is not a value that a site can change")
    holder: Any = None
    last: str | int = ""
    node: Any = statement
    names = tuple(name for name, _ in steps)
    for place, (name, selectors) in enumerate(steps):
        if not isinstance(node, dict):
            raise NotAValueError(f"{path}: there is no {name}")
        at_end = place == len(steps) - 1 and not selectors
        if name not in node and not (at_end and name in _OPTIONAL):
            raise NotAValueError(f"{path}: there is no {name}; there are {', '.join(sorted(node))}")
        holder, last, node = node, name, node.get(name)
        for selector in selectors:
            if not isinstance(node, list):
                raise NotAValueError(f"{path}: {name} is no list")
            holder, last = node, _place(node, selector, path)
            node = node[last]
    return names, holder, last


def _place(entries: list[Any], selector: str, path: str) -> int:
    if selector.isdigit():
        if int(selector) < len(entries):
            return int(selector)
    else:
        found = [place for place, entry in enumerate(entries) if _says(entry) == " ".join(selector.split())]
        if len(found) == 1:
            return found[0]
    known = "; ".join(_says(entry) for entry in entries)
    raise NotAValueError(f"{path}: there is no entry [{selector}]; there are {known}")


def entry_words(entry: Any) -> str:
    """What names an entry of a list that is a mapping, "" where nothing does."""
    for name in ("crcl", "drugs", "says"):
        if name in entry:
            return " ".join(value_text(entry[name]).split())
    return ""


def _says(entry: Any) -> str:
    """What names an entry of a list."""
    if isinstance(entry, dict):
        return entry_words(entry) or value_text(entry)
    return " ".join(str(entry).split())


def _wrong(names: tuple[str, ...], old: Any, new: Any) -> str:
    """Why the new value cannot stand there, "" where it can."""
    name = names[-1]
    if name in _SEVERITIES:
        return "" if new in Indicator.__members__ else f"needs info, warning or critical, has {new!r}"
    if name in ("any", "all"):
        return _wrong_predicate(old, new)
    if name in TEXTS or name in _REGIMENS or names[-2:-1] == ("regimens",) or name == "crcl":
        if _is_text(new) and (old is None or isinstance(new, list) == isinstance(old, list)):
            return ""
        return f"needs {'a list of texts' if isinstance(old, list) else 'a text'}, has {new!r}"
    if _is_number(old) or (old is None and (name in _OPTIONAL or name.endswith("_h"))):
        open_end = new is None and name.endswith("_h")
        return "" if open_end or (_is_number(new) and new >= 0) else f"needs a number, has {new!r}"
    return "is logic, not a value: a site can change numbers, severities, regimens and texts"


def _wrong_predicate(old: Any, new: Any) -> str:
    if not isinstance(old, str):
        return "is logic, not a value: name one predicate of it in brackets"
    if not isinstance(new, str):
        return f"needs the predicate with other numbers, has {new!r}"
    shape = [_NUMBER.fullmatch(word) is not None or word for word in old.split()]
    if [_NUMBER.fullmatch(word) is not None or word for word in new.split()] != shape:
        return f"only the numbers of {old!r} can be changed, has {new!r}"
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) and one.strip() for one in value)
    return isinstance(value, str) and bool(value.strip())
