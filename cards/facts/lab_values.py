"""The newest usable value of each lab that statements ask for, read when a statement asks."""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from cards.facts.body import days_between
from cards.facts.lab_reading import Result
from cards.facts.lab_table import LABS
from cards.facts.labs import NEWEST, indexed, results
from cards.facts.record import Record
from cards.facts.resources import (
    Concept,
    Resource,
    codings,
    concept_texts,
    read_concept,
    remembered_concept,
    text,
)
from cards.facts.value_sets import ValueSets, lasting_key

_FINAL = frozenset({"", "final", "amended", "corrected", "appended", "preliminary"})
_POSITIVE = frozenset({"positive", "detected", "present", "pos", "reactive"})
_NEGATIVE = frozenset({"negative", "not detected", "absent", "neg", "non-reactive", "nonreactive"})
# Answers of LOINC and the interpretation codes of HL7; those of SNOMED CT are read by their display.
_POSITIVE_CODES = frozenset({"LA6576-8", "LA11882-0", "POS", "DET"})
_NEGATIVE_CODES = frozenset({"LA6577-6", "LA11883-8", "NEG", "ND"})


class Terms(ValueSets, Protocol):
    """What this module needs of the terminology."""

    def named_sets(self, text: str) -> frozenset[str]:
        """Ids of the value sets that a text names."""


@dataclass(frozen=True, slots=True)
class LabValue:
    """A value in the lab's unit, with its age in local days; `original` as reported, for people."""

    value: Decimal
    comparator: str
    observed: datetime
    age_days: int
    original: str
    source: str


@dataclass(slots=True)
class Labs:
    """Lab values of one record; each kind is read once, on first use."""

    record: Record
    terms: Terms
    now: datetime
    zone: tzinfo
    _read: dict[str, LabValue | str] = field(default_factory=dict)
    _tests: dict[str, list[Resource]] = field(default_factory=dict)

    def latest(self, name: str) -> LabValue | str:
        """The newest value of a lab; a text that says why there is none that can be used."""
        if name not in self._read:
            self._read[name] = self._newest(name)
        return self._read[name]

    def _newest(self, name: str) -> LabValue | str:
        lab = LABS[name]
        good, bad = results(
            indexed(self.record, self.terms), lab.value_set, self.terms, self.now, self.zone, need=NEWEST
        )
        if not good:
            return (
                f"{lab.title}: {bad[0].why}"
                if bad
                else self.record.none_there(lab.key, in_sentence(lab.title))
            )
        # An implausible result is not replaced by an older one: which of the two is wrong cannot be told.
        if not lab.low <= good[0].value <= lab.high:
            return f"{lab.title} {good[0].original} is implausible"
        return self._value(good[0])

    def _value(self, result: Result) -> LabValue:
        return LabValue(
            value=result.value,
            comparator=result.comparator,
            observed=result.observed,
            age_days=days_between(result.observed, self.now, self.zone),
            original=result.original,
            source=result.source,
        )

    def positive(self, value_set: str) -> bool | None:
        """Whether a test of that set was ever positive; None without a readable result."""
        if not self._tests:
            self._sort_tests()
        answers = [
            answer
            for observation in self._tests.get(value_set, ())
            if (answer := _answer(observation)) is not None
        ]
        return any(answers) if answers else None

    def _sort_tests(self) -> None:
        """By the value sets of the test, by code and by name: laboratories send genotypes without a known code."""
        self._tests[""] = []  # sorted, even if there are none
        for observation in self.record.of_type("Observation"):
            if text(observation.get("status")).lower() in _FINAL:
                for name in _test_sets(observation.get("code"), self.terms):
                    self._tests.setdefault(name, []).append(observation)


def _test_sets(code: object, terms: Terms) -> frozenset[str]:
    key = lasting_key(code, terms)
    return _sets(read_concept(code), terms) if key is None else _remembered(key, terms)


@lru_cache(maxsize=8192)
def _remembered(key: bytes, terms: Terms) -> frozenset[str]:
    return _sets(remembered_concept(key), terms)


def _sets(code: Concept, terms: Terms) -> frozenset[str]:
    words = (*code.texts, *(one.display for one in code.codings))
    coded = (terms.value_sets(one) for one in code.codings)
    return frozenset().union(*coded, *(terms.named_sets(word) for word in words))


def _answer(observation: Resource) -> bool | None:
    for said in (observation.get("valueCodeableConcept"), observation.get("interpretation")):
        codes = {one.code for one in codings(said)}
        words = {word.lower() for word in concept_texts(said)}
        if codes & _NEGATIVE_CODES or words & _NEGATIVE:
            return False
        if codes & _POSITIVE_CODES or words & _POSITIVE:
            return True
    word = text(observation.get("valueString")).lower()
    if word in _NEGATIVE or word in _POSITIVE:
        return word in _POSITIVE
    flag = observation.get("valueBoolean")
    return flag if isinstance(flag, bool) else None


def in_sentence(title: str) -> str:
    """A title inside a sentence: "platelets", but "INR" and "QTc"."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title
