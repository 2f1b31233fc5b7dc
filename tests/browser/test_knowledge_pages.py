"""Knowledge and feedback pages in a browser: no barrier, no sideways scrolling, and usable by keyboard."""

import pytest
from browser import running_service
from click.testing import CliRunner
from test_page_quality import barriers

from cds_service.commands.feedback import feedback_group

pytestmark = pytest.mark.enable_socket

PAGES = {
    "claims": "/knowledge/claims",
    "changelog": "/knowledge/changelog",
    "interaction": "/knowledge/gabapentinoid-with-opioid",
    "procedure-hold": "/knowledge/procedure-antithrombotic-hold",
    "narrowed": "/knowledge?drug=warfarin&severity=critical",
}


def test_axe_finds_no_barrier_and_nothing_scrolls_sideways(open_page, picture):
    for name, path in PAGES.items():
        page = open_page(path, width=390)
        assert barriers(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        picture(page, f"knowledge-{name}")


def test_a_case_opens_by_keyboard_and_shows_what_it_is_about(open_page):
    page = open_page("/knowledge/gabapentin-renal-dose#cases")
    summary = page.locator("#cases ~ .scroll summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert "gabapentin 600 MG Oral Tablet" in page.locator("details[open] dl").first.inner_text()


def test_a_filter_is_sent_by_enter_and_kept_in_the_fields(open_page):
    page = open_page("/knowledge")
    page.get_by_label("Drug or class").fill("pregabalin")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert page.get_by_label("Drug or class").input_value() == "pregabalin"
    assert "drug=pregabalin" in page.url
    assert page.locator("tbody tr").count() > 5


def test_the_feedback_page_with_demo_data(chromium, picture, tmp_path):
    url = f"sqlite:///{tmp_path}/demo.sqlite"
    made = CliRunner().invoke(feedback_group, ["demo", "--database", url, "--cards", "2000"])
    assert made.exit_code == 0, made.output
    with running_service(tmp_path, CDS_DATABASE_URL=url, CDS_SMALL_CELLS="11") as service:
        for width in (390, 1280):
            page = chromium.new_page(viewport={"width": width, "height": 900})
            page.goto(f"{service.base}/feedback?days=90")
            assert "Demo data." in page.locator("main").inner_text()
            assert page.locator("svg.weeks rect").count() > 10
            assert page.get_by_text("to be reviewed", exact=True).count() >= 1
            assert "hidden" in page.locator("main").inner_text()
            assert barriers(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            picture(page, f"feedback-demo-{width}")
            page.close()
