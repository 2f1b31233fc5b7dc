"""Who can become pregnant, and what contraception is on record."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Literal, NamedTuple, Protocol

from cards.facts.patient import Patient, Sex, clinical_sex
from cards.facts.pregnancy_evidence import Day, Evidence, Kind, newest
from cards.facts.pregnancy_limits import PregnancyLimits
from cards.facts.resources import Resource, concept_texts, objects, text

Potential = Literal["yes", "no", "unknown"]
Contraception = Literal["effective", "hormonal", "recorded", "none-recorded"]

_WRITTEN: dict[str, Sex] = {
    "f": "female", "female": "female", "female-typical": "female",
    "m": "male", "male": "male", "male-typical": "male",
}  # fmt: skip
_EXTENSIONS = ("us-core-birthsex", "us-core-sex")  # in this order, after the sex parameter for clinical use
_METHODS: dict[Kind, Contraception] = {
    "sterilised": "effective",
    "intrauterine-device": "effective",
    "hormonal-contraception": "hormonal",
    "other-contraception": "recorded",
}
_CLASSES: dict[str, Contraception] = {
    "contraceptive-intrauterine": "effective",
    "contraceptive-hormonal": "hormonal",
}
_INFERTILE: tuple[tuple[Kind, str], ...] = (
    ("uterus-absent", "the uterus is absent"),
    ("sterilised", "sterilisation is recorded"),
    ("menopause", "menopause is recorded"),
)
_BEST: tuple[Contraception, ...] = ("effective", "hormonal", "recorded")


class Taken(Protocol):
    """What this module needs of an entry of the medication list."""

    @property
    def id(self) -> str:
        """ "Type/id"."""

    @property
    def classes(self) -> frozenset[str]:
        """Drug classes of its ingredients."""


class Childbearing(NamedTuple):
    """Childbearing potential, and the best contraception on record with where it stands.

    `effective` is sterilisation or an intrauterine device: no drug defeats them. `hormonal` methods may be
    defeated by an enzyme inducer; of `recorded` the method is not known.
    """

    potential: Potential
    why: str
    contraception: Contraception = "none-recorded"
    sources: tuple[str, ...] = ()


def sex_for_pregnancy(resource: Resource | None, patient: Patient, now: datetime, zone: tzinfo) -> Sex:
    """The sex parameter for clinical use, else the sex assigned at birth, else the administrative gender."""
    if resource is None or not resource.get("extension"):
        return patient.sex
    stated = clinical_sex(resource, now, zone)
    if stated is not None:
        return stated
    for name in _EXTENSIONS:
        said = {
            _WRITTEN[word]
            for one in objects(resource.get("extension"))
            if text(one.get("url")).lower().rpartition("/")[2] == name
            for word in _words(one)
            if word in _WRITTEN
        }
        if len(said) == 1:
            return said.pop()
        if said:
            return "unknown"
    return patient.sex


def _words(extension: Resource) -> Iterable[str]:
    yield text(extension.get("valueCode")).lower()
    yield text(extension.get("valueString")).lower()
    for name in ("valueCodeableConcept", "valueCoding"):
        for one in objects(extension.get(name)):
            yield from (written.lower() for written in concept_texts(one))
            yield text(one.get("code")).lower()
            yield from (text(coding.get("code")).lower() for coding in objects(one.get("coding")))


def outside_ages(patient: Patient, limits: PregnancyLimits) -> bool:
    """Whether the patient is certainly too young or too old; a partial birth date leaves it open."""
    if patient.age is None:
        return False
    return patient.age[1] < limits.youngest_years or patient.age[0] > limits.oldest_years


def read_childbearing(
    sex: Sex,
    patient: Patient,
    found: Iterable[Evidence],
    medications: Iterable[Taken],
    today: Day,
    limits: PregnancyLimits,
) -> Childbearing:
    """Childbearing potential from sex, age, operations and menopause, and contraception."""
    listed = list(found)
    method, sources = _contraception(listed, medications, today, limits)
    potential, why = _potential(sex, patient, listed, limits)
    return Childbearing(potential=potential, why=why, contraception=method, sources=sources)


def _potential(
    sex: Sex, patient: Patient, found: list[Evidence], limits: PregnancyLimits
) -> tuple[Potential, str]:
    if outside_ages(patient, limits):
        return "no", f"outside the ages of {limits.youngest_years} to {limits.oldest_years} years"
    if sex == "male":
        return "no", "the sex on record is male"
    for kind, what in _INFERTILE if found else ():
        standing = newest([one for one in found if one.kind == kind])
        if standing is not None:
            return "no", f"{what} ({standing.source})"
    if sex != "female":
        return "unknown", "the sex for clinical use is not known"
    if patient.age is None:
        return "unknown", patient.why_no_age
    if patient.age[0] < limits.youngest_years or patient.age[1] > limits.oldest_years:
        return "unknown", "the birth date leaves the age open"
    return "yes", f"female, between {limits.youngest_years} and {limits.oldest_years} years"


def _contraception(
    found: list[Evidence], medications: Iterable[Taken], today: Day, limits: PregnancyLimits
) -> tuple[Contraception, tuple[str, ...]]:
    removed = newest([one for one in found if one.kind == "device-removed"])
    methods: dict[Contraception, set[str]] = {}
    for one in found:
        method = _METHODS.get(one.kind)
        if method is not None and _in_use(one, removed, today, limits):
            methods.setdefault(method, set()).add(one.source)
    for taken in medications:
        for name, method in _CLASSES.items():
            if name in taken.classes:
                methods.setdefault(method, set()).add(taken.id)
    for best in _BEST:
        if best in methods:
            return best, tuple(sorted(methods[best]))
    return "none-recorded", ()


def _in_use(one: Evidence, removed: Evidence | None, today: Day, limits: PregnancyLimits) -> bool:
    """Whether it can be counted on; an undated entry is on the problem list and counts, a device unless removed."""
    if one.kind == "sterilised":
        return True
    device = one.kind == "intrauterine-device"
    if device and removed is not None and removed.last >= one.last:
        return False
    # Counted from the earliest day it may date from: the cautious end.
    return one.when is None or today - one.first <= (
        limits.intrauterine_days if device else limits.contraception_days
    )
