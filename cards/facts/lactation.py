"""Whether the patient breastfeeds, and how old the infant is."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from cards.facts.pregnancy_evidence import DELIVERIES, Day, Evidence, newest
from cards.facts.pregnancy_limits import PregnancyLimits

Answer = Literal["yes", "no", "unknown"]


class Lactation(NamedTuple):
    """`infant_days` is the age of the youngest infant, None unless the day of birth is on file."""

    answer: Answer
    why: str
    evidence: tuple[Evidence, ...] = ()
    infant_days: int | None = None


def read_lactation(found: Iterable[Evidence], today: Day, limits: PregnancyLimits) -> Lactation:
    """Lactation at `today`: "no" only by an answer, or without any evidence and any delivery of late."""
    listed = list(found)
    if not listed:
        return _nothing_recorded(limits)
    deliveries = [one for one in listed if one.kind in DELIVERIES]
    birth = newest(deliveries)
    infant = _infant_days(deliveries, today, limits)
    yes = newest(one for one in listed if one.kind == "feeding" and _within(one, today, limits))
    # What was said about an earlier infant says nothing about this one. A postpartum code names no birth.
    last_birth = newest(one for one in deliveries if one.kind != "postpartum")
    since = last_birth.first if last_birth else 0
    no = newest(
        one
        for one in listed
        if one.kind == "not-feeding" and today - one.first <= limits.breastfeeding_days and one.first >= since
    )
    if yes and no and yes.last >= no.first and no.last >= yes.first:
        why = "the record says both that she breastfeeds and that she does not, on the same day"
        return Lactation(answer="unknown", why=why, evidence=(yes, no), infant_days=infant)
    if yes and (no is None or yes.last > no.last):
        why = "breastfeeding is recorded"
        return Lactation(answer="yes", why=why, evidence=(yes,), infant_days=infant)
    if no:
        why = "it is recorded that she does not breastfeed"
        return Lactation(answer="no", why=why, evidence=(no,), infant_days=infant)
    if birth and (birth.when is None or today - birth.last <= limits.after_delivery_days):
        why = "a delivery is recorded and nothing about feeding"
        return Lactation(answer="unknown", why=why, evidence=(birth,), infant_days=infant)
    undated = next((one for one in deliveries if one.when is None), None)
    old = newest(one for one in listed if one.kind == "feeding")
    open_end = undated or (old if old and _recent(old, today, limits) else None)
    if open_end:
        why = "what is recorded about delivery or breastfeeding is old or has no date"
        return Lactation(answer="unknown", why=why, evidence=(open_end,), infant_days=infant)
    return _nothing_recorded(limits)


def _nothing_recorded(limits: PregnancyLimits) -> Lactation:
    why = f"no breastfeeding and no delivery in the last {limits.after_delivery_days} days is recorded"
    return Lactation(answer="no", why=why)


def _within(one: Evidence, today: Day, limits: PregnancyLimits) -> bool:
    return one.when is not None and today - one.last <= limits.breastfeeding_days


def _recent(one: Evidence, today: Day, limits: PregnancyLimits) -> bool:
    """Whether a delivery within the window can stand behind an old answer."""
    return one.when is None or today - one.last <= limits.after_delivery_days


def _infant_days(deliveries: list[Evidence], today: Day, limits: PregnancyLimits) -> int | None:
    birth = newest(one for one in deliveries if one.kind == "delivered" and one.when is not None)
    if (
        birth is None
        or birth.first != birth.last
        or not 0 <= today - birth.last <= limits.after_delivery_days
    ):
        return None
    return today - birth.last
