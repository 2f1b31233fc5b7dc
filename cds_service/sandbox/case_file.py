"""A case of the sandbox as a knowledge case: the short YAML that stands beside the knowledge and tests it.

The chart is written in the words of cards/knowledge/README.md and dated relative to the day of the cases. What
those words cannot say is left out, and the file says so: it expects what it itself leads to, and names each
statement that spoke otherwise on the page.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import Any, Final

import yaml

from cards.evaluate import Evaluation
from cards.facts.resources import Resource, interval, obj, objects, text
from cards.knowledge.case_record import NOW
from cards.knowledge.cases import evaluate_case
from cds_service.hooks.invoke import Engine
from cds_service.sandbox.case_words import Words, condition, event, observation, order
from cds_service.sandbox.chosen_chart import Chart
from cds_service.sandbox.orders import medications_of

_LISTED: Final = {
    "active": "active",
    "on-hold": "active",
    "stopped": "ended",
    "completed": "ended",
    "": "active",
}
_WIDTH: Final = 110


def case_file(
    chart: Chart, drafts: Iterable[Resource], hook: str, evaluation: Evaluation, engine: Engine, now: datetime
) -> str:
    """The YAML of one case, `now` aware. Raises KnowledgeFileError where no case can be made of it."""
    made = _case(chart, tuple(drafts), hook, engine, now)
    found = evaluate_case(made, engine.knowledge, engine.terminology)
    expected, shown = _said(found), _said(evaluation)
    made["expect"] = expected
    made["cards"] = len(found.cards)
    return _header(expected, shown) + yaml.safe_dump(
        [made], sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None
    )


def _case(
    chart: Chart, drafts: tuple[Resource, ...], hook: str, engine: Engine, now: datetime
) -> dict[str, Any]:
    words = Words(engine.terminology, now, engine.policy.zone, medications_of(chart.resources))
    orders = [order(one, words) for one in drafts]
    what = ", ".join(str(one.get("drug") or one.get("procedure")) for one in orders) or "no order"
    made: dict[str, Any] = {"name": f"{chart.title}; {what}"}
    if engine.policy.jurisdiction != "us":
        made["jurisdiction"] = engine.policy.jurisdiction
    if hook != "order-sign":
        made["hook"] = hook
    made["patient"] = _patient(chart, words)
    _add_chart(made, chart.resources, words)
    if orders:
        made["drafts"] = orders
    return made


def _patient(chart: Chart, words: Words) -> dict[str, Any]:
    person = next((one for one in chart.resources if one.get("resourceType") == "Patient"), {})
    made: dict[str, Any] = {}
    born = interval(person.get("birthDate"), words.zone)
    if born is not None and born.precision == "day":
        made["birth_date"] = _birth(
            born.earliest.astimezone(words.zone).date(), words.now, words.zone
        ).isoformat()
    made["sex"] = text(person.get("gender")) or "unknown"
    conditions = [condition(one, words) for one in _of(chart.resources, "Condition")]
    if conditions:
        made["conditions"] = conditions
    if any(_inpatient(one) for one in _of(chart.resources, "Encounter")):
        made["inpatient"] = True
    return made


def _birth(born: date, now: datetime, zone: tzinfo) -> date:
    """The birth date that gives, on the day of the cases, the same years and the same days since the birthday."""
    today, then = now.astimezone(zone).date(), NOW.date()
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    since = today.toordinal() - _same_day(born, born.year + years).toordinal()
    day = date.fromordinal(then.toordinal() - since)
    return _same_day(day, day.year - years)


def _same_day(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def _add_chart(made: dict[str, Any], resources: tuple[Resource, ...], words: Words) -> None:
    for one in _of(resources, "Observation"):
        observation(one, made, words)
    for one in _of(resources, "MedicationRequest", "MedicationStatement"):
        place = _LISTED.get(text(one.get("status")))
        if place is not None:
            made.setdefault(place, []).append(order(one, words, place))
    for kind, place in (("Procedure", "done"), ("Device", "devices"), ("ServiceRequest", "planned")):
        found = [event(one, words, place) for one in _of(resources, kind)]
        if found:
            made[place] = found


def _of(resources: Iterable[Resource], *kinds: str) -> Iterator[Resource]:
    return (one for one in resources if one.get("resourceType") in kinds)


def _inpatient(encounter: Resource) -> bool:
    kind = obj(objects(encounter.get("class")))
    return text(encounter.get("status")) == "in-progress" and text(kind.get("code")) in (
        "IMP",
        "ACUTE",
        "NONAC",
    )


def _said(evaluation: Evaluation) -> dict[str, str]:
    return {
        one.statement.id: one.outcome.finding.severity.name
        for one in evaluation.judged
        if one.outcome.finding is not None
    }


def _header(expected: Mapping[str, str], shown: Mapping[str, str]) -> str:
    lines = [
        "# Saved from the sandbox. Say in `name` what the case shows, and keep in `expect` what it is about."
    ]
    names = sorted({*expected, *shown})
    for name in names:
        if expected.get(name) != shown.get(name):
            said, here = shown.get(name, "silent"), expected.get(name, "silent")
            lines.append(
                f"# Differs: {name} was {said} on the page and is {here} here; the short form leaves something out."
            )
    return "\n".join(lines) + "\n"
