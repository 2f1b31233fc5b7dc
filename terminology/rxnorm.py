"""Builds a site's own medication table, one SQLite file, from its RxNorm release (RRF).

Kept are ingredients, products and packs, brands, strengths, dose forms, NDC, ATC, and where retired codes
went. The work happens in SQLite files beside the target, so memory stays bounded however large the release
is; the target is replaced in one step at the end, or not at all.

RXNREL reads "RXCUI2 RELA RXCUI1" (NLM, RxNorm technical documentation, section 12.6).
"""

import os
import re
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from terminology.medications import Strength
from terminology.rrf import Progress, RrfError, rrf_file, rrf_rows
from terminology.rxnorm_end import WHOLE, End, attributes_complete
from terminology.rxnorm_schema import INSERT, RESOLVE, STAGING, TABLES, UNKNOWN_LINKS
from terminology.rxnorm_strengths import component_strength

FORMAT = "1"
_CONCEPTS = frozenset({
    "IN", "PIN", "MIN", "BN", "DF", "SCD", "SBD", "GPCK", "BPCK", "SCDC", "SBDC", "SCDF", "SBDF", "SCDG",
    "SBDG", "SCDFP", "SBDFP", "SCDGP",
})  # fmt: skip
# Each relation in the direction that is kept; the release states both, an excerpt perhaps one.
_RELATIONS = {
    "consists_of": "consists_of", "has_ingredient": "has_ingredient", "has_dose_form": "has_dose_form",
    "has_precise_ingredient": "has_precise_ingredient", "form_of": "form_of", "has_part": "has_part",
    "contains": "contains", "tradename_of": "tradename_of",
}  # fmt: skip
_INVERSE = {
    "constitutes": "consists_of", "ingredient_of": "has_ingredient", "dose_form_of": "has_dose_form",
    "precise_ingredient_of": "has_precise_ingredient", "has_form": "form_of", "part_of": "has_part",
    "contained_in": "contains", "has_tradename": "tradename_of",
}  # fmt: skip
_NDC_SOURCES = frozenset({"RXNORM", "MTHSPL", "VANDF"})
_STRENGTHS = frozenset({
    "RXN_STRENGTH", "RXN_BOSS_STRENGTH_NUM_VALUE", "RXN_BOSS_STRENGTH_NUM_UNIT",
    "RXN_BOSS_STRENGTH_DENOM_VALUE", "RXN_BOSS_STRENGTH_DENOM_UNIT",
})  # fmt: skip
_BATCH = 20_000
_ATC_LENGTH, _NDC_LENGTH = 7, 11


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import kept. `release` is the date of the release, or "unknown"."""

    release: str
    counts: Mapping[str, int]


def import_release(folder: Path, target: Path, progress: Progress) -> Imported:
    """Reads the RRF files of a folder into `target`. Raises RrfError and leaves the old target as it is.

    RXNCONSO, RXNREL and RXNSAT are needed, RXNCUICHANGES and RXNATOMARCHIVE are read where present.
    """
    files = {name: rrf_file(folder, name) for name in ("RXNCONSO", "RXNREL", "RXNSAT")}
    for name, path in files.items():
        if path is None:
            raise RrfError(f"{name}.RRF is not in {folder}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".rxnorm-", dir=target.parent) as work:
        built = Path(work) / "built.sqlite"
        with closing(sqlite3.connect(built, isolation_level=None)) as base:
            imported = _built(base, Path(work) / "staging.sqlite", folder, progress)
        with built.open("rb") as stream:
            os.fsync(stream.fileno())
        built.replace(target)
    return imported


def _built(base: sqlite3.Connection, staging: Path, folder: Path, progress: Progress) -> Imported:
    base.execute("ATTACH DATABASE ? AS staging", (str(staging),))
    for schema in ("main", "staging"):
        base.execute(f"PRAGMA {schema}.journal_mode = OFF")
        base.execute(f"PRAGMA {schema}.synchronous = OFF")
        base.execute(f"PRAGMA {schema}.cache_size = -16000")
    base.execute("PRAGMA temp_store = FILE")
    base.executescript(STAGING + TABLES)
    base.execute("BEGIN")
    _concepts(base, folder, progress)
    _fill(base, INSERT["relations"], _relations(folder, progress))
    end = _attributes(base, folder, progress)
    _fill(base, INSERT["replaced"], _replaced(folder, progress))
    _fill(base, INSERT["strengths"], _component_strengths(base))
    base.execute("COMMIT")
    base.executescript(RESOLVE)
    counts = _counts(base)
    _complete(base, counts)
    attributes_complete(base, end)
    release = _release_date(folder)
    meta = {"format": FORMAT, "release": release, **{key: str(value) for key, value in counts.items()}}
    base.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    base.execute("DETACH DATABASE staging")
    return Imported(release, counts)


def _fill(base: sqlite3.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    batch: list[tuple[object, ...]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            base.executemany(statement, batch)
            batch.clear()
    base.executemany(statement, batch)


def _rows(folder: Path, name: str, progress: Progress) -> Iterator[list[str]]:
    path = rrf_file(folder, name)
    return rrf_rows(path, name, progress) if path else iter(())


def _concepts(base: sqlite3.Connection, folder: Path, progress: Progress) -> None:
    """Concepts and the ATC codes of ingredients."""
    concepts: list[tuple[object, ...]] = []
    codes: list[tuple[object, ...]] = []
    for row in _rows(folder, "RXNCONSO", progress):
        if row[11] == "RXNORM" and row[12] in _CONCEPTS and row[0] and row[16] in ("N", "O", ""):
            concepts.append((int(row[0]), row[12], row[14], int(row[16] != "O")))
        elif row[11] == "ATC" and row[0] and len(row[13]) == _ATC_LENGTH and row[16] == "N":
            codes.append((row[13].upper(), int(row[0])))
        if len(concepts) + len(codes) >= _BATCH:
            _write(base, concepts=concepts, atc=codes)
    _write(base, concepts=concepts, atc=codes)


def _write(base: sqlite3.Connection, **batches: list[tuple[object, ...]]) -> None:
    for name, batch in batches.items():
        base.executemany(INSERT[name], batch)
        batch.clear()


def _relations(folder: Path, progress: Progress) -> Iterator[tuple[object, ...]]:
    for row in _rows(folder, "RXNREL", progress):
        if row[10] != "RXNORM" or not row[0] or not row[4]:
            continue
        if row[7] in _RELATIONS:
            yield int(row[4]), _RELATIONS[row[7]], int(row[0])
        elif row[7] in _INVERSE:
            yield int(row[0]), _INVERSE[row[7]], int(row[4])


def _attributes(base: sqlite3.Connection, folder: Path, progress: Progress) -> End:
    """One pass over the largest file: strengths of components, and NDC of products; and how it ended."""
    end = End()
    strengths: list[tuple[object, ...]] = []
    codes: list[tuple[object, ...]] = []
    for row in _rows(folder, "RXNSAT", progress):
        end.read(row[0])
        if row[11] not in ("N", "") or not row[0]:
            continue
        if row[8] in _STRENGTHS and row[9] == "RXNORM":
            strengths.append((int(row[0]), row[8], row[10]))
        elif row[8] == "NDC" and row[9] in _NDC_SOURCES:
            code = row[10].replace("-", "")
            if len(code) == _NDC_LENGTH and code.isascii() and code.isdigit():
                codes.append((code, int(row[0])))
        if len(strengths) + len(codes) >= _BATCH:
            _write(base, attributes=strengths, ndc=codes)
    _write(base, attributes=strengths, ndc=codes)
    return end


def _component_strengths(base: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
    """Amounts of the components, from their machine-readable attributes, else from their name."""
    components = base.execute("SELECT rxcui, name FROM staging.concept WHERE tty = 'SCDC'")
    for rxcui, name in components:
        stated = dict(base.execute("SELECT name, value FROM staging.attribute WHERE rxcui = ?", (rxcui,)))
        strength: Strength | None = component_strength(stated, name)
        if strength is not None:
            yield rxcui, f"{strength.mg:f}", strength.per


def _replaced(folder: Path, progress: Progress) -> Iterator[tuple[object, ...]]:
    for name, old, new, source in (("RXNCUICHANGES", 5, 6, 2), ("RXNATOMARCHIVE", 12, 15, 13)):
        for row in _rows(folder, name, progress):
            known = row[old].isascii() and row[old].isdigit() and row[new].isascii() and row[new].isdigit()
            if known and row[old] != row[new] and row[source] == "RXNORM":
                yield int(row[old]), int(row[new])


def _counts(base: sqlite3.Connection) -> dict[str, int]:
    counts = {
        "ingredients": "SELECT COUNT(*) FROM drug WHERE tty = 'IN'",
        "products": "SELECT COUNT(*) FROM drug WHERE tty IN ('SCD', 'SBD', 'GPCK', 'BPCK')",
        "obsolete": "SELECT COUNT(*) FROM drug WHERE active = 0",
        "brands": "SELECT COUNT(*) FROM drug WHERE tty = 'BN'",
        "ndc": "SELECT COUNT(*) FROM ndc",
        "replaced": "SELECT COUNT(*) FROM replaced",
    }
    return {name: base.execute(query).fetchone()[0] for name, query in counts.items()}


def _complete(base: sqlite3.Connection, counts: Mapping[str, int]) -> None:
    if not counts["products"] or not counts["ingredients"]:
        raise RrfError(
            "RXNCONSO.RRF: no products and ingredients of source RXNORM; is this an RxNorm release?"
        )
    active, bare = base.execute(
        "SELECT COUNT(*), SUM(NOT EXISTS (SELECT 1 FROM part WHERE part.drug = drug.rxcui)) FROM drug"
        " WHERE active = 1 AND tty IN ('SCD', 'SBD')"
    ).fetchone()
    if active and bare > (1 - WHOLE) * active:
        raise RrfError(
            f"RXNREL.RRF: {bare} of {active} active products have no ingredient; the file is incomplete"
        )
    links, unknown = base.execute(UNKNOWN_LINKS).fetchone()
    if links and unknown > (1 - WHOLE) * links:
        raise RrfError(
            f"RXNCONSO.RRF: {unknown} of {links} links of RXNREL lead to concepts it lacks; the file is incomplete"
        )


_FULL_DATE = re.compile(r"(?:full|prescribe|weekly|RxNorm)[^/]*?_(\d{2})(\d{2})(\d{4})", re.IGNORECASE)
_VERSION_DATE = re.compile(r"_(\d{2})(\d{2})(\d{2})F$")


def _release_date(folder: Path) -> str:
    """From RXNSAB (version `20AA_251006F`), else from the name of the read-me file or the folder."""
    sources = rrf_file(folder, "RXNSAB")
    if sources is not None:
        for line in sources.read_text(encoding="utf-8", errors="replace").splitlines()[:1000]:
            columns = line.split("|")
            if len(columns) > 3 and columns[3] == "RXNORM" and (found := _VERSION_DATE.search(columns[2])):
                return f"20{found[1]}-{found[2]}-{found[3]}"
    whole = folder.resolve()
    names = [path.name for place in (whole, whole.parent) for path in sorted(place.glob("*.txt"))]
    for name in (*names, whole.name, whole.parent.name):
        if found := _FULL_DATE.search(name):
            return f"{found[3]}-{found[1]}-{found[2]}"
    return "unknown"
