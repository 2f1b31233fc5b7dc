"""What decides the rows of a run, as plain values that travel to other processes; and the bench made of them."""

from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cards.knowledge.loader import Knowledge
from cards.policy import Jurisdiction
from cds_service.backtest.patient_orders import Bench
from cds_service.site_knowledge import refuse_nothing_in_force, site_knowledge, site_policy
from terminology.csv_tables import TABLES
from terminology.load import Terminology
from terminology.load import load as load_terminology

_PARTS = (
    "cards", "terminology", "cds_service/backtest", "cds_service/hooks/keys.py", "cds_service/site_knowledge.py",
)  # fmt: skip
_READ = (".py", ".yaml", ".csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Everything besides the sources that the rows depend on.

    `in_force_on` is the local day whose knowledge is evaluated with: a site's switch-offs end on a day.
    """

    jurisdiction: Jurisdiction
    zone: str
    since: date | None
    until: date | None
    overlay: Path | None
    in_force_on: date
    require_approval: bool = False
    rxnorm_file: Path | None = None
    value_sets_folder: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """For the manifest."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool) else str(value)


def bench_for(settings: RunSettings, key: bytes) -> Bench:
    """The bench of a run. Raises KnowledgeFileError, TableError, or SettingsError where nothing is in force."""
    whole, terminology = _loaded(
        settings.overlay, settings.require_approval, settings.rxnorm_file, settings.value_sets_folder
    )
    refuse_nothing_in_force(whole, settings.in_force_on)
    knowledge = whole.on(settings.in_force_on)
    return Bench(
        knowledge=knowledge,
        terminology=terminology,
        policy=site_policy(knowledge, jurisdiction=settings.jurisdiction, zone=ZoneInfo(settings.zone)),
        key=key,
        since=settings.since,
        until=settings.until,
    )


@lru_cache(maxsize=2)
def _loaded(
    overlay: Path | None, require_approval: bool, rxnorm_file: Path | None, value_sets_folder: Path | None
) -> tuple[Knowledge, Terminology]:
    """Knowledge and terminology, read once per process."""
    terminology = load_terminology(TABLES, rxnorm_file, value_sets_folder)
    return site_knowledge(terminology, overlay, require_approval=require_approval), terminology


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
