"""Whatever codes and texts arrive, a lookup answers: a medication, or the reason why there is none."""

from hypothesis import given, settings
from hypothesis import strategies as st

from terminology.coding import ATC, NDC, RXNORM, SNOMED, UNII, Coding
from terminology.load import load
from terminology.timing import timing_code, timing_text
from terminology.units import read_unit

TERMS = load()
WORDS = st.sampled_from(
    [
        *(
            "gabapentin",
            "pregabalin",
            "oxycodone",
            "acetaminophen",
            "Neurontin",
            "Gralise",
            "Lyrica CR",
            "Percocet",
        ),
        *(
            "co-codamol",
            "300 mg",
            "5-325 mg",
            "5 mg/325 mg",
            "250 mg/5 ml",
            "25 mcg/hr",
            "0 mg/0 ml",
            "1e300 mg",
        ),
        *(
            "/",
            "-",
            "and",
            "or",
            ",",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "#",
            "ER",
            "24 HR",
            "once daily",
            "Oral Capsule",
        ),
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=9).map(" ".join))
CODES = st.one_of(
    st.text(max_size=15),
    st.sampled_from(
        [
            "310431",
            "310433",
            "1115013",
            "2398512",
            "1049640",
            "25480",
            "7804",
            "161",
            "N02BF01",
            "00071-0805-24",
        ]
    ),
)
CODINGS = st.builds(Coding, st.sampled_from([RXNORM, NDC, ATC, UNII, SNOMED, ""]), CODES, TEXTS)


@settings(max_examples=300, deadline=None)
@given(st.lists(CODINGS, max_size=4), st.lists(TEXTS, max_size=3))
def test_a_lookup_names_a_medication_or_says_why_not(codings, texts):
    found = TERMS.medication(codings, texts)
    assert found.medications or found.why
    for medication in found.medications:
        assert medication.ingredients
        assert all(part.strength is None or part.strength.mg > 0 for part in medication.ingredients)


@settings(max_examples=200, deadline=None)
@given(st.lists(CODINGS, min_size=1, max_size=3))
def test_the_order_of_the_codes_does_not_change_the_drugs(codings):
    coded = [Coding(one.system, one.code) for one in codings]

    def drugs(listed):
        return {part.name for one in TERMS.medication(listed, ()).medications for part in one.ingredients}

    assert drugs(coded) == drugs(coded[::-1])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_units_and_timings_never_raise_and_a_frequency_is_above_zero(one, two, three):
    unit = read_unit(one, two, three)
    assert unit is None or unit.factor > 0
    for timing in (timing_text(one), timing_code(Coding(two, one, three))):
        assert timing is None or timing.per_day > 0
