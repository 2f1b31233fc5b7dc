"""Results are read from the newest back, only as far as they are needed: that leaves nothing out that counts."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards.facts import body, lab_values, renal_reading
from cards.facts.labs import results
from cards.facts.patient import read_patient
from cards.facts.record import KeyResult, Record
from cards.facts.renal_reading import RenalInputs, read_renal_function
from terminology.coding import LOINC

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
QUICK = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Code, unit and values, plausible and not.
_KINDS = {
    "2160-0": ("mg/dL", (0.1, 0.7, 0.9, 1.0, 1.3, 1.9, 4.0, 80)),
    "98979-8": ("mL/min/{1.73_m2}", (0.1, 12, 25, 45, 70, 95, 900)),
    "29463-7": ("kg", (3, 48, 61, 80, 120, 900)),
    "3142-7": ("kg", (50, 63, 79, 130)),
    "8302-2": ("cm", (17, 155, 172, 190)),
    "6301-6": ("{INR}", (0.1, 1.1, 2.4, 3.6, 40)),
}
_LATELY = st.integers(-1, 12)
_EVER = _LATELY | st.integers(0, 800)
_ZONES = st.sampled_from([UTC, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati")])


@st.composite
def _times(draw, days):
    when = NOW - timedelta(days=draw(days), hours=draw(st.integers(0, 23)))
    return draw(
        st.sampled_from(
            [when.isoformat(), when.isoformat(), f"{when:%Y-%m-%d}", f"{when:%Y-%m}", f"{when:%Y}"]
        )
    )


@st.composite
def _observations(draw, codes=tuple(_KINDS), days=_EVER):
    code = draw(st.sampled_from(codes))
    unit, values = _KINDS[code]
    quantity = {
        "value": draw(st.sampled_from(values)),
        "unit": draw(st.sampled_from([unit, unit, unit, "g", ""])),
    }
    if draw(st.integers(0, 9)) == 0:
        quantity["comparator"] = draw(st.sampled_from(["<", ">"]))
    statuses = ["final"] * 6 + ["preliminary", "corrected", "entered-in-error"]
    made = {
        "resourceType": "Observation",
        "id": str(draw(st.integers(0, 99))),
        "status": draw(st.sampled_from(statuses)),
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "valueQuantity": quantity,
    }
    time = draw(st.none() | _times(days) | _times(days) | _times(days))
    if time is not None:
        made[draw(st.sampled_from(["effectiveDateTime", "effectiveDateTime", "issued"]))] = time
    return made


def _whole(*given, **_):
    """As `results`, but reads all there is."""
    return results(*given[:6])


def _renal(terminology, age, observations, zone):
    person = {"resourceType": "Patient", "gender": "female", "birthDate": f"{2026 - age}-01-01"}
    inputs = RenalInputs(observations=tuple(observations))
    return read_renal_function(read_patient(person, NOW, zone), (), inputs, terminology, NOW, zone)


@QUICK
@given(
    age=st.sampled_from([9, 19, 30, 80]),
    observations=st.lists(_observations(), max_size=14)
    | st.lists(_observations(("2160-0",), _LATELY), max_size=6),
    zone=_ZONES,
)
def test_kidney_function_is_that_of_all_results(terminology, age, observations, zone):
    found = _renal(terminology, age, observations, zone)
    with patch.object(renal_reading, "results", _whole), patch.object(body, "results", _whole):
        assert _renal(terminology, age, observations, zone) == found


@QUICK
@given(observations=st.lists(_observations(("6301-6",)), max_size=8), zone=_ZONES)
def test_the_newest_value_of_a_lab_is_that_of_all_results(terminology, observations, zone):
    record = Record(patient_id="p1", keys={"inr": KeyResult("inr", "given", tuple(observations))})
    found = lab_values.Labs(record, terminology, NOW, zone).latest("inr")
    with patch.object(lab_values, "results", _whole):
        assert lab_values.Labs(record, terminology, NOW, zone).latest("inr") == found
