"""A small knowledge folder and a site's overlay on it, for tests of what a site may decide."""

from pathlib import Path

KNOWLEDGE = """\
drug: {ingredient: mexiletine, release: immediate, name: Mexiletine}
sources:
  LABEL:
    title: Mexiletine US prescribing information
    section: "2"
    url: https://dailymed.nlm.nih.gov/dailymed/search.cfm?query=mexiletine
    status: design
statements:
  - id: mexiletine-renal-dose
    kind: renal-dose
    title: Mexiletine and kidney function
    problem: dose-and-sedation
    topic: dosing
    severity: warning
    order: 10
    sources: [LABEL]
    evidence: design
    rule:
      critical_ratio: 1.5
      near_percent: 10
      floor_mg_per_day: 200
      unreadable_below: 30
      aki: {max_mg_per_day: 200, critical_above_mg_per_day: 400}
      when_missing: {any: [condition ckd, age-at-least 60]}
      bands:
        - {crcl: crcl >= 30, max_mg_per_day: 1200}
        - {crcl: crcl < 30, max_mg_per_day: 600, regimens: [200 mg x 3], note: At most 600 mg a day.}
      haemodialysis: {max_mg_per_day: 600}
  - id: mexiletine-usual-maximum
    kind: dose-limit
    title: Mexiletine above the usual maximum
    problem: dose-and-sedation
    topic: dosing
    severity: warning
    order: 20
    sources: [LABEL]
    evidence: design
    rule: {max_mg_per_day: 900, reason: More is rarely needed.}
  - id: mexiletine-monitoring
    kind: monitoring
    title: Mexiletine without a liver test
    problem: dose-and-sedation
    topic: monitoring
    severity: info
    order: 30
    sources: [LABEL]
    evidence: design
    rule:
      lab: alt
      max_age_days: 365
      summary: No liver test on record
      reason: The label asks for one.
      advice: [Order a liver test.]
"""
CASES = """\
- name: all speak
  expect: {mexiletine-renal-dose: warning, mexiletine-usual-maximum: warning, mexiletine-monitoring: info}
- name: all are silent
  silent: [mexiletine-renal-dose, mexiletine-usual-maximum, mexiletine-monitoring]
"""
OFF = """\
off:
  - statement: mexiletine-usual-maximum
    owner: Drug committee
    reason: the pharmacy checks it
    expires: 2026-06-30
"""
CHANGE = """\
changes:
  - statement: mexiletine-renal-dose
    set:
      rule.bands[crcl < 30].max_mg_per_day: 400
    base:
      rule.bands[crcl < 30].max_mg_per_day: 600
    why: Decision 12 of the drug committee
    owner: Drug committee
"""


def write_knowledge(home: Path) -> Path:
    """A folder with three statements on one drug."""
    (home / "dosing").mkdir(parents=True)
    (home / "dosing/mexiletine.yaml").write_text(KNOWLEDGE)
    (home / "dosing/mexiletine.cases.yaml").write_text(CASES)
    return home


def write_overlay(folder: Path, **files: str) -> Path:
    """A folder with these files; `changes__x` stands for changes/x.yaml."""
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def approval(statement: str, fingerprint: str, day: str = "2026-01-15", **more: str) -> str:
    """One entry of approvals.yaml."""
    further = "".join(f"    {name}: {value}\n" for name, value in more.items())
    stated = f"  - statement: {statement}\n    by: Dr A. Example\n    date: {day}\n"
    return f"{stated}    fingerprint: {fingerprint}\n{further}"
