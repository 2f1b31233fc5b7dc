"""Codings and the code systems they come from.

A code means nothing without its system, so everything here compares the pair. Real messages name one
system in several ways (canonical URI, OID, trailing blanks, the name in words); `canonical_system`
folds them.
"""

from dataclasses import dataclass
from functools import lru_cache

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"
ATC = "http://www.whocc.no/atc"
UNII = "http://fdasis.nlm.nih.gov"
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
UCUM = "http://unitsofmeasure.org"
CDCREC = "urn:oid:2.16.840.1.113883.6.238"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
GTS_ABBREVIATION = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"

_ALIASES = {
    "urn:oid:2.16.840.1.113883.6.88": RXNORM,
    "rxnorm": RXNORM,
    "urn:oid:2.16.840.1.113883.6.69": NDC,
    "ndc": NDC,
    "urn:oid:2.16.840.1.113883.6.73": ATC,
    "http://www.whocc.no/atc/": ATC,
    "https://www.whocc.no/atc": ATC,
    "https://www.whocc.no/atc_ddd_index": ATC,
    "http://www.whocc.no/atcddd": ATC,
    "atc": ATC,
    "urn:oid:2.16.840.1.113883.4.9": UNII,
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "https://snomed.info/sct": SNOMED,
    "http://snomed.info/ct": SNOMED,
    "http://snomed.info/id": SNOMED,
    "snomed": SNOMED,
    "snomedct": SNOMED,
    "snomed ct": SNOMED,
    "snomed-ct": SNOMED,
    "urn:oid:2.16.840.1.113883.6.90": ICD10CM,
    "https://hl7.org/fhir/sid/icd-10-cm": ICD10CM,
    "http://hl7.org/fhir/sid/icd-10": ICD10CM,
    "urn:oid:2.16.840.1.113883.6.3": ICD10CM,
    "icd-10-cm": ICD10CM,
    "icd10cm": ICD10CM,
    "icd-10": ICD10CM,
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "https://loinc.org": LOINC,
    "loinc": LOINC,
    "urn:oid:2.16.840.1.113883.6.285": HCPCS,
    "http://terminology.hl7.org/codesystem/hcpcs": HCPCS,
    "https://www.cms.gov/medicare/coding/hcpcsreleasecodesets": HCPCS,
    "https://bluebutton.cms.gov/resources/codesystem/hcpcs": HCPCS,
    "hcpcs": HCPCS,
    "urn:oid:2.16.840.1.113883.6.4": ICD10PCS,
    "http://hl7.org/fhir/sid/icd-10-pcs": ICD10PCS,
    "icd-10-pcs": ICD10PCS,
    "icd10pcs": ICD10PCS,
    "urn:oid:2.16.840.1.113883.6.8": UCUM,
    "http://hl7.org/fhir/v3/race": CDCREC,
    "http://terminology.hl7.org/codesystem/v3-race": CDCREC,
    "cdcrec": CDCREC,
    "urn:oid:2.16.840.1.113883.5.4": ACT_CODE,
    "http://hl7.org/fhir/v3/actcode": ACT_CODE,
    "urn:oid:2.16.840.1.113883.5.139": GTS_ABBREVIATION,
    "http://hl7.org/fhir/v3/gtsabbreviation": GTS_ABBREVIATION,
    "http://hl7.org/fhir/timing-abbreviation": GTS_ABBREVIATION,
}
_CANONICAL = {
    system.lower(): system
    for system in (
        RXNORM, NDC, ATC, UNII, SNOMED, ICD10CM, ICD10PCS, HCPCS, LOINC, UCUM, ACT_CODE, GTS_ABBREVIATION,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of one system; `system` is canonical and "" when the message names none."""

    system: str
    code: str
    display: str = ""


@lru_cache(maxsize=1024)
def canonical_system(system: str) -> str:
    """The canonical URI of a code system, given any spelling seen in real messages."""
    folded = system.strip().rstrip("/").lower()
    if folded.startswith(("http://snomed.info/sct", "https://snomed.info/sct")):
        return SNOMED  # national editions and versions are path segments of the same system
    known = _CANONICAL.get(folded) or _ALIASES.get(folded)
    if known:
        return known
    if "icd10pcs" in folded or "icd-10-pcs" in folded:
        return ICD10PCS
    if "icd-10" in folded or "icd10" in folded:
        return ICD10CM  # local URIs that name the system in words (hospital exports)
    return system.strip()
