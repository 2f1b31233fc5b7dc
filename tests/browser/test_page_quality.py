"""What every page owes its readers: no barrier that axe-core knows, no sideways scrolling, a usable print."""

import pytest

pytestmark = pytest.mark.enable_socket

PAGES = {
    "sandbox": "/",
    "knowledge": "/knowledge",
    "statement": "/knowledge/gabapentin-renal-dose",
    "feedback-page": "/feedback",
}
GRAVE = {"serious", "critical"}


def barriers(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found if one["impact"] in GRAVE]


def with_card(open_page, **options):
    page = open_page(**options)
    page.locator("#patient-warfarin").check()
    page.locator("#suggested").click()
    page.locator("#evaluate:enabled").click()
    page.locator("article.card").first.wait_for()
    return page


def show(page, view):
    page.locator(f"#view-{view}").check()
    page.locator(f"[data-view={view}]").wait_for()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_barrier(open_page, picture, name):
    page = open_page(PAGES[name])
    assert barriers(page) == []
    picture(page, name)


def test_axe_finds_no_serious_barrier_with_cards_and_each_view(open_page, picture):
    page = with_card(open_page)
    found = []
    for view in ("facts", "statements", "conformance", "request", "response"):
        show(page, view)
        found += [(view, one) for one in barriers(page)]
        picture(page, f"sandbox-{view}")
    assert found == []


def test_axe_finds_no_serious_barrier_in_the_other_sources(open_page):
    page = open_page()
    for source, field in (("bundle", "#bundle"), ("server", "#server")):
        page.locator(f"#source-{source}").check()
        page.locator(field).wait_for()
        assert barriers(page) == [], source


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_scrolls_sideways(open_page, picture, width):
    page = with_card(open_page, width=width)
    for view in ("facts", "statements", "request"):
        show(page, view)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    show(page, "facts")
    picture(page, f"sandbox-{width}-wide")


def test_a_print_shows_the_case_and_its_cards_without_the_forms(open_page, picture):
    page = with_card(open_page)
    page.emulate_media(media="print")
    assert page.locator("article.card").first.is_visible()
    assert page.locator(".banner").is_visible()
    for hidden in (".choose", ".sign", "#copy", "nav"):
        assert not page.locator(hidden).is_visible()
    picture(page, "sandbox-print")


def test_no_script_runs_but_the_files_of_this_server(open_page):
    page = open_page()
    sources = page.eval_on_selector_all("script", "all => all.map(one => one.getAttribute('src'))")
    assert all(source and source.startswith("/sandbox/static/") for source in sources)
    assert page.locator("[style], [onclick]").count() == 0
