"""A fingerprint of what a clinician approves: all that a statement says and does, as it is written."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Any


def fingerprint(statement: Mapping[str, Any], *beside: Any) -> str:
    """Of a statement as written, and of what it names: drug, sources, risk set, offers, line of information.

    The order of members, and how a number is written, do not count. Neither do members of a dataclass that
    have no value, so that a new kind of member in a later release does not end all approvals.
    """
    content = json.dumps([_plain(statement), *(_plain(one) for one in beside)], sort_keys=True)
    return f"sha256:{sha256(content.encode()).hexdigest()[:16]}"


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | Decimal):
        return f"{Decimal(value).normalize():f}"
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if is_dataclass(value):
        named = {one.name: getattr(value, one.name) for one in fields(value)}
        return {name: _plain(one) for name, one in named.items() if _says_something(one)}
    if isinstance(value, frozenset | set):
        return sorted(_plain(one) for one in value)
    if isinstance(value, Iterable):
        return [_plain(one) for one in value]
    return str(value)


def _says_something(value: Any) -> bool:
    return value not in (None, "", 0, False) and not (isinstance(value, tuple | dict) and not value)
