"""Hook requests to change and send."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
FIXTURES = Path(__file__).parent.parent / "fixtures" / "requests"
SIGN = "/cds-services/neuropathic-order-sign"
SELECT = "/cds-services/neuropathic-order-select"
VIEW = "/cds-services/neuropathic-patient-view"


def request_named(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / f"{name}.request.json").read_text())


def expected_named(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / f"{name}.expected.json").read_text())


def names() -> list[str]:
    return sorted(path.name.removesuffix(".request.json") for path in FIXTURES.glob("*.request.json"))


def plain(**prefetch: Any) -> dict[str, Any]:
    """An order of gabapentin far above the ceiling of the patient's kidney function, to be signed."""
    body = request_named("plain")
    body["prefetch"].update(prefetch)
    return body


def draft_of(body: dict[str, Any]) -> dict[str, Any]:
    return body["context"]["draftOrders"]["entry"][0]["resource"]


def outcome(severity: str, code: str = "processing") -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def bundle(*resources: Any, **more: Any) -> dict[str, Any]:
    entry = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entry, **more}


def summaries(response: Any) -> str:
    return " | ".join(card["summary"] for card in response.json["cards"])


def topics(response: Any) -> list[str]:
    return [card["source"]["topic"]["code"] for card in response.json["cards"]]
