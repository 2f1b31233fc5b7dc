"""The sandbox in a browser, as a first-time user walks through it."""

import base64
import json
import sqlite3
import time

import pytest

from cards.knowledge.cases import run_file

pytestmark = pytest.mark.enable_socket

RENAL = "#patient-kidney-25"
CARD = "article.card"


def sign_suggested(page, patient):
    """Three clicks from the open page to the cards."""
    page.locator(patient).click()
    page.locator("#suggested").click()
    page.locator("#evaluate:enabled").click()
    page.locator(CARD).first.wait_for()


def link_of(page):
    """The address, once it carries the case as it was called: it is written when the cards have settled."""
    for _ in range(100):
        written = page.url.partition("#case=")[2]
        shared = base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))
        if shared and json.loads(shared)["called"]:
            return page.url
        page.wait_for_timeout(50)
    raise AssertionError(page.url)


def rows(service, query, *values):
    connection = sqlite3.connect(service.database)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def test_three_clicks_lead_to_a_renal_dose_card_and_its_suggestion_settles_it(open_page, picture):
    page = open_page()
    picture(page, "sandbox-start")
    sign_suggested(page, RENAL)
    card = page.locator(CARD)
    assert card.count() == 1
    assert card.locator(".badge").inner_text() == "Critical"
    assert all(part in card.locator("h3").inner_text() for part in ("3600", "25", "700"))
    assert "1 card: 1 critical." in page.locator("#announce").inner_text()
    picture(page, "sandbox-card")
    card.locator("[id^=apply]").first.click()
    page.locator(".empty.good").wait_for()
    assert page.locator(CARD).count() == 0
    assert "200 mg" in page.locator(".orders").inner_text()
    assert "Applied: Change to gabapentin" in page.locator("#announce").inner_text()
    assert page.evaluate("document.activeElement.id") == "advice-title"
    picture(page, "sandbox-applied")


def test_an_order_written_by_search_gives_a_card_and_can_be_edited(open_page, picture):
    page = open_page()
    page.locator(RENAL).check()
    page.locator("#q").press_sequentially("gaba 600 tab")
    page.get_by_label("gabapentin 600 MG Oral Tablet", exact=True).check()
    assert page.locator("#unit").input_value() == "tablet"
    page.locator("#amount").fill("2")
    page.locator("#often").select_option("3")
    picture(page, "sandbox-writing")
    page.locator("#amount").press("Enter")
    page.locator(".orders").wait_for()
    assert "2 tablets three times a day" in page.locator(".orders").inner_text()
    page.locator("#evaluate").click()
    assert "3600" in page.locator(f"{CARD} h3").first.inner_text()
    page.locator("#edit-1").click()
    page.locator("#cancel").wait_for()
    assert page.locator("#amount").input_value() == "2"
    page.locator("#amount").fill("0.5")
    page.locator("#often").select_option("1")
    page.locator("#add").click()
    page.locator("#cancel").wait_for(state="detached")
    assert page.locator(".orders li").count() == 1
    page.locator("#evaluate").click()
    page.locator(".empty.good").wait_for()


def test_an_override_with_a_reason_is_kept_and_stands_on_the_feedback_page(open_page, picture, service):
    page = open_page()
    sign_suggested(page, "#patient-warfarin")
    card = page.locator(CARD).first
    uuid = card.locator("details.override").get_attribute("id").removeprefix("override-")
    card.get_by_text("Do not follow this advice").click()
    card.locator("select").select_option("specialist-plan")
    card.get_by_label("Comment").fill("cardiology agrees")
    picture(page, "sandbox-override")
    card.get_by_role("button", name="Send as feedback").click()
    page.locator(f"{CARD}.answered").wait_for()
    assert "Specialist plan" in page.locator(f"{CARD}.answered").inner_text()
    kept = rows(service, "SELECT client, outcome, reason_code, comment FROM feedback WHERE card = ?", uuid)
    assert kept == [("sandbox", "overridden", "specialist-plan", "cardiology agrees")]
    for _ in range(100):
        if rows(service, "SELECT 1 FROM card WHERE card = ?", uuid):
            break
        time.sleep(0.1)
    burden = open_page("/feedback")
    assert "Specialist plan" in burden.locator("main").inner_text()
    assert "cardiology agrees" not in burden.content()
    picture(burden, "feedback")


def test_a_link_opens_the_case_for_somebody_else(open_page):
    page = open_page()
    sign_suggested(page, RENAL)
    other = open_page(link_of(page))
    other.locator(CARD).wait_for()
    assert other.locator(RENAL).is_checked()
    assert other.locator(f"{CARD} h3").inner_text() == page.locator(f"{CARD} h3").inner_text()


def test_a_case_is_copied_as_a_link_and_saved_as_a_knowledge_case_that_passes(
    open_page, tmp_path, knowledge, terminology
):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    sign_suggested(page, RENAL)
    link = link_of(page)
    page.locator("#copy").click()
    page.get_by_text("Link copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == link
    with page.expect_download() as got:
        page.locator("#save").click()
    path = tmp_path / got.value.suggested_filename
    got.value.save_as(path)
    assert path.name == "kidney-25.cases.yaml"
    (result,) = run_file(path, knowledge, terminology)
    assert result.problems == ()


def test_an_uploaded_bundle_is_read_in_the_browser_and_is_in_no_link(open_page, picture, tmp_path):
    patient = {"resourceType": "Patient", "id": "own-1", "gender": "female", "birthDate": "1950-01-01"}
    problem = {
        "resourceType": "Condition",
        "code": {"text": "<b>Bold</b> pain"},
        "subject": {"reference": "Patient/own-1"},
    }
    entry = [{"resource": one} for one in (patient, problem)]
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry}))
    page = open_page()
    sign_suggested(page, RENAL)
    page.locator("#source-bundle").check()
    page.locator("#upload").set_input_files(file)
    page.locator(".banner").wait_for()
    page.locator("#chart summary").click()
    assert "<b>Bold</b> pain" in page.locator("#chart").inner_text()
    page.locator("#q").fill("gabapentin 600 MG Oral Tablet")
    page.locator("#sig").fill("2 tablets three times a day")
    page.locator("#add").click()
    page.locator(".orders").wait_for()
    page.locator("#evaluate").click()
    page.locator(CARD).first.wait_for()
    assert "#" not in page.url
    assert page.locator("#copy").count() == 0
    picture(page, "sandbox-bundle")


def test_a_patient_of_an_allow_listed_server_is_found_and_read_by_the_service(open_page, picture):
    page = open_page()
    page.locator("#source-server").check()
    page.locator("#search").fill("Kidney-25")
    page.locator("#search").press("Enter")
    page.locator("#patient-1").check()
    page.locator(".banner").wait_for()
    page.locator("#q").fill("gabapentin 600 MG Oral Tablet")
    page.locator("#sig").fill("2 tablets three times a day")
    page.locator("#add").click()
    page.locator(".orders").wait_for()
    page.locator("#evaluate").click()
    assert "CrCl 25" in page.locator(f"{CARD} h3").first.inner_text()
    page.locator("#view-request").check()
    assert "(hidden)" in page.locator("pre").inner_text()
    picture(page, "sandbox-server")


def test_the_way_to_a_card_works_from_the_keyboard_alone(open_page):
    page = open_page()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "patient":
            break
    page.keyboard.press("Space")
    page.locator("#suggested").wait_for()
    assert page.evaluate("document.activeElement.name") == "patient"
    for target in ("suggested", "evaluate"):
        page.locator(f"#{target}:enabled").wait_for()
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == target:
                break
        page.keyboard.press("Enter")
    page.locator(CARD).first.wait_for()
    assert page.evaluate("document.activeElement.id") == "evaluate"


def test_order_select_answers_by_itself_when_the_orders_change(open_page):
    page = open_page()
    page.locator(RENAL).check()
    page.locator("#hook").select_option("order-select")
    page.locator("#suggested").click()
    page.locator(CARD).wait_for()
    page.locator("#selected-1").uncheck()
    page.locator("#selected-1:not(:checked)").wait_for()
