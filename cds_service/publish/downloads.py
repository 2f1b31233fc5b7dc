"""The statements as a table and as JSON, for those who review knowledge with tools of their own."""

from datetime import date
from typing import Any, Final

from cards.knowledge.conditions import Escalation
from cards.knowledge.index import Knowledge
from cards.knowledge.statements import Statement
from cards.rules.inputs import inputs_of
from cds_service.publish.attributes import source_attributes
from cds_service.publish.in_words import escalations_in_words, rule_in_words
from cds_service.publish.predicate_words import Titles, condition_words, titles_of
from cds_service.publish.statement_index import about
from cds_service.spreadsheet import table
from terminology.load import Terminology

_COLUMNS: Final = (
    "id", "kind", "title", "about", "problem", "topic", "severity", "evidence", "jurisdictions", "logic",
    "sources", "review", "approved_by", "in_force", "changed_by_site", "file", "release",
)  # fmt: skip


def as_csv(knowledge: Knowledge, terms: Terminology, day: date, release: str) -> str:
    """One row per statement, its logic in words, its thirteen source attributes behind."""
    attributes = {
        name: source_attributes(one, knowledge, terms, release) for name, one in knowledge.statements.items()
    }
    first = next(iter(attributes.values()), ())
    rows = (
        (
            *_row(knowledge.statements[name], knowledge, titles_of(terms), day, release).values(),
            *(one.said for one in listed),
        )
        for name, listed in sorted(attributes.items())
    )
    return table((*_COLUMNS, *(f"({one.number}) {one.name}" for one in first)), rows)


def as_json(knowledge: Knowledge, terms: Terminology, day: date, release: str) -> dict[str, Any]:
    """The release and every statement with its logic, sources, review and source attributes."""
    return {
        "release": release,
        "version": knowledge.version,
        "statements": [
            _whole(knowledge.statements[name], knowledge, terms, day, release)
            for name in sorted(knowledge.statements)
        ],
    }


def _row(one: Statement, knowledge: Knowledge, titles: Titles, day: date, release: str) -> dict[str, str]:
    return {
        "id": one.id,
        "kind": one.kind,
        "title": one.title,
        "about": about(one),
        "problem": one.problem,
        "topic": one.topic,
        "severity": one.severity.name,
        "evidence": one.evidence,
        "jurisdictions": " ".join(sorted(one.jurisdictions)),
        "logic": logic(one, titles),
        "sources": " | ".join(f"{source.title}, {source.section}, {source.url}" for source in one.sources),
        "review": one.review.words(day),
        "approved_by": one.approved_by or "",
        "in_force": knowledge.dormant.get(one.id, "yes"),
        "changed_by_site": " | ".join(f"{each.path}: {each.shipped} to {each.site}" for each in one.changed),
        "file": one.file,
        "release": release,
    }


def logic(one: Statement, titles: Titles) -> str:
    """Rule and grading in one text."""
    rows, tables = rule_in_words(one.rule, titles)
    parts = [f"{row.label}: {row.text}" for row in rows]
    for one_table in tables:
        for line in one_table.rows:
            named = zip(one_table.columns, line, strict=True)
            parts.append(
                f"{one_table.label}: " + ", ".join(f"{column} {text}" for column, text in named if text)
            )
    parts += [
        f"more severe ({row.label}) when {row.text}" for row in escalations_in_words(one.escalations, titles)
    ]
    parts += [f"less severe ({row.label}) when {row.text}" for row in escalations_in_words(one.caps, titles)]
    return "; ".join(parts)


def _whole(
    one: Statement, knowledge: Knowledge, terms: Terminology, day: date, release: str
) -> dict[str, Any]:
    rows, tables = rule_in_words(one.rule, titles_of(terms))
    return {
        **_row(one, knowledge, titles_of(terms), day, release),
        "jurisdictions": sorted(one.jurisdictions),
        "logic": {
            "rows": [{"label": row.label, "text": row.text} for row in rows],
            "tables": [
                {"label": each.label, "columns": list(each.columns), "rows": [list(line) for line in each.rows]}
                for each in tables
            ],
            "moreSevere": _steps(one.escalations, titles_of(terms)),
            "lessSevere": _steps(one.caps, titles_of(terms)),
        },
        "sources": [
            {"title": each.title, "section": each.section, "url": each.url, "evidence": each.status}
            for each in one.sources
        ],
        "approvals": [
            {"by": each.by, "role": each.role, "on": each.on.isoformat(), "release": each.release,
             "current": each == one.review.current}
            for each in one.review.history
        ],
        "changes": [
            {"path": each.path, "shipped": each.shipped, "site": each.site, "why": each.why, "owner": each.owner}
            for each in one.changed
        ],
        "reads": sorted({read for read, _ in inputs_of(one, knowledge)}),
        "sourceAttributes": [
            {"number": each.number, "name": each.name, "used": each.used, "value": list(each.lines)}
            for each in source_attributes(one, knowledge, terms, release)
        ],
    }  # fmt: skip


def _steps(steps: tuple[Escalation, ...], titles: Titles) -> list[dict[str, str]]:
    return [
        {"to": one.to.name, "when": condition_words(one.when, titles), "because": one.because}
        for one in steps
    ]
