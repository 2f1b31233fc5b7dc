import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards.facts.patient import read_patient
from cards.facts.pregnancy import read_pregnancy
from cards.facts.problems import read_problems
from cards.facts.record import KeyResult, Record
from terminology.coding import ICD10CM, LOINC, SNOMED

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LONG = settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
WOMAN = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1993-01-20"}
MAN = WOMAN | {"gender": "male"}


def _day(ago, now=NOW):
    return (now.date() - timedelta(days=ago)).isoformat()


def _observation(code, ago, now, **value):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": _day(ago, now),
    } | value


def _condition(code, ago, now, system=ICD10CM):
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"system": system, "code": code}]},
        "recordedDate": _day(ago, now),
    }


def _answered(text):
    return {"valueCodeableConcept": {"text": text}}


POSITIVES = {
    "status": lambda ago, _, now: _observation("82810-3", ago, now, **_answered("Pregnant")),
    "hcg": lambda ago, _, now: _observation("2106-3", ago, now, **_answered("Positive")),
    "due": lambda ago, more, now: _observation("11778-8", ago, now, valueDateTime=_day(ago - more, now)),
    "age": lambda ago, more, now: _observation(
        "49051-6", ago, now, valueQuantity={"value": 1 + more // 7, "unit": "wk"}
    ),
    "code": lambda ago, more, now: _condition(("O09.91", "Z33.1", "O99.343")[more % 3], ago, now),
    "week": lambda ago, more, now: _condition(f"Z3A.{8 + more % 35:02d}", ago, now),
}
NEGATIVES = {
    "not": lambda ago, _, now: _observation("82810-3", ago, now, **_answered("Not pregnant")),
    "hcg-no": lambda ago, _, now: _observation("2118-8", ago, now, **_answered("Negative")),
    "test-no": lambda ago, _, now: _condition("Z32.02", ago, now),
}
ENDS = {
    "loss": lambda ago, _, now: _condition("O03.9", ago, now),
    "birth": lambda ago, _, now: _condition("Z37.0", ago, now),
    "postpartum": lambda ago, _, now: _condition("O90.6", ago, now),
    "time": lambda ago, _, now: _observation("93857-1", ago, now, valueDateTime=_day(ago, now)),
}
OTHERS = {
    "period": lambda ago, more, now: _observation("8665-2", ago, now, valueDateTime=_day(ago + more, now)),
    "fed": lambda ago, _, now: _observation("63895-7", ago, now, **_answered("yes")),
    "not-fed": lambda ago, _, now: _observation("63895-7", ago, now, **_answered("no")),
    "perhaps": lambda ago, _, now: _observation("82810-3", ago, now, **_answered("Possible pregnancy")),
    "pill": lambda ago, _, now: _condition("Z79.3", ago, now),
    "tubes": lambda ago, _, now: _condition("Z98.51", ago, now),
}
MAKERS = POSITIVES | NEGATIVES | ENDS | OTHERS

events = st.lists(
    st.tuples(st.sampled_from(sorted(MAKERS)), st.integers(0, 700), st.integers(0, 270)), max_size=7
)


def _made(listed, now=NOW, makers=MAKERS):
    return [makers[name](ago, more, now) | {"id": f"{n}"} for n, (name, ago, more) in enumerate(listed)]


def _read(terminology, found, who=WOMAN, now=NOW, zone=UTC, keys=("pregnancy",)):
    given_keys = {"patient": KeyResult("patient", "given", (who,))} if who else {}
    given_keys |= {key: KeyResult(key, "given", tuple(found)) for key in keys}
    record = Record(patient_id="p", keys=given_keys)
    problems = read_problems(record.of_type("Condition"), terminology, now, zone)
    return read_pregnancy(read_patient(who, now, zone), problems, record, (), terminology, now, zone)


@QUICK
@given(listed=events, data=st.data())
def test_the_order_of_the_resources_does_not_matter(terminology, listed, data):
    made = _made(listed)
    assert _read(terminology, data.draw(st.permutations(made))) == _read(terminology, made)


@QUICK
@given(listed=events)
def test_a_resource_under_two_keys_counts_once(terminology, listed):
    made = _made(listed)
    for who in (WOMAN, MAN):
        assert _read(terminology, made, who, keys=("pregnancy", "conditions")) == _read(
            terminology, made, who
        )


@QUICK
@given(listed=events, days=st.integers(-900, 900))
def test_shifting_every_date_and_now_by_the_same_days_changes_nothing(terminology, listed, days):
    later = NOW + timedelta(days=days)
    one, other = _read(terminology, _made(listed)), _read(terminology, _made(listed, later), now=later)
    apart = {"evidence": (), "lactating_evidence": (), "ga_basis": "", "notes": (), "childbearing_why": ""}
    assert one._replace(**apart) == other._replace(**apart)


UNRELATED = [
    _condition("E11.9", 3, NOW),
    _condition("Z87.59", 3, NOW),
    _condition("161744009", 3, NOW, SNOMED),
    _condition("O94", 3, NOW),
    _observation("2160-0", 1, NOW, valueQuantity={"value": 1, "unit": "mg/dL"}),
    _observation("21112-8", 1, NOW, valueDateTime="2026-12-01"),
    _observation("82810-3", 1, NOW, **_answered("Pregnant")) | {"status": "entered-in-error"},
    _condition("Z33.1", 1, NOW) | {"verificationStatus": {"coding": [{"code": "refuted"}]}},
    {"resourceType": "Procedure", "id": "pr", "status": "completed", "code": {"text": "Delivery"}},
    {"resourceType": "EpisodeOfCare", "id": "ep", "status": "finished", "type": [{"text": "Maternity"}]},
    {"resourceType": "Immunization", "id": "im"},
]


@QUICK
@given(listed=events, index=st.integers(0, len(UNRELATED) - 1))
def test_an_unrelated_resource_changes_nothing(terminology, listed, index):
    made = _made(listed)
    assert _read(terminology, [*made, UNRELATED[index] | {"id": "unrelated"}]) == _read(terminology, made)


@QUICK
@given(
    listed=st.lists(
        st.tuples(
            st.sampled_from(sorted(POSITIVES | NEGATIVES | ENDS)), st.integers(1, 700), st.integers(0, 270)
        ),
        max_size=7,
    ),
    end=st.sampled_from(sorted(ENDS)),
)
def test_a_newer_end_always_ends_the_pregnancy(terminology, listed, end):
    made = [*_made(listed), ENDS[end](0, 0, NOW) | {"id": "end"}]
    found = _read(terminology, made)
    assert (found.status, found.ga_days, found.trimester) == ("no", None, None)


@QUICK
@given(
    listed=events,
    older=st.tuples(
        st.sampled_from(sorted(set(POSITIVES) - {"due", "age", "week"}) + sorted(NEGATIVES) + sorted(ENDS)),
        st.integers(1, 400),
    ),
    newest=st.sampled_from(["status", "hcg", "not", "hcg-no"]),
    ago=st.integers(0, 5),
)
def test_evidence_older_than_what_decides_never_changes_the_status(terminology, listed, older, newest, ago):
    """Dating evidence apart: a due date still ahead, or a term that passed, is asked about on purpose."""
    kept = [one for one in listed if one[0] not in ("due", "age", "week", "period") and one[1] > ago]
    made = [*_made(kept), MAKERS[newest](ago, 0, NOW) | {"id": "newest"}]
    before = _read(terminology, made)
    name, more = older
    lingering = newest == "hcg" and name in ENDS  # the hormone itself may be of the ended pregnancy
    if not lingering:
        added = MAKERS[name](ago + more, 0, NOW) | {"id": "older"}
        assert _read(terminology, [*made, added]).status == before.status


@QUICK
@given(listed=events)
def test_the_age_lies_between_its_bounds_and_stands_only_beside_yes(terminology, listed):
    found = _read(terminology, _made(listed))
    if found.status != "yes":
        assert (found.ga_days, found.ga_days_least, found.trimester) == (None, None, None)
    elif found.ga_days is not None:
        assert 0 <= found.ga_days_least <= found.ga_days <= found.ga_days_most
        assert found.trimester in (1, 2, 3)
    assert found.reason
    assert found.lactating_why


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "2026-06-15",
            "2026",
            "9999-12-31T23:59:59-14:00",
            "0001-01-01T00:00:00Z",
            "active",
            "final",
            LOINC,
            "wk",
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_MEMBERS = {
    "Patient": ["birthDate", "gender", "extension", "deceasedBoolean"],
    "Observation": [
        "status", "effectiveDateTime", "effectivePeriod", "issued", "valueCodeableConcept", "valueString",
        "valueBoolean", "valueQuantity", "valueDateTime", "valuePeriod", "interpretation", "component", "id",
    ],
    "Condition": [
        "clinicalStatus", "verificationStatus", "onsetDateTime", "onsetPeriod", "recordedDate",
        "abatementDateTime", "id",
    ],
    "Procedure": ["status", "performedDateTime", "performedPeriod", "occurrenceDateTime", "id"],
    "EpisodeOfCare": ["status", "type", "period", "id"],
    "Flag": ["status", "period", "id"],
}  # fmt: skip
_CODES = st.sampled_from(
    [
        {"coding": [{"system": LOINC, "code": code}]}
        for code in (
            "82810-3", "11778-8", "11781-2", "8665-2", "49051-6", "49052-4", "2106-3", "19080-1", "93857-1",
            "63895-7", "86645-9",
        )
    ]
    + [
        {"coding": [{"system": ICD10CM, "code": code}]}
        for code in ("O09.91", "Z3A.01", "Z3A.49", "O80", "O72.1", "O03.9", "Z39.1", "Z90.710", "Z97.5", "Z30.432")
    ]
)  # fmt: skip


@st.composite
def resources(draw):
    kind = draw(st.sampled_from(sorted(_MEMBERS)))
    made = {"resourceType": kind}
    for member in _MEMBERS[kind]:
        if draw(st.booleans()):
            made[member] = draw(json_values)
    made["code"] = draw(_CODES | json_values)
    if kind == "Observation" and draw(st.booleans()):
        made["valueQuantity"] = {
            "value": draw(json_values),
            "unit": draw(st.sampled_from(["wk", "d", "mIU/mL"])),
        }
    return made


zones = st.sampled_from([UTC, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati")])


def _survives(terminology, found, zone):
    who = next((one for one in found if one["resourceType"] == "Patient"), None)
    read = _read(terminology, found, who, zone=zone)
    assert read.status in ("yes", "no", "unknown")
    assert read.why
    assert json.dumps(read.evidence) != ""


@QUICK
@given(found=st.lists(resources(), max_size=8), zone=zones)
def test_no_resources_make_the_reading_raise(terminology, found, zone):
    _survives(terminology, found, zone)


@pytest.mark.full
@LONG
@given(found=st.lists(resources(), max_size=12), zone=zones)
def test_no_resources_make_the_reading_raise_in_a_long_run(terminology, found, zone):
    _survives(terminology, found, zone)


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_are_survived(terminology, year):
    now = datetime(year, 6, 15, 12, 0, tzinfo=UTC)
    made = [
        _condition("Z33.1", 3, now),
        _observation("11778-8", 3, now, valueDateTime=date(year, 1, 1).isoformat()),
    ]
    assert _read(terminology, made, None, now=now).status in ("yes", "unknown")
