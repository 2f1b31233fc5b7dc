"""What was sent under each prefetch key: one decision table for given, absent and failed.

value of the key                                    read as
absent; {}; a text, number, truth value             absent
null; a Bundle without entries, `total` 0           given, and known to be none
resources of the key's types                        given
resources of other types or other patients only     absent, and named
OperationOutcome, alone or as an entry:
    error or fatal, or no severity                  failed: the client tried, so nobody asks again
    warning or information only                     no resource, else as the rest of the Bundle says
{"response": ..., "resource": ...} (before 1.0)     by HTTP status, then as the resource says
a Bundle without entries that says it has some      failed
a Bundle with fewer entries than its `total`, and
    with no link to the others                      given in part, which is said

Analysts type keys in by hand, so resources under keys that were not asked for are read as well; a Patient
among them whose id is that of the context counts as `patient`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cards.facts.medications import other_patient
from cards.facts.record import Issue, KeyResult, Record, State
from cards.facts.resources import Resource, as_list, obj, objects, text
from cds_service.hooks.entries import resources_in
from cds_service.hooks.keys import KEYS, PATIENT, PrefetchKey
from cds_service.hooks.usual_answer import usual_resources

# What stands for a key that was not sent; null is an answer.
ABSENT: Any = object()

# What the names of results begin with that came under keys nobody asked for.
OTHER = "other-"

_OTHER_WORDS = "data under other keys"
_STATUS = re.compile(r"\s*([1-5]\d\d)\b", re.ASCII)
# FHIR IssueType codes that say why a query failed; any other is not repeated, since it could be free text.
_REASONS = frozenset(
    {
        "security", "login", "unknown", "expired", "forbidden", "suppressed", "processing", "not-supported",
        "duplicate", "not-found", "deleted", "too-long", "code-invalid", "business-rule", "conflict",
        "transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled", "invalid",
        "structure", "required", "value", "too-costly", "multiple-matches",
    }
)  # fmt: skip


def read_prefetch(
    prefetch: Mapping[str, Any],
    patient_id: str,
    issues: Iterable[Issue] = (),
    keys: Iterable[PrefetchKey] = KEYS,
    others: Iterable[Any] = (),
) -> Record:
    """The record that `prefetch` supplies; `others` are the values of keys that nobody asked for.

    Raises nothing, whatever the values are.
    """
    results: dict[str, KeyResult] = {}
    found = list(issues)
    for row in keys:
        results[row.key], problems = read_key(row, prefetch.get(row.key, ABSENT), patient_id)
        found.extend(problems)
    for place, value in enumerate(others):
        result, problems = _read_other(f"{OTHER}{place}", value, patient_id)
        if result is not None:
            results[result.key] = result
        found.extend(problems)
    return Record(patient_id=patient_id, keys=_with_patient(results, patient_id), issues=tuple(found))


def read_key(
    row: PrefetchKey, value: Any, patient_id: str, *, whole: bool = True
) -> tuple[KeyResult, list[Issue]]:
    """The decision table: what one key's value says, and what of it could not be used.

    `whole`: the value begins with the first page, so that its `total` can be held against its entries.
    """
    usual = usual_resources(value, row.types, patient_id)
    if usual is not None:
        result = KeyResult(row.key, "given", usual, "", row.words)
        return result, [] if usual or row.key != PATIENT else _no_patient(row)
    value, status = _unwrapped(value)
    if status >= 400:
        return _result(row, "failed", why=f"the EHR reported HTTP status {status}"), []
    if value is ABSENT or value == {}:
        return _result(row, "absent"), []
    if value is None:
        return _result(row, "given"), _no_patient(row)
    if not isinstance(value, dict | list):
        return _result(row, "absent"), [_unreadable(row, "what was sent is not a FHIR resource")]
    resources, unreadable = resources_in(value)
    outcomes = [one for one in resources if one["resourceType"] == "OperationOutcome"]
    others = [one for one in resources if one["resourceType"] != "OperationOutcome"]
    mine, issues = _of_this_patient(row, others, patient_id)
    if unreadable:
        issues.append(_unreadable(row, f"{_count(unreadable, 'entry', 'entries')} could not be read"))
    errors = [reason for outcome in outcomes if (reason := _error(outcome))]
    if errors:
        return _result(row, "failed", mine, f"the EHR reported an error: {errors[0]}"), issues
    if next_page(row, value) is not None:
        issues.append(Issue("page-not-followed", f"{row.words}: only the first page was sent"))
    elif whole and (short := _short(row, value)):
        issues.append(Issue("page-not-followed", f"{row.words}: {short}"))
    if not resources and _announced(value):
        return _result(row, "failed", why="entries were announced and none was sent"), issues
    if not mine and (others or unreadable):
        return _result(row, "absent"), issues
    return _result(row, "given", mine), issues if mine else [*issues, *_no_patient(row)]


def _unwrapped(value: Any) -> tuple[Any, int]:
    """The value without the wrapper of clients before 1.0, and the HTTP status it reports, else 0."""
    if not isinstance(value, dict) or "resourceType" in value or not {"response", "resource"} & value.keys():
        return value, 0
    response = value.get("response")
    stated = response.get("status") if isinstance(response, dict) else None
    match = _STATUS.match(str(stated)) if isinstance(stated, str | int) else None
    status = int(match[1]) if match else 0
    if "resource" in value:
        return value["resource"], status
    return (None if 200 <= status < 300 else ABSENT), status


def _of_this_patient(
    row: PrefetchKey, resources: Iterable[Resource], patient_id: str
) -> tuple[tuple[Resource, ...], list[Issue]]:
    mine: list[Resource] = []
    foreign = wrong = 0
    own = f"Patient/{patient_id}"
    for resource in resources:
        kind = resource["resourceType"]
        if kind not in row.types:
            wrong += kind not in row.beside
        elif _says(resource, own):
            mine.append(resource)
        elif _another_patient(kind, resource, patient_id):
            foreign += 1
        else:
            mine.append(resource)
    issues = _left_out(row.words, foreign)
    if wrong and not mine and not foreign:
        issues.append(_unreadable(row, "resources of another type were sent"))
    elif wrong:
        what = f"{row.words}: {_count(wrong, 'resource', 'resources')} of another type not used"
        issues.append(Issue("unexpected-resource", what))
    return tuple(mine), issues


def _says(resource: Resource, own: str) -> bool:
    """Whether its subject is worded as the patient of the request is: so it is in nearly every resource."""
    subject = resource.get("subject")
    return (
        isinstance(subject, dict)
        and subject.get("reference") == own
        and resource["resourceType"] != "Patient"
    )


def _another_patient(kind: str, resource: Resource, patient_id: str) -> bool:
    if kind != "Patient":
        return other_patient(resource, patient_id)
    return bool(text(resource.get("id"))) and text(resource["id"]) != patient_id


def _error(outcome: Resource) -> str:
    """Why the client's query failed; "" for an OperationOutcome that only remarks."""
    entries = objects(outcome.get("issue"))
    failing = [
        one for one in entries if text(one.get("severity")) not in ("warning", "information", "success")
    ]
    if entries and not failing:
        return ""
    code = text(obj(failing).get("code"))
    return code if code in _REASONS else "no reason given"


def next_page(row: PrefetchKey, value: Any) -> str | None:
    """The link to the entries that are missing; "" for one that is unreadable, None where none are missing."""
    value, _ = _unwrapped(value)
    link = next_link(value)  # asked first: few searches have one, and counting reads them all
    return None if link is None or enough(row, received(row, value)) else link


def next_link(value: Any) -> str | None:
    """The link to the next page of a search, "" for one that is unreadable, None without any."""
    bundles = [one for one in as_list(value) if isinstance(one, dict)]
    links = [
        link for one in bundles for link in objects(one.get("link")) if text(link.get("relation")) == "next"
    ]
    return text(links[-1].get("url")) if links else None


def enough(row: PrefetchKey, count: int) -> bool:
    """Whether so many entries are all that was asked for, the newest ones of a sorted search."""
    return row.newest is not None and count >= row.newest


def received(row: PrefetchKey, value: Any) -> int:
    """How many resources answer the search itself, not counting what came along to be referred to."""
    return sum(
        one["resourceType"] in row.types and one["resourceType"] != "Medication"
        for one in resources_in(value)[0]
    )


def _announced(value: Any) -> bool:
    """Whether a Bundle says that there are entries."""
    total = value.get("total") if isinstance(value, dict) else None
    return isinstance(total, int) and not isinstance(total, bool) and total > 0


def _short(row: PrefetchKey, value: Any) -> str:
    """What is missing where a Bundle says that it has more entries, and does not say where they are."""
    bundles = [one for one in as_list(value) if isinstance(one, dict)]
    totals = [total for one in bundles if type(total := one.get("total")) is int]
    came = sum(len(as_list(one.get("entry"))) for one in bundles)
    if not totals or totals[0] <= came or enough(row, received(row, value)):
        return ""
    return f"only {came} of {totals[0]} entries came"


def _read_other(key: str, value: Any, patient_id: str) -> tuple[KeyResult | None, list[Issue]]:
    """What a key of the EHR's own says: resources of this patient, and whether its query failed."""
    value, status = _unwrapped(value)
    if status >= 400:
        return KeyResult(key, "failed", (), f"the EHR reported HTTP status {status}", _OTHER_WORDS), []
    resources, _ = resources_in(value) if isinstance(value, dict | list) else ((), 0)
    mine: list[Resource] = []
    foreign, errors = 0, []
    for resource in resources:
        kind = resource["resourceType"]
        if kind == "OperationOutcome":
            errors.append(_error(resource))
        elif _another_patient(kind, resource, patient_id):
            foreign += 1
        else:
            mine.append(resource)
    issues = _left_out(_OTHER_WORDS, foreign)
    failed = next((reason for reason in errors if reason), "")
    if failed:
        why = f"the EHR reported an error: {failed}"
        return KeyResult(key, "failed", tuple(mine), why, _OTHER_WORDS), issues
    return (KeyResult(key, "given", tuple(mine), "", _OTHER_WORDS) if mine else None), issues


def _with_patient(results: dict[str, KeyResult], patient_id: str) -> dict[str, KeyResult]:
    """The results, with the Patient that came under another key where its own was not sent."""
    own = results.get(PATIENT)
    if own is None or own.state != "absent":
        return results
    for result in results.values():
        for resource in result.resources:
            if resource["resourceType"] == "Patient" and text(resource.get("id")) == patient_id:
                return results | {PATIENT: KeyResult(PATIENT, "given", (resource,), "", own.words)}
    return results


def _no_patient(row: PrefetchKey) -> list[Issue]:
    if row.key != PATIENT:
        return []
    return [Issue("no-patient", "the patient's record was sent empty, so age and sex are unknown")]


def _unreadable(row: PrefetchKey, what: str) -> Issue:
    return Issue("unreadable-resource", f"{row.words}: {what}")


def _result(row: PrefetchKey, state: State, resources: tuple[Resource, ...] = (), why: str = "") -> KeyResult:
    return KeyResult(row.key, state, resources, why, row.words)


def _left_out(words: str, foreign: int) -> list[Issue]:
    """The issue of entries about another patient; none where there were none."""
    if not foreign:
        return []
    what = f"{words}: {_count(foreign, 'entry', 'entries')} of another patient left out"
    return [Issue("other-patient", what)]


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
