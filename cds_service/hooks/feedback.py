"""Reads a feedback call: what became of cards, as clients really send it.

Epic sends `overrideReasons` for `overrideReason`, and its reason in an extension. A batch that is partly
unreadable keeps what can be read, and the answer names the rest.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from cards.facts.resources import as_list, obj, objects, text
from cds_service.errors import Problem, Refused
from cds_service.store.records import Answer

_OUTCOMES = {"accepted": "accepted", "overridden": "overridden", "overriden": "overridden"}
_EPIC = "com.epic.cdshooks.feedback.overrideReason."
_LONGEST_ID, _LONGEST_SYSTEM, _LONGEST_COMMENT = 200, 500, 20_000
_MOST_SUGGESTIONS = 50
# They are written in one transaction, in which no other worker can write to SQLite.
_MOST_ENTRIES = 2_000
_FRACTION = re.compile(r"\.(\d+)")


@dataclass(frozen=True, slots=True)
class Feedback:
    """The entries that can be read, and what is wrong with the others."""

    answers: tuple[Answer, ...]
    problems: tuple[Problem, ...]


def read_feedback(body: Any, client: str, service: str, zone: tzinfo) -> Feedback:
    """The entries of a feedback body. Raises Refused: 400 where there is none to read, 413 for too many.

    `zone` is that of times written without one.
    """
    entries = _entries(body)
    if entries is None:
        raise Refused(400, Problem("required", "feedback is required: an array of entries.", "feedback"))
    if len(entries) > _MOST_ENTRIES:
        what = f"More than {_MOST_ENTRIES} entries in one call; none was kept. Send them in several calls."
        raise Refused(413, Problem("too-long", what, "feedback"))
    answers: list[Answer] = []
    problems: list[Problem] = []
    for place, entry in enumerate(entries):
        read = _answer(entry, client, service, zone, f"feedback[{place}]")
        if isinstance(read, Problem):
            problems.append(read)
        else:
            answers.append(read)
    if entries and not answers:
        raise Refused(400, *problems)
    return Feedback(tuple(answers), tuple(problems))


def _entries(body: Any) -> list[Any] | None:
    """The array; also a bare array, one entry in the place of an array, and a bare entry."""
    if isinstance(body, list):
        return body
    if not isinstance(body, dict):
        return None
    listed = body.get("feedback")
    if isinstance(listed, list):
        return listed
    if isinstance(listed, dict):
        return [listed]
    return [body] if "card" in body and listed is None else None


def _answer(entry: Any, client: str, service: str, zone: tzinfo, where: str) -> Answer | Problem:
    if not isinstance(entry, dict):
        return Problem("structure", f"{where} is no object.", where)
    card = _clean(entry.get("card"), _LONGEST_ID).removeprefix("urn:uuid:")
    if not card:
        return Problem("required", f"{where}.card is required: the uuid of a card.", f"{where}.card")
    outcome = _outcome(entry)
    if outcome is None:
        what = f"{where}.outcome must be accepted or overridden."
        return Problem("value", what, f"{where}.outcome")
    reason = _reason(entry)
    return Answer(
        client=client,
        card=card,
        service=service,
        outcome=outcome,
        outcome_at=_time(entry.get("outcomeTimestamp"), zone),
        suggestions=tuple(_suggestions(entry.get("acceptedSuggestions")))[:_MOST_SUGGESTIONS],
        reason_code=_clean(reason.get("code"), _LONGEST_ID),
        reason_system=_clean(reason.get("system"), _LONGEST_SYSTEM),
        reason_display=_clean(reason.get("display"), _LONGEST_SYSTEM),
        comment=_comment(entry),
    )


def _outcome(entry: dict[str, Any]) -> str | None:
    """The outcome; where none is stated, what the rest of the entry can only mean."""
    stated = entry.get("outcome")
    if stated is None:
        accepted = bool(as_list(entry.get("acceptedSuggestions")))
        overridden = bool(_overrides(entry))
        return None if accepted == overridden else "accepted" if accepted else "overridden"
    return _OUTCOMES.get(text(stated).lower())


def _overrides(entry: dict[str, Any]) -> list[dict[str, Any]]:
    return [*objects(entry.get("overrideReason")), *objects(entry.get("overrideReasons"))]


def _reason(entry: dict[str, Any]) -> dict[str, Any]:
    """The first reason given: a Coding, also within a list or a CodeableConcept, a bare code, or Epic's."""
    for override in _overrides(entry):
        for reason in as_list(override.get("reason")):
            if text(reason):
                return {"code": text(reason)}
            for coding in (*objects(obj(reason).get("coding")), obj(reason)):
                if text(coding.get("code")) or text(coding.get("display")):
                    return coding
            if text(obj(reason).get("text")):
                return {"display": reason["text"]}
        extension = obj(override.get("extension"))
        code, title = (extension.get(f"{_EPIC}{name}") for name in ("reasonCategory", "reasonTitle"))
        if text(title) or _clean(code, _LONGEST_ID):
            return {"code": code, "display": title, "system": "urn:epic:override-reason-category"}
        if text(override.get("code")):
            return override
    return {}


def _comment(entry: dict[str, Any]) -> str:
    for holder in (*_overrides(entry), entry):
        written = _clean(holder.get("userComment"), _LONGEST_COMMENT)
        if written:
            return written
    return ""


def _suggestions(value: Any) -> Iterable[str]:
    for one in as_list(value):
        name = _clean(one.get("id") if isinstance(one, dict) else one, _LONGEST_ID)
        if not name and isinstance(one, dict):
            name = _clean(one.get("uuid"), _LONGEST_ID)
        if name:
            yield name.removeprefix("urn:uuid:")


def _clean(value: Any, longest: int) -> str:
    """A text or number as text without NUL, which PostgreSQL cannot keep, cut with a mark where too long."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    written = text(value).replace("\x00", "\ufffd")
    return written if len(written) <= longest else written[: longest - 1] + "…"


def _time(value: Any, zone: tzinfo) -> datetime | None:
    """An aware time, None for what is none."""
    written = text(value)
    written = _FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), written)
    try:
        read = datetime.fromisoformat(written)
        aware = read if read.tzinfo else read.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
