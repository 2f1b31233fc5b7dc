"""A pharmacist finds a statement, reads its source, lowers its ceiling, sees what follows, and approves it."""

import os
import re
import subprocess
import sys

import pytest
from browser import running_service

pytestmark = pytest.mark.enable_socket

RENAL = "gabapentin-renal-dose"
CEILING = "rule.bands[30 < crcl < 60].max_mg_per_day"
OVERLAY = f"""version: walk-1
changes:
  - statement: {RENAL}
    set:
      "{CEILING}": 1000
    base:
      "{CEILING}": 1400
    why: Our nephrologists want a lower ceiling
    owner: Pharmacy committee
"""
SITE_CASES = f"""- name: 1200 mg a day at CrCl 45 is above the ceiling of this site
  patient: {{age: 68, sex: female, weight_kg: 62}}
  creatinine: {{value: 1.1}}
  drafts: [{{drug: gabapentin 600 MG Oral Tablet, dose: 1 tablet, times: 2}}]
  expect: {{{RENAL}: warning}}
- name: 1000 mg a day at CrCl 45 is within it
  patient: {{age: 68, sex: female, weight_kg: 62}}
  creatinine: {{value: 1.1}}
  active: [{{drug: gabapentin 100 MG Oral Capsule, dose: 5 capsule, times: 2, days_ago: 90}}]
  drafts: [{{drug: gabapentin 100 MG Oral Capsule, dose: 5 capsule, times: 2}}]
  silent: [{RENAL}]
"""


def command(*arguments):
    """Exit code and output of the command line."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    made = subprocess.run(
        [sys.executable, "-m", "cds_service", *map(str, arguments)], env=own, capture_output=True, text=True
    )
    return made.returncode, made.stdout + made.stderr


def visit(chromium, base, path="/"):
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(15_000)
    page.goto(base + path)
    return page


def cards_of_1200_mg(chromium, base, picture, name):
    """The headings of the cards for gabapentin 600 mg twice a day at a CrCl of about 45 mL/min."""
    page = visit(chromium, base)
    page.locator("#patient-kidney-45").check()
    page.locator("#q").fill("gabapentin 600 MG Oral Tablet")
    page.locator("#sig").fill("1 tablet twice a day")
    page.locator("#add").click()
    page.locator(".orders").wait_for()
    page.locator("#evaluate:enabled").click()
    page.locator("article.card, .empty.good").first.wait_for()
    picture(page, name)
    return page, page.locator("article.card h3").all_inner_texts()


def test_a_pharmacist_reviews_tunes_and_approves_a_ceiling(chromium, picture, tmp_path):
    with running_service(_folder(tmp_path, "base")) as service:
        _find_and_read(chromium, service.base, picture)
        _, before = cards_of_1200_mg(chromium, service.base, picture, "path-4-card-before")
        assert not any("allows at most" in heading for heading in before)

    overlay = _folder(tmp_path, "overlay")
    (overlay / "overlay.yaml").write_text(OVERLAY)
    status, diff = command("knowledge", "diff", "base", overlay)
    assert status == 0, diff
    assert re.search(r"gabapentin-renal-dose.*1400.*1000", diff, re.DOTALL), diff
    status, failing = command("knowledge", "test", "--overlay", overlay)
    assert status == 1
    assert f"{RENAL}: expected silence, got" in failing
    names = re.findall(r"^dosing/gabapentin\.cases\.yaml: (.+)$", failing, re.MULTILINE)
    assert names
    with running_service(_folder(tmp_path, "changed"), CDS_KNOWLEDGE_OVERLAY=str(overlay)) as service:
        page = visit(chromium, service.base, f"/knowledge/{RENAL}")
        text = page.locator("main").inner_text()
        assert "changed by this site" in text
        assert "Our nephrologists want a lower ceiling" in text
        assert "1400 mg/day" in text
        assert "1000 mg/day" in text
        for name in names:
            row = page.locator("tr", has_text=name)
            assert "does not hold" in row.inner_text()
        picture(page, "path-5-changed-and-failing")
        page = visit(chromium, service.base, "/knowledge?standing=changed")
        assert page.locator("tbody tr").count() == 1
        picture(page, "path-6-changed-list")

    _prove(overlay, names)
    status, tested = command("knowledge", "test", "--overlay", overlay)
    assert status == 0, tested
    status, approved = command(
        "knowledge", "approve", "--statement", RENAL, "--by", "Dr Example", "--role", "pharmacist",
        "--overlay", overlay,
    )  # fmt: skip
    assert status == 0, approved
    with running_service(_folder(tmp_path, "approved"), CDS_KNOWLEDGE_OVERLAY=str(overlay)) as service:
        page = visit(chromium, service.base, f"/knowledge/{RENAL}")
        assert "Approved by Dr Example (pharmacist)" in page.locator("main").inner_text()
        assert page.get_by_text("does not hold").count() == 0
        picture(page, "path-7-approved")
        sandbox, after = cards_of_1200_mg(chromium, service.base, picture, "path-8-card-after")
        assert any("1200" in heading and "at most 1000 mg/day" in heading for heading in after), after
        with sandbox.context.expect_page() as opened:
            sandbox.locator("article.card").first.get_by_role("link", name="Why this advice").click()
        assert opened.value.url.endswith(f"/knowledge/{RENAL}")


def _find_and_read(chromium, base, picture):
    """From the start page to the band of CrCl 30 to 59 and its source."""
    page = visit(chromium, base)
    page.get_by_role("link", name="Knowledge", exact=True).click()
    page.get_by_label("Drug or class").fill("gabapentin")
    page.get_by_label("Kind").select_option("renal-dose")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("status").wait_for()
    picture(page, "path-1-found")
    page.get_by_role("link", name="Gabapentin above the ceiling for the patient's kidney function").click()
    band = page.get_by_role("row").filter(has_text="> 30").filter(has_text="< 60")
    assert "1400" in band.inner_text()
    assert "No clinician has approved it yet" in page.locator("main").inner_text()
    picture(page, "path-2-statement")
    source = page.get_by_role("link", name="Neurontin (gabapentin) US prescribing information").first
    assert source.get_attribute("href").startswith("https://dailymed.nlm.nih.gov/")
    assert "2.3 and Table 1" in page.locator("main").inner_text()
    page.locator("#sources").scroll_into_view_if_needed()
    picture(page, "path-3-source")


def _prove(overlay, names):
    """The site's own cases of the new ceiling, in place of the shipped ones that no longer hold."""
    cases = overlay / "cases" / "dosing"
    cases.mkdir(parents=True)
    replaces = "  replaces:\n" + "".join(f'    - "{name}"\n' for name in names)
    head, _, rest = SITE_CASES.partition("\n")
    (cases / "gabapentin.cases.yaml").write_text(f"{head}\n{replaces}{rest}")


def _folder(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    return folder
