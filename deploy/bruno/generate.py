"""Writes topics/*.bru: one request for each synthetic patient, with the answer that it gets.

    .venv/bin/python deploy/bruno/generate.py

Dates are written relative to the day of sending ($date(-12d)); the collection's script fills them in.
"""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from cds_service.hooks.discovery import service_for
from cds_service.hooks.invoke import Engine, answer, load_engine
from cds_service.hooks.schemas import read_request
from cds_service.json_bytes import to_text
from cds_service.sandbox.example_requests import hook_request
from cds_service.sandbox.patients import SyntheticPatient, synthetic_patients
from cds_service.settings import Settings

FOLDER: Final = Path(__file__).parent / "topics"
_HOOK: Final = "order-sign"
# Any day does: what is written does not depend on it. In this one no patient has a birthday on 29 February.
_TODAY: Final = date(2026, 6, 15)
_NOW: Final = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?", re.ASCII)
_NINE: Final = "T09:00:00Z"


def requests() -> dict[str, str]:
    """The text of each file by its name."""
    engine = load_engine(Settings())
    patients = synthetic_patients(_TODAY)
    return {f"{one.id}.bru": _request(one, place, engine) for place, one in enumerate(patients.values(), 1)}


def _request(patient: SyntheticPatient, place: int, engine: Engine) -> str:
    body = hook_request(patient, engine.fhir.templates, _TODAY, _HOOK)
    service = service_for(_HOOK)
    assert service is not None  # noqa: S101  a hook of our own
    cards = [card.as_json() for card in answer(read_request(body, service), engine, _NOW).cards]
    written = "\n".join(f"  {line}" for line in to_text(_relative(body)).splitlines())
    asserts = "\n".join(f"  {line}" for line in _asserts(cards))
    return (
        f"meta {{\n  name: {patient.title.replace(':', ',')}\n  type: http\n  seq: {place}\n}}\n\n"
        f"post {{\n  url: {{{{base}}}}/cds-services/{service.id}\n  body: json\n  auth: none\n}}\n\n"
        f"body:json {{\n{written}\n}}\n\n"
        f"assert {{\n{asserts}\n}}\n\n"
        f"docs {{\n  {patient.story}\n}}\n"
    )


def _asserts(cards: list[dict[str, Any]]) -> list[str]:
    lines = ["res.status: eq 200", f"res.body.cards: length {len(cards)}"]
    for place, card in enumerate(cards):
        lines.append(f"res.body.cards[{place}].indicator: eq {card['indicator']}")
        lines.append(f"res.body.cards[{place}].source.topic.code: eq {card['source']['topic']['code']}")
    return lines


def _relative(value: Any) -> Any:
    """A copy whose dates are relative to the day of sending."""
    if isinstance(value, dict):
        return {name: _relative(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_relative(item) for item in value]
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    day = date.fromisoformat(match[1])
    away = f"{(day - _TODAY).days:+d}d"
    if day.year < _TODAY.year and (day.month, day.day) == (_TODAY.month, _TODAY.day):
        away = f"{day.year - _TODAY.year:+d}y"
    return f"$time({away})" if match[2] == _NINE else f"$date({away}){match[2] or ''}"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in requests().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
