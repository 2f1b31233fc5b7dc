"""YAML without surprises: YAML 1.2 booleans, decimals kept exact, duplicate keys refused.

Stock PyYAML reads `12:30` as 750, `no` as False and keeps the last of two equal keys; each has put a
wrong value into somebody's configuration.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import yaml
from marshmallow import ValidationError

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class KnowledgeFileError(ValueError):
    """A knowledge file that cannot be used; the message names file, line and field."""


class _StrictLoader(_BASE):  # type: ignore[misc]
    """CSafeLoader with only null, true/false and decimal numbers resolved from plain scalars."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:decimal",
    re.compile(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$"),
    list("-0123456789"),
)


def _construct_number(loader: Any, node: yaml.ScalarNode) -> int | Decimal:
    written = loader.construct_scalar(node)
    return Decimal(written) if "." in written else int(written)


def _construct_mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise KnowledgeFileError(f"line {key_node.start_mark.line + 1}: key {key!r} twice")
        seen.add(key)
    mapping: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return mapping


_StrictLoader.add_constructor("tag:yaml.org,2002:decimal", _construct_number)
_StrictLoader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def read(path: Path) -> Any:
    """The document in `path`; numbers are int or Decimal. Raises KnowledgeFileError with file and line."""
    try:
        with path.open("rb") as stream:
            return yaml.load(stream, Loader=_StrictLoader)  # noqa: S506  a subclass of CSafeLoader
    except KnowledgeFileError as error:
        raise KnowledgeFileError(f"{path.name}: {error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise KnowledgeFileError(f"{path.name}: {where}{problem}") from error


def line_of(path: Path, keys: Sequence[str | int]) -> int:
    """Line (from 1) of the deepest node that `keys` (mapping keys and list indexes) leads to."""
    with path.open("rb") as stream:
        node = yaml.compose(stream, Loader=_StrictLoader)
    for key in keys:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next((value for name, value in node.value if name.value == str(key)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            found = node.value[key]
        if found is None:
            break
        node = found
    return int(node.start_mark.line) + 1 if node is not None else 1


def located(path: Path, where: Sequence[str | int], error: ValidationError) -> KnowledgeFileError:
    """The first error of a schema with file, line and field; `where` leads to what was checked."""
    keys: list[str | int] = list(where)
    messages: Any = error.messages
    while isinstance(messages, dict) and messages:
        key, messages = next(iter(messages.items()))
        if key != "_schema":
            keys.append(key)
    text = messages[0] if isinstance(messages, list) and messages else str(messages)
    field_name = ".".join(str(key) for key in keys) or "document"
    return KnowledgeFileError(f"{path.name}: line {line_of(path, keys)}: {field_name}: {text}")
