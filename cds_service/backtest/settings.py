"""What decides the rows of a run, as plain values that travel to other processes; and the bench made of them."""

from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cards.knowledge.loader import Knowledge, load_knowledge
from cards.policy import Jurisdiction, Policy
from cds_service.backtest.patient_orders import Bench
from terminology.csv_tables import TABLES
from terminology.load import Terminology
from terminology.load import load as load_terminology

_PARTS = ("cards", "terminology", "cds_service/backtest", "cds_service/hooks/keys.py")
_READ = (".py", ".yaml", ".csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Everything besides the sources that the rows depend on."""

    jurisdiction: Jurisdiction
    zone: str
    since: date | None
    until: date | None
    overlay: Path | None
    rxnorm_file: Path | None = None
    value_sets_folder: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """For the manifest."""
        return {
            key: value.isoformat() if isinstance(value, date) else str(value) if value is not None else None
            for key, value in asdict(self).items()
        }


def bench_for(settings: RunSettings, key: bytes) -> Bench:
    """The bench of a run. Raises KnowledgeFileError or TableError."""
    knowledge, terminology = _loaded(settings.overlay, settings.rxnorm_file, settings.value_sets_folder)
    return Bench(
        knowledge=knowledge,
        terminology=terminology,
        policy=Policy(jurisdiction=settings.jurisdiction, zone=ZoneInfo(settings.zone)),
        key=key,
        since=settings.since,
        until=settings.until,
    )


@lru_cache(maxsize=2)
def _loaded(
    overlay: Path | None, rxnorm_file: Path | None, value_sets_folder: Path | None
) -> tuple[Knowledge, Terminology]:
    """Knowledge and terminology, read once per process."""
    terminology = load_terminology(TABLES, rxnorm_file, value_sets_folder)
    return load_knowledge(overlay=overlay, terms=terminology), terminology


def engine_digest(home: Path) -> str:
    """A digest of all code and data that decide what is said: a resumed run must not mix two states."""
    found = sha256()
    for part in _PARTS:
        for path in sorted((home / part).rglob("*")) or [home / part]:
            if path.suffix in _READ:
                found.update(path.relative_to(home).as_posix().encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:16]


def folder_digest(folder: Path | None) -> str | None:
    """A digest of a site's overlay."""
    if folder is None:
        return None
    found = sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        found.update(path.relative_to(folder).as_posix().encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
