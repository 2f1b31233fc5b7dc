"""JSON to and from bytes: strict UTF-8, no NaN or infinity, decimals as numbers, bounded nesting."""

from decimal import Decimal
from typing import Any

import orjson

# A suggestion nests a draft eight levels deeper than the request did, and orjson writes 254 levels.
MOST_NESTING = 246
_WRITTEN = 254


class UnreadableJson(ValueError):  # noqa: N818  named for what is wrong
    """A body that is not JSON; the message gives reason and position, never content."""


def from_bytes(body: bytes, most_nesting: int = MOST_NESTING) -> Any:
    """The JSON value in `body`, nested no deeper than allowed.

    Raises UnreadableJson for anything that RFC 8259 does not allow, and for deeper nesting.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        reason = error.msg.partition(": line ")[0]
        where = f"line {error.lineno}, column {error.colno}"
        raise UnreadableJson(f"{reason} ({where})") from None  # the error holds the whole body
    nested = value
    for _ in range(_WRITTEN - min(most_nesting, MOST_NESTING)):
        nested = [nested]
    try:
        # Writing is faster than walking the value in Python, and what could not be written is refused.
        orjson.dumps(nested)
    except orjson.JSONEncodeError:
        raise UnreadableJson("nested too deeply") from None
    return value


def longest_string(body: bytes) -> int:
    """Length in bytes of the longest string or member name in valid JSON, as it is written there."""
    plain = body.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    return max(map(len, plain.split(b'"')[1::2]), default=0)


def to_bytes(value: Any) -> bytes:
    """Compact UTF-8 JSON. Raises TypeError for what JSON cannot say."""
    return orjson.dumps(value, default=_number)


def to_text(value: Any) -> str:
    """Indented JSON for people to read."""
    return orjson.dumps(value, default=_number, option=orjson.OPT_INDENT_2).decode()


def _number(value: object) -> int | float:
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
