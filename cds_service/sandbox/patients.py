"""The synthetic patients: one for each topic, dated relative to the day they are asked for.

patients.yaml names them in a few words each; `sandbox/chart.py` makes FHIR resources of the words. Nobody
of them exists or existed.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from cards.knowledge.strict_yaml import read
from cds_service.relative_dates import dated_throughout
from cds_service.sandbox.chart import TEST_DATA, chart_of

_FILE = Path(__file__).with_name("patients.yaml")
# The one whose resources have faults that a strict server refuses.
MESSY = "messy-chart"
# Who orders: clients list prescribers to choose from.
PRESCRIBER: dict[str, Any] = {
    "resourceType": "Practitioner",
    "id": "synthetic-prescriber",
    "meta": {"tag": [TEST_DATA]},
    "active": True,
    "name": [{"family": "Synthetic", "given": ["Prescriber"]}],
}


@dataclass(frozen=True, slots=True)
class SyntheticPatient:
    """One patient. `title` is short, `story` says in a sentence what to try.

    `order` is a first order to suggest: {"text": ..., "sig": ...} for a drug, {"text": ..., "kind":
    "procedure"} for a procedure. `resources` are FHIR R4 as JSON, the Patient first; not to be changed.
    """

    id: str
    title: str
    story: str
    order: dict[str, Any] | None
    resources: tuple[dict[str, Any], ...]


def synthetic_patients(today: date) -> dict[str, SyntheticPatient]:
    """The patients by id, in the order to list them; the same objects for the same day."""
    return dict(_patients(today))


@lru_cache(maxsize=4)
def _patients(today: date) -> dict[str, SyntheticPatient]:
    return {words["id"]: _patient(dated_throughout(words, today)) for words in _written()}


@lru_cache(maxsize=1)
def _written() -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = read(_FILE)
    return written


def _patient(words: dict[str, Any]) -> SyntheticPatient:
    return SyntheticPatient(
        id=words["id"],
        title=words["title"],
        story=words["story"],
        order=words.get("order"),
        resources=chart_of(words),
    )
