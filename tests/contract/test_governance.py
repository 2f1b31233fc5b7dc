"""What a site decides reaches the answers, and is said wherever somebody asks what the service does."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hook_requests import NOW, SIGN, plain
from site_overlay import approval, write_overlay

from cds_service.app import create_app
from cds_service.commands.evaluate import explained
from cds_service.hooks.discovery import BY_ID, EXTENSION
from cds_service.hooks.invoke import load_engine
from cds_service.hooks.schemas import read_request
from cds_service.settings import SettingsError, read_settings

RENAL = "gabapentin-renal-dose"
CEILING = "rule.bands[15 < crcl <= 30].max_mg_per_day"
CHANGE = f"""\
changes:
  - statement: {RENAL}
    set: {{"{CEILING}": 400}}
    base: {{"{CEILING}": 700}}
    why: Decision 12 of the drug committee
    owner: Drug committee
"""
OFF = """\
off:
  - {statement: gabapentinoid-with-opioid, owner: Drug committee, reason: the pharmacy asks it, expires: 2026-06-14}
"""
TOPICS = """\
topics_off:
  - {topic: pregnancy, owner: Drug committee, reason: another system checks it}
  - {topic: lactation, owner: Drug committee, reason: another system checks it}
"""


@pytest.fixture
def site(settings, tmp_path):
    """(app, engine) of a site with these overlay files."""

    def made(clock=lambda: NOW, *, require_approval=False, **files):
        folder = write_overlay(tmp_path, **files)
        own = replace(settings, knowledge_overlay=folder, require_approval=require_approval)
        engine = load_engine(own)
        return create_app(own, engine, clock=clock), engine

    return made


def card_of(response, statement):
    return next(one for one in response.json["cards"] if any(statement in str(link) for link in one["links"]))


def with_oxycodone(body):
    body["prefetch"]["medications"] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [
            {
                "resource": {
                    "resourceType": "MedicationRequest",
                    "id": "m1",
                    "status": "active",
                    "intent": "order",
                    "subject": {"reference": "Patient/p1"},
                    "medicationCodeableConcept": {"text": "oxycodone 5 mg tablet"},
                    "dosageInstruction": [
                        {
                            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
                            "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
                        }
                    ],
                }
            }
        ],
    }
    return body


def approvals_of(engine, *names):
    entries = [approval(name, engine.knowledge.statements[name].fingerprint) for name in names]
    return "approvals:\n" + "".join(entries)


def stated(client):
    return client.get("/cds-services").json["services"][0]["extension"][EXTENSION]


def test_a_changed_ceiling_reaches_the_card_the_offer_and_the_basis(site, client):
    app, _ = site(overlay=CHANGE)
    card = card_of(app.test_client().post(SIGN, json=plain()), RENAL)
    assert "at most 400 mg/day" in card["summary"]
    assert (
        "Set by this site: ceiling for 15 < CrCl <= 30 mL/min 400 mg/day, not 700 mg/day (Decision 12"
        in card["detail"]
    )
    assert "label's ceiling" not in card["detail"]
    shipped = card_of(client.post(SIGN, json=plain()), RENAL)
    assert "at most 700 mg/day" in shipped["summary"]
    assert "The label's ceiling for" in shipped["detail"]
    assert "Set by this site" not in shipped["detail"]


def test_a_switch_off_applies_on_its_last_day_and_not_on_the_next(site):
    last, after = datetime(2026, 6, 14, 23, 59, tzinfo=UTC), datetime(2026, 6, 15, 0, 0, tzinfo=UTC)
    said = {}
    for now in (last, after):
        app, _ = site(lambda now=now: now, overlay=OFF)
        said[now] = str(app.test_client().post(SIGN, json=with_oxycodone(plain())).json).lower()
    assert "oxycodone" not in said[last]
    assert "oxycodone" in said[after]


def test_one_running_service_follows_the_end_of_a_switch_off(site):
    now = [datetime(2026, 6, 14, 12, tzinfo=UTC)]
    app, _ = site(lambda: now[0], overlay=OFF)
    client = app.test_client()
    assert stated(client)["switchedOff"] == ["gabapentinoid-with-opioid"]
    assert client.get("/readyz").json["notices"] == {}
    now[0] = datetime(2026, 6, 15, 12, tzinfo=UTC)
    assert stated(client)["switchedOff"] == []
    assert client.get("/readyz").json["notices"] == {"switch-off-expired": 1}
    assert "oxycodone" in str(client.post(SIGN, json=with_oxycodone(plain())).json).lower()


def test_the_end_of_a_switch_off_is_a_local_day(settings, tmp_path):
    own = replace(
        settings,
        knowledge_overlay=write_overlay(tmp_path, overlay=OFF),
        zone=ZoneInfo("America/Los_Angeles"),
    )
    engine = load_engine(own)
    app = create_app(
        own, engine, clock=lambda: datetime(2026, 6, 15, 6, 0, tzinfo=UTC)
    )  # still the 14th there
    assert stated(app.test_client())["switchedOff"] == ["gabapentinoid-with-opioid"]


def test_explain_names_what_is_not_in_force_for_an_order_and_why(site):
    _, engine = site(overlay=OFF.replace("2026-06-14", "2026-06-15"))
    body = with_oxycodone(plain())
    shown = explained(read_request(body, BY_ID["neuropathic-order-sign"]), body, engine, NOW)
    (one,) = [row for row in shown["statements"] if row["id"] == "gabapentinoid-with-opioid"]
    assert one["outcome"] == "suppressed"
    assert "until 2026-06-15 (Drug committee: the pharmacy asks it)" in one["why"]


def test_a_key_of_topics_that_are_off_is_not_asked_for(site, client):
    app, engine = site(policy=TOPICS)
    asked = app.test_client().get("/cds-services").json["services"][0]["prefetch"]
    shipped = client.get("/cds-services").json["services"][0]["prefetch"]
    assert shipped.keys() - asked.keys() == {"pregnancy"}
    assert "pregnancy" not in engine.fhir.templates
    assert app.test_client().post(SIGN, json=plain()).status_code == 200  # what is sent all the same is read


def test_a_key_that_another_topic_reads_is_still_asked_for(site):
    app, _ = site(policy=TOPICS.partition("  - {topic: lactation")[0])
    assert "pregnancy" in app.test_client().get("/cds-services").json["services"][0]["prefetch"]


def test_discovery_and_readyz_name_topics_that_are_off(site, client):
    app, engine = site(policy=TOPICS)
    own = app.test_client()
    found = stated(own)
    assert found["topicsOff"] == ["lactation", "pregnancy"]
    assert not {"lactation", "pregnancy"} & set(found["topics"])
    assert found["inForce"] == len(engine.knowledge.in_force) < found["statements"]
    needs = own.get("/cds-services").json["services"][0]["usageRequirements"]
    assert "topics turned off: lactation, pregnancy" in needs
    assert "No card does not mean that the others were checked" in needs
    ready = own.get("/readyz").json
    assert (ready["topicsOff"], ready["inForce"]) == (found["topicsOff"], found["inForce"])
    everything = stated(client)
    assert (everything["topicsOff"], everything["inForce"]) == ([], everything["statements"])
    assert "turned off" not in client.get("/cds-services").json["services"][0]["usageRequirements"]


def test_releases_of_software_knowledge_overlay_and_terminology_are_stated(site, client, engine):
    app, own = site(overlay='version: "7"\n')
    found = stated(app.test_client())["releases"]
    assert found["knowledge"] == engine.knowledge.release
    assert found["overlay"].startswith("7.")
    assert found["knowledgeVersion"] == own.knowledge.version
    assert own.knowledge.version.startswith(f"{engine.knowledge.release}+")
    assert own.knowledge.version.endswith(f".site-{found['overlay']}")
    assert found["terminology"] == engine.terminology.version
    assert found == app.test_client().get("/readyz").json["releases"]
    assert "overlay" not in stated(client)["releases"]


def test_with_approval_required_and_none_given_the_service_does_not_start(site):
    with pytest.raises(SettingsError, match=r"CDS_REQUIRE_APPROVAL=on, and no statement is approved"):
        site(require_approval=True)


def test_with_approval_required_only_approved_statements_speak(site, engine):
    app, own = site(require_approval=True, approvals=approvals_of(engine, "gabapentin-label-maximum"))
    client = app.test_client()
    assert stated(client)["topics"] == client.get("/readyz").json["topics"] == ["dosing"]
    assert stated(client)["inForce"] == 1
    assert stated(client)["notApproved"] == len(own.knowledge.statements) - 1
    assert client.post(SIGN, json=plain()).json == {"cards": []}
    over = plain()
    dose = over["context"]["draftOrders"]["entry"][0]["resource"]["dosageInstruction"][0]["doseAndRate"][0]
    dose["doseQuantity"]["value"] = 3
    answered = client.post(SIGN, json=over)
    card = card_of(answered, "gabapentin-label-maximum")
    assert "Review: approved by Dr A. Example" in card["detail"]
    # The label's maximum would be offered for one click, were it not far above what this patient's kidneys allow.
    assert not any("Change to" in one["label"] for one in card.get("suggestions", []))
    shown = explained(read_request(over, BY_ID["neuropathic-order-sign"]), over, own, NOW)
    (renal,) = [row for row in shown["statements"] if row["id"] == RENAL]
    assert (renal["outcome"], renal["why"]) == (
        "suppressed",
        "not approved: no clinician has approved it yet",
    )


def test_an_approval_that_lapsed_silences_again(site, engine):
    kept = approvals_of(engine, RENAL, "gabapentin-label-maximum")
    app, _ = site(require_approval=True, approvals=kept)
    assert RENAL in str(app.test_client().post(SIGN, json=plain()).json)
    app, _ = site(require_approval=True, approvals=kept, overlay=CHANGE)
    assert RENAL not in str(app.test_client().post(SIGN, json=plain()).json)
    assert app.test_client().get("/readyz").json["notices"] == {"approval-lapsed": 1}


def test_without_approval_required_what_is_not_approved_speaks_and_says_so(client):
    card = card_of(client.post(SIGN, json=plain()), RENAL)
    assert "no clinician has approved this advice yet" in card["detail"]


def test_reviews_and_notices_are_counted_in_the_metrics(site, engine):
    old = approvals_of(engine, RENAL).replace("2026-01-15", "2025-01-15")
    app, own = site(approvals=old, overlay=OFF)
    lines = app.test_client().get("/metrics").get_data(as_text=True).splitlines()
    total = len(own.knowledge.statements)
    for line in (
        'cds_knowledge_reviews{state="overdue"} 1.0',
        f'cds_knowledge_reviews{{state="none"}} {total - 1}.0',
        'cds_knowledge_reviews{state="lapsed"} 0.0',
        'cds_knowledge_notices{kind="review-overdue"} 1.0',
        'cds_knowledge_notices{kind="switch-off-expired"} 1.0',
        f'cds_knowledge_statements{{state="in-force"}} {total}.0',
    ):
        assert line in lines


def test_the_policy_of_the_site_decides_repeats_and_number_of_cards(site):
    _, engine = site(policy="repeat_days: 7\nmax_cards: 2\n")
    assert (engine.policy.repeat_days, engine.policy.max_cards) == (7, 2)


def test_at_most_the_policys_number_of_cards_come(site, client):
    body = with_oxycodone(plain())
    shipped = client.post(SIGN, json=body).json["cards"]
    app, _ = site(policy="max_cards: 1\n")
    cards = app.test_client().post(SIGN, json=body).json["cards"]
    critical = [one for one in shipped if one["indicator"] == "critical"]
    assert len(cards) == max(1, len(critical) + (len(shipped) > len(critical)))


@pytest.mark.parametrize(("written", "on"), [("on", True), ("off", False), (" ON ", True), (None, False)])
def test_the_setting_is_on_or_off(monkeypatch, written, on):
    monkeypatch.delenv("CDS_REQUIRE_APPROVAL", raising=False)
    if written is not None:
        monkeypatch.setenv("CDS_REQUIRE_APPROVAL", written)
    assert read_settings().require_approval is on


@pytest.mark.parametrize("written", ["true", "1", "yes", ""])
def test_the_setting_takes_nothing_else(monkeypatch, written):
    monkeypatch.setenv("CDS_REQUIRE_APPROVAL", written)
    with pytest.raises(SettingsError, match="CDS_REQUIRE_APPROVAL"):
        read_settings()
