"""The members of a case's patient that are about pregnancy, as codes and Observations.

`pregnant_weeks: 22` or `19w6d` makes a due date, `pregnant: true` only an answer; `delivered_days_ago: 21`;
`breastfeeding: true`, or `{answer: true, days_ago: 181}`; `pregnancy_test: {result: negative, days_ago: 3}`;
`contraception: intrauterine`, `hormonal`, `other` or `sterilisation`, on the problem list.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from cards.knowledge.strict_yaml import KnowledgeFileError
from terminology.coding import LOINC

_RECORDED = 20  # days ago, where a case does not say
_TERM = 280  # days from the last menstrual period to the due date
_CONTRACEPTION = {
    "intrauterine": "Z97.5",
    "hormonal": "Z79.3",
    "other": "Z30.49",
    "sterilisation": "Z98.51",
}
_WEEKS = re.compile(r"(\d+)w([0-6])d")


def pregnancy_codes(where: str, patient: Mapping[str, Any]) -> tuple[str, ...]:
    """ICD-10-CM codes of the problem list. Raises KnowledgeFileError for a method that is not known."""
    method = patient.get("contraception")
    if method is None:
        return ()
    if method not in _CONTRACEPTION:
        raise KnowledgeFileError(f"{where}: contraception is one of {sorted(_CONTRACEPTION)}, not {method}")
    return (_CONTRACEPTION[method],)


def pregnancy_observations(
    patient: Mapping[str, Any], today: date
) -> Iterator[tuple[str, str, int, dict[str, Any]]]:
    """(id, LOINC code, days ago, value member) of each Observation."""
    if "pregnant_weeks" in patient:
        due = today + timedelta(days=_TERM - gestation_days(patient["pregnant_weeks"]))
        yield "edd", "11778-8", _RECORDED, {"valueDateTime": due.isoformat()}
    if patient.get("pregnant"):
        yield "status", "82810-3", _RECORDED, _answer("LA15173-0")
    delivered = patient.get("delivered_days_ago")
    if delivered is not None:
        born = today - timedelta(days=int(delivered))
        yield "birth", "93857-1", int(delivered), {"valueDateTime": born.isoformat()}
    feeding = patient.get("breastfeeding")
    if feeding is not None:
        said = feeding if isinstance(feeding, Mapping) else {"answer": feeding}
        ago = said.get("days_ago", min(_RECORDED, int(delivered or _RECORDED)))
        yield "feeding", "63895-7", int(ago), _answer("LA29252-6" if said["answer"] else "LA29253-4")
    test = patient.get("pregnancy_test")
    if test is not None:
        yield (
            "test",
            "2106-3",
            int(test.get("days_ago", 0)),
            {"valueCodeableConcept": {"text": test["result"]}},
        )


def gestation_days(weeks: Any) -> int:
    """Days of `22`, `22.5` or `22w3d`."""
    match = _WEEKS.fullmatch(str(weeks))
    return int(match[1]) * 7 + int(match[2]) if match else round(float(weeks) * 7)


def _answer(code: str) -> dict[str, Any]:
    return {"valueCodeableConcept": {"coding": [{"system": LOINC, "code": code}]}}
