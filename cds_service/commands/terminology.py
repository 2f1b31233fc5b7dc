"""`cds-service terminology lookup`: what a code or a text means to this service, and which row says so."""

import re
import sys
from collections.abc import Iterator

import click

from cds_service.commands.failures import reported
from cds_service.commands.terminology_files import coverage_command, export_command, import_command
from cds_service.settings import read_settings
from cds_service.site_terminology import site_terminology
from terminology.coding import (
    ACT_CODE,
    ATC,
    HCPCS,
    ICD10CM,
    LOINC,
    NDC,
    RXNORM,
    SNOMED,
    UNII,
    Coding,
    canonical_system,
)
from terminology.load import Terminology
from terminology.medications import Medication, Strength
from terminology.provenance import stated
from terminology.value_sets import ValueSet

_SYSTEMS = {
    "RxNorm": RXNORM, "NDC": NDC, "ATC": ATC, "UNII": UNII, "SNOMED CT": SNOMED, "ICD-10-CM": ICD10CM,
    "LOINC": LOINC, "HCPCS": HCPCS, "encounter class": ACT_CODE,
}  # fmt: skip
_NAMES = {system: name for name, system in _SYSTEMS.items()}
_CODE = re.compile(r"[A-Za-z]{0,4}\d[\w.\-]*|[A-Z]{2,6}", re.ASCII)


@click.group("terminology")
def terminology_group() -> None:
    """What codes and texts mean."""


for _command in (coverage_command, import_command, export_command):
    terminology_group.add_command(_command)


@terminology_group.command("lookup")
@click.argument("code_or_text", nargs=-1, required=True, metavar="CODE_OR_TEXT")
def lookup_command(code_or_text: tuple[str, ...]) -> None:
    """Say what CODE_OR_TEXT is: "rxnorm|310431", "http://loinc.org|2160-0", a bare code, or a drug's name.

    Exit code 1 when nothing is known about it.
    """
    written = " ".join(code_or_text).strip()
    with reported():
        terms = site_terminology(read_settings())
    lines = list(_lookup(written, terms))
    for line in lines or [f"nothing is known about {written!r}", *_why_not(written, terms)]:
        click.echo(line)
    sys.exit(0 if lines else 1)


def _lookup(written: str, terms: Terminology) -> Iterator[str]:
    system, bar, code = written.rpartition("|")
    if bar:
        yield from _coded(Coding(canonical_system(system), code.strip()), terms)
        return
    if _CODE.fullmatch(written):
        for known in _SYSTEMS.values():
            yield from _coded(Coding(known, written), terms)
    named = sorted(terms.named_sets(written))
    if named:
        yield f"{written!r} names, in an order: {', '.join(named)}"
    found = terms.medication((), (written,))
    for one in found.medications:
        yield from _medication(one, "as text", terms)
    if found.medications and found.why:
        yield f"  note: {found.why}"


def _coded(coding: Coding, terms: Terminology) -> Iterator[str]:
    name = _NAMES.get(coding.system, coding.system or "no system")
    for one in terms.medication((coding,), ()).medications:
        yield from _medication(one, f"{name} {coding.code}", terms)
    for row in stated(coding):
        yield f"  stated in {row.where} ({row.verification}): {row.source}"
    sets = sorted(terms.value_sets(coding))
    if sets:
        yield f"{name} {coding.code} is in these value sets:"
        for one_set in sets:
            yield f"  {one_set}: {terms.sets.sets[one_set].title}"
            yield from _why_in(terms.sets.sets[one_set], coding, frozenset(sets))


def _why_in(one_set: ValueSet, coding: Coding, holding: frozenset[str]) -> Iterator[str]:
    code = one_set.stated(coding)
    if code is None:
        through = sorted(one_set.includes & holding)
        yield f"    includes {', '.join(through)}" if through else "    as the terminology server says"
        return
    single = code in {entry.replace(".", "") for entry in one_set.single} | one_set.single
    yield f"    stated as {code} ({'single' if single else 'confirmed'}): {one_set.source}"


def _medication(found: Medication, how: str, terms: Terminology) -> Iterator[str]:
    yield f"{found.name} ({how}; recognised by {found.recognised_by}, confidence {found.confidence})"
    for part in found.ingredients:
        code = f" (RxNorm {part.rxcui})" if part.rxcui else ""
        yield f"  ingredient: {part.name}{code}{_strength(part.strength)}"
        classes = sorted(terms.classes(part.name))
        if classes:
            yield f"  classes of {part.name}: {', '.join(classes)}"
    for name, value in (
        ("form", found.form),
        ("route", found.route),
        ("release", found.release),
        ("brand", found.brand),
        ("RxNorm product", found.rxcui),
    ):
        if value:
            yield f"  {name}: {value}"


def _strength(strength: Strength | None) -> str:
    return f", {strength.mg.normalize():f} mg per {strength.per}" if strength else ""


def _why_not(written: str, terms: Terminology) -> Iterator[str]:
    system, bar, code = written.rpartition("|")
    codings = (Coding(canonical_system(system), code.strip()),) if bar else ()
    found = terms.medication(codings, () if bar else (written,))
    yield f"as a medication: {found.why}"
    if found.near:
        yield f"names that look alike: {', '.join(found.near)}"
