"""Evidence about pregnancy from Observations: answers, tests, due dates, gestational age, deliveries."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from cards.facts.observation import quantity_of, time_of
from cards.facts.pregnancy_evidence import Days, Evidence, Kind, dated, local_days, source_of
from cards.facts.pregnancy_limits import PregnancyLimits
from cards.facts.resources import (
    Resource,
    codings,
    concept_texts,
    interval,
    obj,
    objects,
    period,
    text,
)
from cards.facts.value_sets import ValueSets, value_sets_of
from terminology.obstetric_answers import HCG_UNITS, INTERPRETATION, Answer, Question, answer_to

_USABLE: Final = frozenset({"", "final", "amended", "corrected", "appended", "preliminary", "unknown"})
_SECONDS_A_DAY: Final = 86_400
_WEEKS_AND_DAYS: Final = re.compile(
    r"(\d{1,2})\s*(?:\+|w|wk|wks|weeks?)\s*(?:and\s+)?(?:([0-6])\s*(?:/7|d|days?)?)?", re.ASCII
)
_STATUS: Final[dict[Answer, Kind]] = {
    "yes": "pregnant-status", "no": "not-pregnant", "possible": "possible", "unknown": "possible",
}  # fmt: skip
_TEST: Final[dict[Answer, Kind]] = {
    "yes": "test-positive", "no": "test-negative", "possible": "possible", "unknown": "possible",
}  # fmt: skip
_FEEDING: Final[dict[Answer, Kind]] = {"yes": "feeding", "no": "not-feeding"}
_INTENTION: Final[dict[Answer, Kind]] = {"yes": "intends", "no": "no-intention"}
_RESULTS: Final[dict[Answer, str]] = {
    "yes": "positive", "no": "negative", "possible": "indeterminate", "unknown": "unknown",
}  # fmt: skip
_WORDS: Final = {
    "pregnancy-status": "pregnancy status",
    "hcg-presence": "pregnancy test",
    "hcg-quantity": "chorionic gonadotropin",
    "delivery-date-estimated": "estimated date of delivery",
    "gestational-age": "gestational age",
    "last-menstrual-period": "last menstrual period",
    "delivery-time": "time of delivery",
    "breastfeeding-status": "breastfeeding status",
    "pregnancy-intention": "wish to become pregnant",
}

QUESTIONS: Final = frozenset(_WORDS)
_STATUS_LIKE: Final = frozenset({"pregnancy-status", "hcg-presence", "hcg-quantity"})

Found = Evidence | str


def from_observation(
    observation: Resource, terms: ValueSets, zone: tzinfo, limits: PregnancyLimits
) -> Iterator[Found]:
    """What one Observation and its components say; a text where something about pregnancy is unreadable."""
    if "component" not in observation and value_sets_of(observation.get("code"), terms).isdisjoint(QUESTIONS):
        return
    if text(observation.get("status")).lower() not in _USABLE:
        return
    when: Days | None = None
    read = False
    for part in (observation, *objects(observation.get("component"))):
        sets = value_sets_of(part.get("code"), terms)
        name = next((one for one in _WORDS if one in sets), None)
        if name is None:
            continue
        if not read:
            when, read = local_days(time_of(observation, zone)[0], zone), True
        base = Evidence(kind="possible", value="", source=source_of(observation), when=when, observed=True)
        found = _read(part, name, sets, base, zone, limits)
        if found is not None:
            yield found
        elif part is not observation or not objects(observation.get("component")):
            yield f"the {_WORDS[name]} of {dated(when)} could not be read"
            if name in _STATUS_LIKE and _has_value(part):
                # It may have said either: it proves nothing, and older negatives are no longer the last word.
                yield replace(base, value="not readable")


def _read(
    part: Resource, name: str, sets: frozenset[str], base: Evidence, zone: tzinfo, limits: PregnancyLimits
) -> Evidence | None:
    if name == "pregnancy-status":
        return _answered(part, "pregnancy-status", _STATUS, base)
    if name == "hcg-presence":
        return _answered(part, "pregnancy-test", _TEST, base)
    if name == "hcg-quantity":
        return _hcg(part, base, limits)
    if name == "breastfeeding-status":
        return _answered(part, "breastfeeding", _FEEDING, base)
    if name == "pregnancy-intention":
        return _answered(part, "pregnancy-intention", _INTENTION, base)
    if name == "gestational-age":
        days = _gestation(part, sets, limits)
        if days is None:
            return None
        return replace(base, kind="gestational-age", value=_weeks(days[0]), days=days)
    day = _named_day(part, zone)
    if day is None:
        return None
    if name == "delivery-time":
        return replace(base, kind="delivered", value=f"delivered {dated(day)}", when=day)
    if name == "last-menstrual-period":
        return replace(base, kind="last-period", value=dated(day), due=day)
    ultrasound = "delivery-date-ultrasound" in sets
    return replace(base, kind="due-date", value=dated(day), due=day, ultrasound=ultrasound)


def _answered(
    part: Resource, question: Question, kinds: dict[Answer, Kind], base: Evidence
) -> Evidence | None:
    concept, said = part.get("valueCodeableConcept"), part.get("valueBoolean")
    texts = (*concept_texts(concept), text(part.get("valueString")))
    answer = answer_to(question, codings(concept), texts)
    if answer is None and isinstance(said, bool):
        answer = "yes" if said else "no"
    if answer is None and question == "pregnancy-test":
        answer = _flagged(part, question)
    if answer is None:
        return None
    shown = _RESULTS.get(answer, answer) if question == "pregnancy-test" else answer
    return replace(base, kind=kinds.get(answer, "no-answer"), value=shown)


def _flagged(part: Resource, question: Question) -> Answer | None:
    flags = [replace(one, system=INTERPRETATION) for one in codings(part.get("interpretation"))]
    return answer_to(question, flags, concept_texts(part.get("interpretation")))


def _hcg(part: Resource, base: Evidence, limits: PregnancyLimits) -> Evidence | None:
    quantity = obj(part.get("valueQuantity"))
    unit = (text(quantity.get("code")) or text(quantity.get("unit"))).lower()
    value, _, comparator, _ = quantity_of(part)
    if value is not None and quantity and unit in HCG_UNITS:
        shown = f"{comparator}{value.normalize():f} mIU/mL"
        return replace(base, kind=_TEST[_level(value, comparator, limits)], value=shown)
    # Without a unit only the laboratory's own judgement counts.
    answer = _flagged(part, "hcg-flag") or answer_to(
        "pregnancy-test",
        codings(part.get("valueCodeableConcept")),
        (*concept_texts(part.get("valueCodeableConcept")), text(part.get("valueString"))),
    )
    return None if answer is None else replace(base, kind=_TEST[answer], value=_RESULTS[answer])


def _level(value: Decimal, comparator: str, limits: PregnancyLimits) -> Answer:
    low, high = limits.hcg_negative_below_miu_ml, limits.hcg_positive_from_miu_ml
    if comparator.startswith("<"):
        return "no" if value < low or (value == low and comparator == "<") else "possible"
    if value >= high:
        return "yes"
    return "no" if value < low and not comparator else "possible"


def _gestation(part: Resource, sets: frozenset[str], limits: PregnancyLimits) -> tuple[int, int] | None:
    """Gestational age in days as (least, most); None when unreadable or beyond any pregnancy."""
    match = _WEEKS_AND_DAYS.fullmatch(text(part.get("valueString"))[:40].lower())
    if match:
        exact = Decimal(int(match[1]) * 7 + int(match[2] or 0))
    else:
        value, unit, comparator, _ = quantity_of(part)
        if value is None or comparator:
            return None
        if unit is None and _has_unit(part):
            return None
        if unit is None:
            by_code = "gestational-age-in-days" in sets or "gestational-age-in-weeks" in sets
            if not by_code:
                return None
            factor = Decimal(1 if "gestational-age-in-days" in sets else 7)
        elif unit.kind == "duration" and unit.name in ("d", "wk"):
            factor = unit.factor / _SECONDS_A_DAY
        else:
            return None
        exact = value * factor
    if not 0 < exact <= limits.longest_gestation_days:
        return None
    return int(exact.to_integral_value(ROUND_FLOOR)), int(exact.to_integral_value(ROUND_CEILING))


def _has_unit(part: Resource) -> bool:
    quantity = obj(part.get("valueQuantity"))
    return bool(text(quantity.get("unit")) or text(quantity.get("code")))


def _has_value(part: Resource) -> bool:
    return any(key.startswith("value") and held not in (None, "", {}, []) for key, held in part.items())


def _named_day(part: Resource, zone: tzinfo) -> Days | None:
    for name in ("valueDateTime", "valueDate", "valueInstant", "valueString"):
        when = local_days(interval(part.get(name), zone), zone)
        if when is not None:
            return when
    start, end = period(part.get("valuePeriod"), zone)
    first, last = local_days(start or end, zone), local_days(end or start, zone)
    return (first[0], max(first[0], last[1])) if first and last else None


def _weeks(days: int) -> str:
    return f"{days // 7} weeks {days % 7} days"
