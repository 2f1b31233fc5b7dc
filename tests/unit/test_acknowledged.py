"""What a prescriber has overridden for a lasting reason is not shown again; what must be seen always is."""

from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal

import pytest
from make_fhir import NOW, patient, weight
from make_request import drug, run

from cards.acknowledged import LASTING_REASONS, Acknowledged
from cards.compose import OVERRIDE_REASONS
from cards.policy import Policy

PERSON = {"patient": [patient(54, "male")]}
WARFARIN = drug("warfarin sodium 5 MG Oral Tablet", 5, 1, status="active", identifier="w")
APIXABAN = drug("apixaban 5 MG Oral Tablet", 5, 2, status="active", identifier="a")
OXYCODONE = drug("oxycodone hydrochloride 5 MG Oral Tablet", 5, 3, status="active", identifier="o")
ANSWER = Acknowledged(
    statement="nsaid-with-vka",
    drugs=frozenset({"naproxen", "warfarin"}),
    daily_mg=Decimal(1000),
    reason="benefit-outweighs",
    at=NOW - timedelta(days=20),
)


@pytest.fixture
def engine(knowledge, terminology):
    return knowledge, terminology


def naproxen(mg=500):
    return drug("naproxen 500 MG Oral Tablet", mg, 2, identifier="n")


def cards(engine, answer, draft=None, listed=(WARFARIN,), **more):
    answers = answer if isinstance(answer, tuple) else (answer,)
    return run(engine, draft or naproxen(), acknowledged=answers, medications=listed, **PERSON | more).cards


def test_the_answered_card_is_not_repeated(engine):
    assert [card.statements[0] for card in cards(engine, ())] == ["nsaid-with-vka"]
    assert cards(engine, ANSWER) == ()


def test_the_trace_says_that_it_was_answered(engine):
    evaluation = run(engine, naproxen(), acknowledged=(ANSWER,), medications=[WARFARIN], **PERSON)
    (judged,) = [one for one in evaluation.judged if one.statement.id == "nsaid-with-vka"]
    assert judged.outcome.kind == "suppressed"
    assert "answered" in judged.outcome.reason()


@pytest.mark.parametrize("reason", [one.code for one in OVERRIDE_REASONS])
def test_only_a_lasting_reason_silences(engine, reason):
    shown = cards(engine, replace(ANSWER, reason=reason))
    assert bool(shown) is (reason not in LASTING_REASONS)


def test_the_reasons_that_do_not_last_are_a_changed_dose_and_wrong_data():
    assert {one.code for one in OVERRIDE_REASONS} - LASTING_REASONS == {"dose-adjusted", "data-wrong"}


def test_an_answer_without_a_known_reason_does_not_silence(engine):
    assert cards(engine, replace(ANSWER, reason=""))
    assert cards(engine, replace(ANSWER, reason="something-else"))


@pytest.mark.parametrize(("days", "shown"), [(0, False), (30, False), (31, True)])
def test_an_answer_lasts_thirty_days(engine, days, shown):
    assert bool(cards(engine, replace(ANSWER, at=NOW - timedelta(days=days)))) is shown


@pytest.mark.parametrize(("days", "shown"), [(9, False), (10, False), (11, True)])
def test_a_site_may_choose_another_window(engine, days, shown):
    policy = Policy(zone=UTC, repeat_days=10)
    answer = replace(ANSWER, at=NOW - timedelta(days=days))
    assert bool(cards(engine, answer, policy=policy)) is shown


def test_a_raised_dose_is_shown_and_a_lowered_one_is_not(engine):
    assert cards(engine, ANSWER, naproxen(501))
    assert cards(engine, ANSWER, naproxen(250)) == ()


def test_a_dose_that_cannot_be_compared_is_shown(engine):
    assert cards(engine, replace(ANSWER, daily_mg=None))
    unread = drug("naproxen", identifier="n")
    assert cards(engine, ANSWER, unread)
    assert cards(engine, replace(ANSWER, daily_mg=None), unread) == ()


def test_another_drug_of_the_pair_is_shown(engine):
    assert cards(engine, replace(ANSWER, drugs=frozenset({"ibuprofen", "warfarin"})))
    assert cards(engine, replace(ANSWER, drugs=frozenset({"naproxen"})))
    assert cards(engine, replace(ANSWER, drugs=frozenset({"naproxen", "warfarin", "aspirin"})))


def test_another_lead_statement_is_shown(engine):
    assert cards(engine, ANSWER, listed=(APIXABAN,))
    assert cards(engine, replace(ANSWER, statement="nsaid-with-doac"))


def test_a_drug_added_to_the_pair_makes_it_another_card(engine):
    aspirin = drug("aspirin 81 MG Oral Tablet", 81, 1, status="active", identifier="s")
    (card,) = cards(engine, ANSWER, listed=(WARFARIN, aspirin))
    assert card.statements[0] == "nsaid-with-anticoagulant-and-antiplatelet"


def test_the_pair_is_the_same_card_whichever_of_the_two_is_ordered(engine):
    listed = naproxen() | {"status": "active"}
    draft = WARFARIN | {"status": "draft"}
    answer = replace(ANSWER, daily_mg=Decimal(5))
    assert cards(engine, answer, draft, (listed,)) == ()


def test_a_contraindication_is_always_shown(engine):
    carbamazepine = drug("carbamazepine 200 MG Oral Tablet", 200, 2, identifier="c")
    (card,) = [
        card
        for card in cards(engine, (), carbamazepine, (APIXABAN,))
        if card.source.topic == "contraindication"
    ]
    answer = Acknowledged(
        statement=card.statements[0],
        drugs=frozenset(card.drugs),
        daily_mg=card.daily_mg,
        reason="specialist-plan",
        at=NOW,
    )
    again = cards(engine, answer, carbamazepine, (APIXABAN,))
    assert card.statements[0] in {one.statements[0] for one in again}


def test_a_card_on_pregnancy_is_always_shown(engine):
    due = {
        "resourceType": "Observation",
        "id": "edd",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "11778-8"}]},
        "effectiveDateTime": NOW.isoformat(),
        "valueDateTime": (NOW + timedelta(days=56)).date().isoformat(),
    }
    person = {"patient": [patient(29, "female")], "pregnancy": [due]}
    (card,) = [one for one in run(engine, naproxen(), **person).cards if one.source.topic == "pregnancy"]
    answer = Acknowledged(
        statement=card.statements[0],
        drugs=frozenset(card.drugs),
        daily_mg=card.daily_mg,
        reason="benefit-outweighs",
        at=NOW,
    )
    again = run(engine, naproxen(), acknowledged=(answer,), **person).cards
    assert card.statements[0] in {one.statements[0] for one in again}


def test_a_failure_is_always_shown_beside_an_answered_card(engine):
    from cards.facts.record import KeyResult

    failed = KeyResult("conditions", "failed", (), "timeout", "the problem list")
    shown = cards(engine, ANSWER, conditions=failed)
    assert [card.source.topic for card in shown] == ["data"]


def test_a_stable_combination_with_an_opioid_is_answered_too(engine):
    draft = drug("gabapentin 300 MG Oral Capsule", 300, 3, identifier="g")
    answer = Acknowledged(
        statement="gabapentinoid-with-opioid",
        drugs=frozenset({"gabapentin", "oxycodone"}),
        daily_mg=Decimal(900),
        reason="tolerated-before",
        at=NOW - timedelta(days=20),
    )
    person = {"body": [weight(80)]}
    before = {card.statements[0] for card in cards(engine, (), draft, (OXYCODONE,), **person)}
    after = {card.statements[0] for card in cards(engine, answer, draft, (OXYCODONE,), **person)}
    assert before - after == {"gabapentinoid-with-opioid"}


def test_on_opening_the_chart_only_what_was_answered_is_silent(engine):
    listed = [
        naproxen() | {"status": "active"},
        WARFARIN,
        drug("tramadol hydrochloride 50 MG Oral Tablet", 50, 4, status="active", identifier="t"),
    ]
    answer = replace(ANSWER, daily_mg=Decimal(5))

    def statements(*answers):
        evaluation = run(
            engine, hook="patient-view", acknowledged=answers, **PERSON | {"medications": listed}
        )
        return {name for card in evaluation.cards for name in card.statements}

    assert {"nsaid-with-vka", "tramadol-with-vka"} <= statements()
    assert "nsaid-with-vka" not in statements(answer)
    assert "tramadol-with-vka" in statements(answer)
