"""The first lines of a report, and where its numbers come from."""

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.backtest.report.counting import per_hundred
from cds_service.figures.tables import HIDDEN

_SETTINGS = {
    "overlay": "overlay folder",
    "in_force_on": "knowledge as in force on",
    "require_approval": "approved statements only",
    "zone": "time zone",
    "rxnorm_file": "RxNorm file",
    "value_sets_folder": "folder of value sets",
}


def headline(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The numbers that stand at the top."""
    total, least = content["totals"], content["least_patients"]
    yield "Orders evaluated", f"{total['evaluated']:,} of {total['orders']:,}"
    yield "Patients", f"{total['patients']:,}" if total["patients"] >= least else f"<{least}"
    if total["cards"] is None:
        yield "Cards", HIDDEN
    else:
        yield "Cards", f"{total['cards']:,}"
        yield "Cards per 100 orders", f"{per_hundred(total['cards'], total['evaluated']):.2f}"
        yield "Cards per 100 patient-years", f"{per_hundred(total['cards'], total['patient_years']):.1f}"
        yield "Orders with a card", f"{per_hundred(total['with_cards'], total['evaluated']):.1f}%"
    years = (total["first_year"], total["last_year"])
    yield "Years", "–".join(dict.fromkeys(str(year) for year in years if year is not None)) or "none"


def compared_lines(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the comparison rests on."""
    compared, run = content["compared"], content["run"]
    yield "Orders evaluated in both runs", f"{compared['orders']:,}"
    for name, key in (("Cards about them before", "cards_before"), ("Cards about them now", "cards_now")):
        yield name, HIDDEN if compared[key] is None else f"{compared[key]:,}"
    yield "Orders in one run only", f"{compared['only_before']:,} before, {compared['only_now']:,} now"
    for name, before in compared["versions_before"].items():
        now = run["versions"].get(name)
        if now != before:
            yield f"Changed: {name}", f"{before or 'none'} → {now or 'none'}"
    for name, before in compared["settings_before"].items():
        now = run["settings"].get(name)
        if now != before:
            yield f"Changed: {_SETTINGS.get(name, name)}", f"{before or 'none'} → {now or 'none'}"


def provenance(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Sources, versions, settings, speed; what could not be read."""
    run, least = content["run"], content["least_patients"]
    read, settings, versions = run["read"], run["settings"], run["versions"]
    yield "Sources", f"{len(run['sources']):,} files, {sum(one['bytes'] for one in run['sources']):,} bytes"
    yield (
        "Resources read",
        f"{read['resources']:,}, of which {read['kept']:,} of kinds and codes that are used",
    )
    if run["files_not_read"]["count"]:
        yield "Files of other kinds, not read", f"{run['files_not_read']['count']:,}"
    bad = run["bad_lines"]
    yield "Lines that could not be read", f"{bad['count']:,}" + _listed(bad["reasons"])
    yield "Left out of records", _listed(run["left_out"]).strip(" ()") or "nothing"
    period = f"{settings['since'] or 'the beginning'} to {settings['until'] or 'the end'}"
    yield "Period", f"{period}, local days of {settings['zone']}"
    yield "Jurisdiction", settings["jurisdiction"]
    yield "Overlay", settings["overlay"] or "none"
    approved = ", approved statements only" if settings["require_approval"] else ""
    yield "Knowledge", f"as in force on {settings['in_force_on']}{approved}"
    yield "Versions", ", ".join(f"{name} {value}" for name, value in versions.items() if value)
    rates, seconds = run["rates_per_second"], sum(run["seconds"].values())
    yield (
        "Speed",
        f"{rates['resources']:,.0f} resources/s in all, {rates['orders_evaluating']:,.0f} orders/s while "
        f"evaluating; {seconds:,.0f} s with {run['jobs']} jobs ({run['engine']})",
    )
    yield "Most memory of one process", f"{run['peak_memory_mb_per_process']:,} MB"
    yield (
        "Small numbers",
        f"what concerns fewer than {least} patients is not shown, nor what would give it away"
        if least > 1
        else "all shown",
    )


def _listed(counts: Mapping[str, int]) -> str:
    return f" ({', '.join(f'{name} {count:,}' for name, count in counts.items())})" if counts else ""
