"""What holds for every dose and every text."""

import sys
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from cards.facts.dosage import read_dose
from cards.facts.sig import read_sig
from cards.facts.sig_words import Unknown, tokens
from terminology.medications import Strength

AMOUNTS = (
    "min_mg_per_day",
    "max_mg_per_day",
    "max_single_mg",
    "peak_day_mg",
    "least_peak_mg",
    "start_mg_per_day",
)

values = st.decimals(min_value=1, max_value=500, places=2).map(float)
unit_names = st.sampled_from(
    ["mg", "g", "capsule", "{tablet}", "mL", "patch", "mg/kg", "ug", "mg/h", "U", ""]
)
repeats = st.fixed_dictionaries(
    {},
    optional={
        "frequency": st.integers(1, 12),
        "frequencyMax": st.integers(1, 12),
        "period": st.integers(1, 12),
        "periodMax": st.integers(1, 24),
        "periodUnit": st.sampled_from(["h", "d", "wk", "mo"]),
        "when": st.lists(st.sampled_from(["MORN", "HS", "AC", "NOON"]), max_size=3),
        "timeOfDay": st.lists(st.sampled_from(["08:00", "14:00:00", "22:00"]), max_size=3),
        "dayOfWeek": st.lists(st.sampled_from(["mon", "wed", "sun"]), max_size=3),
        "count": st.integers(1, 3),
    },
)


@st.composite
def dosages(draw):
    unit = draw(unit_names)
    dose = {"doseQuantity": {"value": draw(values), "unit": unit}}
    if draw(st.booleans()):
        ends = [{"value": draw(values), "unit": unit} for _ in range(2)]
        dose = {"doseRange": {"low": ends[0], "high": ends[1]}}
    dosage = {"doseAndRate": [dose], "timing": {"repeat": draw(repeats)}}
    if draw(st.booleans()):
        dosage["asNeededBoolean"] = True
    if draw(st.booleans()):
        dosage["sequence"] = draw(st.integers(1, 3))
    return dosage


strengths = st.sampled_from(
    [None, Strength(Decimal(300)), Strength(Decimal(50), "mL"), Strength(Decimal("0.025"), "h")]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "doseAndRate",
                    "doseQuantity",
                    "doseRange",
                    "rateRatio",
                    "value",
                    "unit",
                    "code",
                    "coding",
                    "timing",
                    "repeat",
                    "frequency",
                    "period",
                    "periodUnit",
                    "when",
                    "timeOfDay",
                    "dayOfWeek",
                    "event",
                    "count",
                    "duration",
                    "durationUnit",
                    "sequence",
                    "text",
                    "asNeededBoolean",
                    "maxDosePerPeriod",
                    "numerator",
                    "denominator",
                    "boundsPeriod",
                    "start",
                    "end",
                    "type",
                    "low",
                    "high",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


def read(instructions, strength=None, weight=Decimal(70)):
    return read_dose(instructions, strength=strength, weight_kg=weight, dispense=None)


@given(st.lists(dosages(), min_size=1, max_size=4), strengths)
def test_amounts_are_never_negative_and_in_order(instructions, strength):
    dose = read(instructions, strength)
    assert all(getattr(dose, name) is None or getattr(dose, name) >= 0 for name in AMOUNTS)
    if dose.min_mg_per_day is not None and dose.max_mg_per_day is not None:
        assert dose.min_mg_per_day <= dose.max_mg_per_day
    if dose.peak_day_mg is None:
        assert dose.why
        assert dose.confidence in ("none", "low")
    else:
        assert dose.least_peak_mg <= dose.peak_day_mg
        assert dose.confidence != "none"


def doubled(instructions):
    twice = []
    for dosage in instructions:
        (dose,) = dosage["doseAndRate"]
        quantities = [dose["doseQuantity"]] if "doseQuantity" in dose else list(dose["doseRange"].values())
        more = [{**quantity, "value": quantity["value"] * 2} for quantity in quantities]
        name = "doseQuantity" if "doseQuantity" in dose else "doseRange"
        whole = more[0] if name == "doseQuantity" else {"low": more[0], "high": more[1]}
        twice.append({**dosage, "doseAndRate": [{name: whole}]})
    return twice


@given(st.lists(dosages(), min_size=1, max_size=3), strengths)
def test_twice_the_dose_doubles_every_amount(instructions, strength):
    once, twice = read(instructions, strength), read(doubled(instructions), strength)
    for name in AMOUNTS:
        single, double = getattr(once, name), getattr(twice, name)
        assert (single is None) == (double is None)
        if single:
            assert abs(double / single - 2) < Decimal("1e-20")


@given(st.lists(dosages(), min_size=2, max_size=4), strengths, st.randoms(use_true_random=False))
def test_the_order_of_the_instructions_does_not_matter(instructions, strength, random):
    shuffled = list(instructions)
    random.shuffle(shuffled)
    assert read(shuffled, strength) == read(instructions, strength)


@settings(max_examples=300)
@given(json_values, strengths, json_values)
def test_any_json_is_read_without_an_error_and_null_has_a_reason(value, strength, dispense):
    dose = read_dose(value, strength=strength, weight_kg=None, dispense=dispense)
    assert dose.peak_day_mg is not None or dose.why


@settings(max_examples=300)
@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text):
    dose = read([{"text": text}], Strength(Decimal(300)))
    assert dose.peak_day_mg is not None or dose.why


words = st.lists(
    st.sampled_from(
        [
            "take",
            "1",
            "2",
            "300",
            "mg",
            "capsule",
            "tid",
            "bid",
            "then",
            "x",
            "7",
            "days",
            "for",
            "and",
            "or",
            ",",
            ".",
            "(",
            ")",
            "-",
            "/",
            "prn",
            "max",
            "up to",
            "at bedtime",
            "every",
            "6",
            "hours",
            "day",
            "once",
            "a",
            "in",
            "divided",
            "doses",
            "hold",
            "as directed",
            "may repeat",
            "mon",
            "on",
            "off",
            "patch",
            "daily",
            "week",
        ]
    ),
    max_size=25,
).map(" ".join)


@settings(max_examples=500)
@given(words)
def test_any_order_of_known_words_is_read_without_an_error(text):
    dose = read([{"text": text}], Strength(Decimal(300)))
    if dose.peak_day_mg is None:
        assert dose.why
    else:
        assert (
            0 <= (dose.min_mg_per_day or 0) <= dose.max_mg_per_day
            if dose.max_mg_per_day is not None
            else True
        )
        assert dose.confidence in ("medium", "low")


@given(words)
def test_the_tokens_of_a_text_are_no_more_than_its_characters(text):
    found = tokens(text)
    assert isinstance(found, Unknown) or len(found) <= len(text)


def calls(text):
    """Function calls while a text is read: its work, whatever the speed of the machine."""
    counted = 0

    def count(_frame, event, _arg):
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        read_sig.__wrapped__(text)
    finally:
        sys.setprofile(None)
    return counted


def test_reading_a_text_takes_work_in_proportion_to_its_words():
    read_sig("1 tab tid")  # the word table is built once
    for part in ("1 tab tid, ", "1 cap qhs x3d then ", "max ", "((", "1-", "every ", "1/", "in "):
        short, long = calls(part * 20), calls(part * 40)
        assert long <= 2.3 * short + 50, part
