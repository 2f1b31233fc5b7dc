"""An accepted suggestion leads to no new alert of warning or above, whatever the order and the kidneys."""

from datetime import UTC
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_fhir import creatinine, patient, weight
from make_request import drug, run

from cards.card import Indicator
from cards.policy import Policy

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LONG = settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))

products = st.sampled_from(
    [
        "gabapentin 300 MG Oral Capsule",
        "gabapentin 600 MG Oral Tablet",
        "Gralise 600 MG Oral Tablet",
        "gabapentin enacarbil 600 MG Extended Release Oral Tablet",
        "pregabalin 75 MG Oral Capsule",
        "pregabalin 330 MG Extended Release Oral Tablet",
        "tramadol hydrochloride 50 MG Oral Tablet",
        "duloxetine 60 MG Delayed Release Oral Capsule",
    ]
)
orders = st.tuples(products, st.sampled_from([25, 50, 100, 150, 300, 600, 800, 1200]), st.integers(1, 6))
people = st.tuples(
    st.integers(18, 95), st.sampled_from(["female", "male"]), st.integers(30, 900), st.integers(40, 150)
)


def _check(engine, order, person, jurisdiction):
    name, mg, times = order
    age, sex, creatinine_hundredths, kg = person
    keys = {
        "patient": [patient(age, sex)],
        "kidney": [creatinine(str(Decimal(creatinine_hundredths) / 100), days=3)],
        "body": [weight(kg)],
    }
    policy = Policy(zone=UTC, jurisdiction=jurisdiction)
    before = run(engine, drug(name, mg, times), policy=policy, **keys)
    graver = {card.statements[0] for card in before.cards if card.indicator >= Indicator.warning}
    for card in before.cards:
        for suggestion in card.suggestions:
            for action in suggestion.actions:
                if action.type != "update":
                    continue
                after = run(engine, action.resource, policy=policy, **keys)
                left = [one for one in after.cards if one.indicator >= Indicator.warning]
                assert {one.statements[0] for one in left} <= graver - {card.statements[0]}
                dose = after.orders[0].dose.peak_day_mg
                assert dose is not None
                assert 0 < dose <= before.orders[0].dose.peak_day_mg


@QUICK
@given(order=orders, person=people, jurisdiction=st.sampled_from(["us", "eu"]))
def test_an_accepted_dose_change_settles_its_card(knowledge, terminology, order, person, jurisdiction):
    _check((knowledge, terminology), order, person, jurisdiction)


@pytest.mark.full
@LONG
@given(order=orders, person=people, jurisdiction=st.sampled_from(["us", "eu"]))
def test_an_accepted_dose_change_settles_its_card_over_many_orders(
    knowledge, terminology, order, person, jurisdiction
):
    _check((knowledge, terminology), order, person, jurisdiction)
