"""The resources of a chart in the short words of a knowledge case, dated as days before its own day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from cards.facts.drug_named import named_drug
from cards.facts.lab_table import LABS
from cards.facts.resources import Resource, codings, concept_texts, interval, obj, objects, text
from cards.knowledge.case_record import NOW
from terminology.coding import GTS_ABBREVIATION, ICD10CM, SNOMED
from terminology.load import Terminology

_NO_LONGER: Final = frozenset({"resolved", "inactive", "remission"})
_LAB_SETS: Final = {lab.value_set: name for name, lab in LABS.items()}
# As old as the case's own weight, within what no rule tells apart.
_FRESH_DAYS: Final = 30
# Members of an Observation that a case does not repeat.
_NOT_REPEATED: Final = frozenset({"resourceType", "id", "meta", "status", "subject", "category", "encounter"})


@dataclass(frozen=True, slots=True)
class Words:
    """What the words are looked up in, the moment to which dates are relative, the chart's Medication resources."""

    terms: Terminology
    now: datetime
    zone: tzinfo
    medications: Mapping[str, Resource]

    def days_ago(self, written: Any) -> int | None:
        """Whole days between a FHIR date and now; None for what is no date."""
        found = interval(written, self.zone)
        if found is None:
            return None
        then = found.earliest.astimezone(self.zone).date()
        return (self.now.astimezone(self.zone).date() - then).days

    def shifted(self, value: Any) -> Any:
        """A JSON value with every date in it moved to the day of the cases."""
        if isinstance(value, list):
            return [self.shifted(one) for one in value]
        if isinstance(value, dict):
            return {name: self.shifted(one) for name, one in value.items()}
        found = interval(value, self.zone)
        if found is None or found.precision not in ("day", "time"):
            return value
        by = NOW.date() - self.now.astimezone(self.zone).date()
        moved = found.earliest.astimezone(self.zone) + by
        return moved.date().isoformat() if found.precision == "day" else moved.isoformat()

    def sets(self, concept: Any) -> frozenset[str]:
        """The value sets of the codes of a concept."""
        return frozenset().union(*(self.terms.value_sets(one) for one in codings(concept)))

    def name(self, concept: Any) -> str:
        """A text by which a case finds what the concept names: its own, else the set of its code."""
        texts = concept_texts(concept)
        sets = self.sets(concept)
        told = next((one for one in texts if self.terms.named_sets(one, on_record=True)), "")
        return told or min(sets, default="") or next(iter(texts), "not named")


def condition(one: Resource, words: Words) -> Any:
    """An entry of the problem list: its code alone where that says all."""
    made: dict[str, Any] = {}
    known = codings(one.get("code"))
    for system, name in ((ICD10CM, "code"), (SNOMED, "snomed")):
        found = next((c.code for c in known if c.system == system), None)
        if found is not None and not made:
            made[name] = found
    if not made:
        made["text"] = next(iter(concept_texts(one.get("code"))), "not named")
    site = next(iter(concept_texts(one.get("bodySite"))), "")
    if site:
        made["site"] = site
    days = words.days_ago(one.get("onsetDateTime"))
    if days is not None:
        made["days_ago"] = days
    if any(c.code in _NO_LONGER for c in codings(one.get("clinicalStatus"))):
        made["resolved"] = True
    return made


def observation(one: Resource, made: dict[str, Any], words: Words) -> None:
    """Adds a result to the case: by name where it has one, else as it is with its dates moved."""
    sets = words.sets(one.get("code"))
    quantity = obj(one.get("valueQuantity"))
    value, unit = quantity.get("value"), text(quantity.get("code")) or text(quantity.get("unit"))
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    patient = made["patient"]
    for name, member, usual in (("body-weight", "weight_kg", "kg"), ("body-height", "height_cm", "cm")):
        days = words.days_ago(one.get("effectiveDateTime"))
        fresh = days is not None and (days <= _FRESH_DAYS or name == "body-height")
        if name in sets and unit == usual and fresh and member not in patient and number is not None:
            patient[member] = number
            return
    lab: dict[str, Any] = {"value": number, "unit": unit} | _when(one, words)
    labelled = next((_LAB_SETS[name] for name in sorted(sets) if name in _LAB_SETS), None)
    if number is not None and "creatinine" in sets:
        made.setdefault("creatinine", []).append(lab)
    elif number is not None and "egfr" in sets:
        made.setdefault("egfr", []).append(lab)
    elif number is not None and labelled is not None:
        made.setdefault("labs", {}).setdefault(labelled, []).append(lab)
    else:
        rest = {name: item for name, item in one.items() if name not in _NOT_REPEATED}
        patient.setdefault("observations", []).append(words.shifted(rest))


def _when(one: Resource, words: Words) -> dict[str, int]:
    found = interval(one.get("effectiveDateTime"), words.zone)
    if found is None:
        return {}
    passed = max(words.now - found.earliest, timedelta(0))
    hours = passed.seconds // 3600
    return {"days_ago": passed.days} | ({"hours_ago": hours} if hours else {})


def order(one: Resource, words: Words, place: str = "drafts") -> dict[str, Any]:
    """A draft, or an entry of the medication list, in short words."""
    kind = text(one.get("resourceType"))
    if kind in ("ServiceRequest", "DeviceRequest"):
        concept = one.get("code") or one.get("codeCodeableConcept")
        made = {"procedure": words.name(concept)} | ({"device": True} if kind == "DeviceRequest" else {})
        return made | _planned(one, words)
    coded, texts, _, _ = named_drug(one, words.medications)
    lookup = words.terms.medication(coded, texts)
    named = next(iter(texts), "") or next((m.name for m in lookup.medications), "not named")
    entry: dict[str, Any] = {"drug": named} | _dose(one, words)
    if place == "drafts":
        entry["id"] = text(one.get("id"))
        return entry | ({"stop": True} if text(one.get("status")) in ("stopped", "cancelled") else {})
    days = words.days_ago(one.get("authoredOn") or one.get("effectiveDateTime") or one.get("dateAsserted"))
    if days is not None:
        entry["days_ago"] = days
    if kind == "MedicationStatement":
        entry["statement"] = True
    if text(one.get("status")) == "on-hold":
        entry["on_hold"] = True
    return entry


def _dose(one: Resource, words: Words) -> dict[str, Any]:
    steps = objects(one.get("dosageInstruction")) or objects(one.get("dosage"))
    if len(steps) != 1:
        texts = [text(step.get("text")) for step in steps]
        return {"sig": ", then ".join(texts)} if texts and all(texts) else {}
    step = steps[0]
    made: dict[str, Any] = {"sig": text(step.get("text"))} if text(step.get("text")) else {}
    quantity = obj(obj(step.get("doseAndRate")).get("doseQuantity"))
    value, unit = quantity.get("value"), text(quantity.get("unit")) or text(quantity.get("code")).strip("{}")
    timing = obj(step.get("timing"))
    repeat = obj(timing.get("repeat"))
    coded = next((c.code for c in codings(timing.get("code")) if c.system == GTS_ABBREVIATION), "")
    often: dict[str, Any] = {}
    if (
        repeat.get("period") == 1
        and repeat.get("periodUnit") == "d"
        and not {"when", "timeOfDay"} & repeat.keys()
    ):
        often = {"times": repeat.get("frequency", 1)}
    elif coded:
        often = {"code": coded}
    elif objects(repeat) and repeat.get("timeOfDay"):
        often = {"at": repeat["timeOfDay"]}
    if isinstance(value, int | float) and often:
        made |= {"dose": f"{Decimal(str(value)).normalize():f} {unit}"} | often
    if step.get("asNeededBoolean") is True:
        made["as_needed"] = True
    end = words.days_ago(obj(repeat.get("boundsPeriod")).get("end"))
    return made | ({"ends_in": -end} if end is not None else {})


def event(one: Resource, words: Words, place: str) -> dict[str, Any]:
    """A procedure done, a device in place, a service planned."""
    made: dict[str, Any] = {"set": words.name(one.get("code") or one.get("type"))}
    if place == "done":
        days = words.days_ago(one.get("performedDateTime"))
        made |= {"days_ago": days} if days is not None else {}
    elif place == "planned":
        made |= _planned(one, words)
        return made
    site = next(iter(concept_texts(one.get("bodySite"))), "")
    return made | ({"site": site} if site else {})


def _planned(one: Resource, words: Words) -> dict[str, Any]:
    days = words.days_ago(one.get("occurrenceDateTime"))
    site = next(iter(concept_texts(one.get("bodySite"))), "")
    return ({"in_days": -days} if days is not None else {}) | ({"site": site} if site else {})
