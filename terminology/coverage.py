"""Which codes of FHIR documents are known here: counts by system, what is unknown, drugs in scope.

A medication is in scope if it names a drug of some drug class. What is not recognised counts as in scope if
its text holds the name of such a drug, or one that looks like it: a code that is missed must not leave the
count by being missed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from terminology.coding import (
    ACT_CODE,
    ATC,
    GTS_ABBREVIATION,
    HCPCS,
    ICD10CM,
    ICD10PCS,
    LOINC,
    NDC,
    RXNORM,
    SNOMED,
    UCUM,
    UNII,
    Coding,
    canonical_system,
)
from terminology.load import Terminology
from terminology.name_ingredients import SALTS
from terminology.name_lookalikes import lookalike_index, lookalikes
from terminology.strength_text import tokens
from terminology.timing import timing_code
from terminology.units import read_unit

_DRUG_ELEMENTS = frozenset({"medicationCodeableConcept", "medicationCode", "itemCodeableConcept"})
_DRUG_RESOURCES = frozenset({"Medication", "MedicationKnowledge"})
_CLINICAL = frozenset({
    RXNORM, NDC, ATC, UNII, SNOMED, ICD10CM, ICD10PCS, LOINC, HCPCS, UCUM, ACT_CODE, GTS_ABBREVIATION,
})  # fmt: skip
_FHIR_OWN = ("http://terminology.hl7.org/", "http://hl7.org/fhir/", "https://hl7.org/fhir/")
_DEEPEST = 100
_TELLING = 8  # so long a name inside a word is hardly there by chance


@dataclass(frozen=True, slots=True)
class Concept:
    """The codings and the text of one element; `drug` says whether it names a medication."""

    codings: tuple[Coding, ...]
    text: str
    drug: bool


@dataclass(slots=True)
class Coverage:
    """What was counted. `unknown` holds (system, code, text), or for drugs without a code ("", "", text)."""

    known: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    fhir_own: Counter[str] = field(default_factory=Counter)
    drugs: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    unnamed: Counter[str] = field(default_factory=Counter)

    @property
    def in_scope(self) -> int:
        """Medications that name a drug in scope, recognised or not."""
        return self.drugs["in scope"] + self.missed.total()

    @property
    def share(self) -> float | None:
        """Recognised of the medications in scope, 0 to 1; None without any."""
        return self.drugs["in scope"] / self.in_scope if self.in_scope else None


class CoverageReader:
    """Counts concepts against one terminology."""

    def __init__(self, terms: Terminology) -> None:
        self._terms = terms
        self.coverage = Coverage()
        names = [name for name in terms.medication_tables.ingredients if terms.classes(name)]
        brands = [
            name.brand
            for entries in terms.medication_tables.index.names.values()
            for _, name in entries
            if name.brand and any(terms.classes(part) for part in name.ingredients)
        ]
        ordinary = SALTS | terms.medication_tables.index.forms.keys()
        self._in_scope = lookalike_index([*names, *brands], ordinary)

    def read(self, document: object) -> None:
        """Adds all concepts of a FHIR resource, Bundle or hook request. Never raises."""
        for concept in concepts(document):
            if concept.drug:
                self._drug(concept)
            else:
                for coding in concept.codings:
                    self._count(coding, self._holds(coding))

    def _holds(self, coding: Coding) -> bool:
        if coding.system == UCUM:
            return read_unit("", coding.code, UCUM) is not None
        return (
            bool(self._terms.value_sets(coding))
            or timing_code(coding) is not None
            or self._terms.route((Coding(coding.system, coding.code),), ()) is not None
            or (coding.system == SNOMED and read_unit("", coding.code, SNOMED) is not None)
        )

    def _count(self, coding: Coding, known: bool) -> None:
        system = coding.system or "no system"
        if coding.system.startswith(_FHIR_OWN) and coding.system not in _CLINICAL:
            self.coverage.fhir_own[system] += 1
        elif known:
            self.coverage.known[system] += 1
        else:
            self.coverage.unknown.setdefault(system, Counter())[coding.code, coding.display] += 1

    def _drug(self, concept: Concept) -> None:
        texts = (concept.text,) if concept.text else ()
        found = self._terms.medication(concept.codings, texts)
        for coding in concept.codings:
            alone = self._terms.medication((Coding(coding.system, coding.code),), ())
            self._count(coding, bool(alone.medications))
        said = concept.text or next((one.display for one in concept.codings if one.display), "")
        if found.medications:
            named = [part.name for one in found.medications for part in one.ingredients]
            scope = "in scope" if any(self._terms.classes(name) for name in named) else "out of scope"
            self.coverage.drugs[scope] += 1
        elif not said:
            codes = ", ".join(f"{one.system or 'no system'}|{one.code}" for one in concept.codings)
            self.coverage.unnamed[codes] += 1
        elif self._looks_in_scope(concept):
            self.coverage.missed[said] += 1
        else:
            self.coverage.drugs["out of scope"] += 1

    def _looks_in_scope(self, concept: Concept) -> bool:
        texts = [concept.text, *(one.display for one in concept.codings)]
        words = {word for text in texts for word in tokens(text[:1000])}
        parts = (name for name in self._in_scope.names for word in words if _within(name, word))
        alike = (lookalikes(text, self._in_scope) for text in texts if text)
        return next(parts, None) is not None or any(alike)


def _within(name: str, word: str) -> bool:
    return word.startswith(name) or (len(name) >= _TELLING and name in word)


def concepts(document: object) -> Iterator[Concept]:
    """All CodeableConcepts, Codings and coded quantities of a JSON document, resources within it included."""
    waiting: list[tuple[object, str, str, int]] = [(document, "", "", 0)]
    while waiting:
        node, element, resource, depth = waiting.pop()
        if depth > _DEEPEST:
            continue
        if isinstance(node, list):
            waiting.extend((one, element, resource, depth + 1) for one in node)
        elif isinstance(node, dict):
            kind = node.get("resourceType")
            inside = kind if isinstance(kind, str) else resource
            concept = _concept(node, element, inside)
            if concept is not None:
                yield concept
                continue
            waiting.extend((value, str(key), inside, depth + 1) for key, value in node.items())


def _concept(node: dict[str, object], element: str, resource: str) -> Concept | None:
    drug = element in _DRUG_ELEMENTS or (resource in _DRUG_RESOURCES and element == "code")
    listed = node.get("coding")
    if isinstance(listed, list):
        codings = tuple(coding for one in listed if (coding := _coding(one)))
        text = _text(node, "text")
        return Concept(codings, text, drug) if codings or text else None
    if drug and _text(node, "text") and "reference" not in node:
        return Concept((), _text(node, "text"), True)
    if isinstance(node.get("system"), str) and isinstance(node.get("code"), str):
        coding = _coding(node)
        return Concept((coding,), "", drug) if coding else None
    return None


def _coding(node: object) -> Coding | None:
    if not isinstance(node, dict) or not _text(node, "code"):
        return None
    return Coding(canonical_system(_text(node, "system")), _text(node, "code"), _text(node, "display"))


def _text(node: dict[str, object], member: str) -> str:
    value = node.get(member)
    return value.strip() if isinstance(value, str) else ""


def report(coverage: Coverage, most: int = 20) -> Iterator[str]:
    """The coverage in words, at most `most` unknown codes of each system."""
    if coverage.share is not None:
        recognised = coverage.drugs["in scope"]
        yield f"medications in scope: {recognised} of {coverage.in_scope} recognised ({coverage.share:.2%})"
    else:
        yield "medications in scope: none"
    yield from _listed("  not recognised", coverage.missed, most)
    yield f"medications out of scope: {coverage.drugs['out of scope']}"
    if coverage.unnamed:
        yield f"medications with an unknown code and no text: {coverage.unnamed.total()}"
        yield from _listed("  unknown", coverage.unnamed, most)
    yield "codes by system (recognised / all):"
    for system in sorted({*coverage.known, *coverage.unknown}):
        missing = coverage.unknown.get(system, Counter())
        yield f"  {system}: {coverage.known[system]} / {coverage.known[system] + missing.total()}"
        for (code, display), count in missing.most_common(most):
            yield f"    unknown: {code[:60]} {display[:80]} ({count})"
        if len(missing) > most:
            yield f"    and {len(missing) - most} more"
    if coverage.fhir_own:
        yield f"codes of FHIR's own lists (statuses, categories), not looked up: {coverage.fhir_own.total()}"


def _listed(label: str, found: Counter[str], most: int) -> Iterable[str]:
    lines: Sequence[str] = [f"{label}: {text[:100]} ({count})" for text, count in found.most_common(most)]
    more = len(found) - most
    return [*lines, f"  and {more} more"] if more > 0 else lines
