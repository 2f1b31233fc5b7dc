"""Whatever texts and JSON arrive, orders of services and devices are read without an error."""

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st
from make_fhir import NOW

from cards.facts.procedures import SERVICE_TYPES, read_events, read_service_orders
from cards.facts.record import KeyResult, Record
from terminology.body_sites import body_sites, meet
from terminology.load import load

TERMS = load()
VOCABULARY = (
    *("tens", "spinal", "cord", "stimulator", "trial", "removal", "of", "no", "history", "mri"),
    *("left", "right", "thigh", "l", "4", ",", "(", "and", "block", "check"),
)
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=12).map(" ".join)
TEXTS = WORDS | st.text(max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["coding", "code", "text", "display", "concept", "reference", "name", "contained", "item"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
RESOURCES = st.fixed_dictionaries(
    {"resourceType": st.sampled_from([*sorted(SERVICE_TYPES), "Device", "Procedure", "DeviceUseStatement"])},
    optional=dict.fromkeys(
        [
            "id",
            "status",
            "code",
            "codeReference",
            "device",
            "deviceName",
            "orderDetail",
            "item",
            "bodySite",
            "udi",
        ],
        JSON,
    )
    | {"occurrenceDateTime": st.sampled_from(["2026-06", "2026-06-20", "x", ""])},
)


@given(TEXTS)
def test_what_an_order_names_is_also_named_on_record(text):
    assert TERMS.named_sets(text) <= TERMS.named_sets(text, on_record=True)


@given(TEXTS, TEXTS)
def test_sites_meet_in_both_directions(one, other):
    first, second = body_sites(one), body_sites(other)
    assert meet(first, second) == meet(second, first)
    assert meet(first, first) == bool(first)


@given(st.lists(RESOURCES, max_size=3))
def test_any_order_or_device_is_read(resources):
    orders, _ = read_service_orders(resources, "p1", TERMS, UTC)
    assert len(orders) <= len(resources)
    record = Record(patient_id="p1", keys={"any": KeyResult("any", "given", tuple(resources))})
    assert all(event.value_sets for event in read_events(record, TERMS, NOW, UTC))
