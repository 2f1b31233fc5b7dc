"""Age, sex and vital status from the Patient resource."""

from datetime import date, datetime, tzinfo
from typing import Literal, NamedTuple

from cards.facts.renal_limits import RENAL_LIMITS, RenalLimits
from cards.facts.resources import Interval, Resource, codings, flag, interval, objects, text

Sex = Literal["female", "male", "unknown"]

_CLINICAL_SEX = "patient-sexparameterforclinicaluse"
_SEX_PARAMETERS: dict[str, Sex] = {
    "female-typical": "female",
    "male-typical": "male",
    "specified": "unknown",  # a setting of its own: neither equation applies as it stands
}
_GENDERS: dict[str, Sex] = {"female": "female", "f": "female", "male": "male", "m": "male"}


class Patient(NamedTuple):
    """Who the advice is about.

    `age` is (youngest, oldest) in completed years at evaluation, two readings where the birth date is
    partial; None, with `why_no_age`, when there is no usable date. `age_months` likewise, for those who may
    be under one year old. `ancestry` are the value sets of recorded race, ethnicity and ancestry, None where
    none is recorded.
    """

    id: str = ""
    sex: Sex = "unknown"
    birth: Interval | None = None
    age: tuple[int, int] | None = None
    age_months: tuple[int, int] | None = None
    deceased: bool = False
    ancestry: frozenset[str] | None = None
    why_no_age: str = ""

    @property
    def youngest(self) -> int | None:
        """Completed years at the latest possible birth."""
        return self.age[0] if self.age else None

    @property
    def oldest(self) -> int | None:
        """Completed years at the earliest possible birth."""
        return self.age[1] if self.age else None

    @property
    def adult(self) -> bool | None:
        """Whether of adult age; None when unknown, or when the birth date leaves it open."""
        if self.age is None:
            return None
        youngest, oldest = self.age
        if youngest >= RENAL_LIMITS.adult_years:
            return True
        return False if oldest < RENAL_LIMITS.adult_years else None


def read_patient(
    resource: Resource | None, now: datetime, zone: tzinfo, limits: RenalLimits = RENAL_LIMITS
) -> Patient:
    """The patient, from a Patient resource of any FHIR version; unknowns throughout when there is none."""
    if resource is None:
        return Patient(why_no_age="no Patient resource was supplied")
    birth, months, why = _birth(resource.get("birthDate"), now, zone, limits)
    age = None if months is None else (months[0] // 12, min(months[1] // 12, limits.oldest_years))
    return Patient(
        id=text(resource.get("id")),
        sex=_sex(resource, now, zone),
        birth=birth,
        age=age,
        age_months=months if age is not None and age[0] < 1 else None,
        deceased=_deceased(resource, zone),
        why_no_age=why,
    )


def _birth(
    value: object, now: datetime, zone: tzinfo, limits: RenalLimits
) -> tuple[Interval | None, tuple[int, int] | None, str]:
    """The birth date, the least and most months since, or why there is none that can be used."""
    if value is None or value == "":
        return None, None, "no birth date on file"
    # A birth date is a local day: a time that some systems append must not move it over midnight.
    written = text(value)
    birth = interval(written[:10], zone) if len(written) <= 10 or interval(written, zone) else None
    if birth is None:
        return None, None, "the birth date on file is no date"
    today, first = _day(now, zone), _day(birth.earliest, zone)
    if first > today:
        return None, None, "the birth date on file lies in the future"
    most = least = _months(first, today)
    if birth.precision != "day":
        least = _months(min(_day(birth.latest, zone), today), today)
    months = (least, most)
    if months[0] // 12 > limits.oldest_years:
        why = f"the birth date on file makes the patient older than {limits.oldest_years} years"
        return None, None, why
    return birth, months, ""


def _day(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()


def _months(since: date, until: date) -> int:
    """Completed months between two days."""
    months = (until.year - since.year) * 12 + until.month - since.month
    return months - (until.day < since.day)


def _sex(resource: Resource, now: datetime, zone: tzinfo) -> Sex:
    """The sex parameter for clinical use where one is in force, else the administrative gender."""
    return clinical_sex(resource, now, zone) or _GENDERS.get(text(resource.get("gender")).lower(), "unknown")


def clinical_sex(resource: Resource, now: datetime, zone: tzinfo) -> Sex | None:
    """The sex parameter for clinical use that is in force; None when none is stated."""
    stated: set[Sex] = set()
    for extension in objects(resource.get("extension")):
        if text(extension.get("url")).lower().rpartition("/")[2] != _CLINICAL_SEX:
            continue
        parts = {text(part.get("url")): part for part in objects(extension.get("extension"))}
        ended = interval(_end(parts.get("period")), zone)
        if ended is not None and ended.latest < now:
            continue
        value = parts.get("value", extension)
        codes = [one.code.lower() for one in codings(value.get("valueCodeableConcept"))]
        stated.update(_SEX_PARAMETERS[code] for code in codes if code in _SEX_PARAMETERS)
    if not stated:
        return None
    return stated.pop() if len(stated) == 1 else "unknown"


def _end(part: Resource | None) -> object:
    period = part.get("valuePeriod") if part else None
    return period.get("end") if isinstance(period, dict) else None


def _deceased(resource: Resource, zone: tzinfo) -> bool:
    said = resource.get("deceasedBoolean")
    if flag(said) or text(said).lower() == "true":
        return True
    return interval(resource.get("deceasedDateTime"), zone) is not None
