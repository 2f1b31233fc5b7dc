"""The present encounter: whether the patient is in hospital, and since when."""

from datetime import datetime, tzinfo
from typing import NamedTuple

from cards.facts.resources import Resource, codings, interval, obj, text
from cards.facts.value_sets import ValueSets
from terminology.coding import ACT_CODE, Coding

_OVER = frozenset(
    {"finished", "completed", "discharged", "discontinued", "cancelled", "planned", "entered-in-error"}
)
_DSTU2_INPATIENT = frozenset({"inpatient", "emergency"})  # Encounter.class was a plain code


class Stay(NamedTuple):
    """`inpatient` is inpatient, emergency or observation; `since` is None when the start is not known."""

    inpatient: bool = False
    since: datetime | None = None


def read_stay(encounter: Resource | None, terms: ValueSets, now: datetime, zone: tzinfo) -> Stay:
    """The stay an Encounter tells of; not inpatient when it is over, or there is none."""
    if encounter is None or text(encounter.get("status")).lower() in _OVER:
        return Stay()
    during = obj(encounter.get("period") or encounter.get("actualPeriod"))
    end = interval(during.get("end"), zone)
    if end is not None and end.latest < now:
        return Stay()
    kind = encounter.get("class")
    inpatient = text(kind).lower() in _DSTU2_INPATIENT or any(
        # The element is bound to one code system, which some messages leave out.
        "encounter-inpatient" in terms.value_sets(one if one.system else Coding(ACT_CODE, one.code))
        for one in codings(kind)
    )
    start = interval(during.get("start"), zone) if inpatient else None
    return Stay(inpatient, start.earliest if start else None)
