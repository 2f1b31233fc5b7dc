"""The grammar of free-text sigs: what it reads, and what it refuses to read."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from cards.facts.dose_rate import Rate
from cards.facts.sig import read_sig
from cards.facts.sig_rate import clause_rate

TEXTS = [
    json.loads(line)
    for line in Path(__file__).parents[1].joinpath("fixtures/sig-texts.jsonl").read_text().splitlines()
]
DRUGS = frozenset({"amoxicillin", "benadryl", "codeine", "atorvastatin", "ibuprofen", "albuterol"})


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case["sig"][:50])
def test_a_published_sig_is_read_as_its_author_meant_or_refused(case):
    sig = read_sig(case["sig"], DRUGS)
    if case.get("refused"):
        assert sig.problem
        return
    assert not sig.problem
    assert [len(step) for step in sig.steps] == [1] * len(case["steps"])
    for (clause,), expected in zip(sig.steps, case["steps"], strict=True):
        dose = next(((float(q.low), float(q.high)) for q in clause.quantities), None)
        assert dose == (tuple(expected["dose"]) if expected["dose"] else None)
        rate = clause_rate(clause)
        per_day = (rate.low, rate.high) if isinstance(rate, Rate) else None
        assert per_day == (tuple(map(Fraction, expected["per_day"])) if expected["per_day"] else None)
        assert clause.prn == expected["prn"]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("qd", 1, 1), ("q d", 1, 1), ("q.d.", 1, 1), ("daily", 1, 1), ("once daily", 1, 1), ("once a day", 1, 1),
        ("od", 1, 1), ("every 24 hours", 1, 1), ("q24h", 1, 1), ("each morning", 1, 1), ("nocte", 1, 1),
        ("mane", 1, 1), ("qhs", 1, 1), ("at bedtime", 1, 1), ("every night", 1, 1), ("qAM", 1, 1),
        ("bid", 2, 2), ("b.i.d.", 2, 2), ("bd", 2, 2), ("twice daily", 2, 2), ("twice a day", 2, 2), ("q12h", 2, 2),
        ("every twelve hours", 2, 2), ("2x/day", 2, 2), ("2 x daily", 2, 2), ("in the morning and at bedtime", 2, 2),
        ("tid", 3, 3), ("tds", 3, 3), ("3x/day", 3, 3), ("three times a day", 3, 3), ("3 times per day", 3, 3),
        ("3 (three) times daily", 3, 3), ("every 8 hours", 3, 3), ("8 hourly", 3, 3), ("8-hourly", 3, 3),
        ("thrice daily", 3, 3), ("three times every day", 3, 3), ("tid with meals", 3, 3), ("with meals", 3, 3),
        ("3 times in 24 hours", 3, 3), ("morning, noon and night", 3, 3), ("at 8 am, 2 pm and 8 pm", 3, 3),
        ("qid", 4, 4), ("qds", 4, 4), ("ac & hs", 4, 4), ("ac and hs", 4, 4), ("qid ac and hs", 4, 4),
        ("q6h", 4, 4), ("bid and hs", 3, 3), ("tid and at bedtime", 4, 4), ("once daily at bedtime", 1, 1),
        ("every 6 to 8 hours", 3, 4), ("q4-6h", 4, 6), ("every four to six hours", 4, 6), ("bid-tid", 2, 3),
        ("bid to tid", 2, 3), ("once or twice daily", 1, 2), ("2-3 times a day", 2, 3), ("up to 4 times a day", 0, 4),
        ("every other day", Fraction(1, 2), Fraction(1, 2)), ("qod", Fraction(1, 2), Fraction(1, 2)),
        ("on alternate days", Fraction(1, 2), Fraction(1, 2)), ("q48h", Fraction(1, 2), Fraction(1, 2)),
        ("q72h", Fraction(1, 3), Fraction(1, 3)), ("every 3 days", Fraction(1, 3), Fraction(1, 3)),
        ("weekly", Fraction(1, 7), Fraction(1, 7)), ("once a week", Fraction(1, 7), Fraction(1, 7)),
        ("tiw", Fraction(3, 7), Fraction(3, 7)), ("3 times a week", Fraction(3, 7), Fraction(3, 7)),
        ("three times weekly", Fraction(3, 7), Fraction(3, 7)), ("every 4 weeks", Fraction(1, 28), Fraction(1, 28)),
        ("every Monday, Wednesday and Friday", Fraction(3, 7), Fraction(3, 7)), ("MWF", Fraction(3, 7), Fraction(3, 7)),
        ("monthly", Fraction(1, 30), Fraction(1, 30)),
    ],
)  # fmt: skip
def test_a_frequency_gives_doses_a_day(text, low, high):
    sig = read_sig(f"1 tab {text}")
    assert not sig.problem
    rate = clause_rate(sig.steps[0][0])
    assert isinstance(rate, Rate)
    assert (rate.low, rate.high) == (low, high)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("1", "1", "1"), ("one", "1", "1"), ("i", "1", "1"), ("T", "1", "1"), ("ii", "2", "2"), ("two", "2", "2"),
        ("a", "1", "1"), ("1-2", "1", "2"), ("i-ii", "1", "2"), ("1 to 2", "1", "2"), ("one or two", "1", "2"),
        ("1/2", "0.5", "0.5"), ("½", "0.5", "0.5"), ("half a", "0.5", "0.5"), ("0.5", "0.5", "0.5"),
        (".5", "0.5", "0.5"),
        ("1.5", "1.5", "1.5"), ("one and a half", "1.5", "1.5"), ("1 1/2", "1.5", "1.5"), ("1-1/2", "1.5", "1.5"),
        ("1½", "1.5", "1.5"), ("1 and 1/2", "1.5", "1.5"), ("one (1)", "1", "1"),
        ("1.0", "1", "1"), ("up to 3", "0", "3"),
    ],
)  # fmt: skip
def test_a_count_is_read_in_words_letters_and_fractions(text, low, high):
    (quantity,) = read_sig(f"Take {text} tablet by mouth daily").steps[0][0].quantities
    assert (quantity.low, quantity.high) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Take 1 tablet of mystery daily", "word 5"),
        ("Tkae 1 tablet daily", "word 1"),
        ("1,5 tabs daily", "word 1"),
        ("1 x 3 daily", "word 2"),
        ("1 tab tid every 6 hours prn bid", ""),
        ("1 tab daily for 12 hours", "hours"),
        ("1 tab bid, may repeat", "repeated"),
        ("1st dose at bedtime", "word 2"),
        ("hold 1 tab tid", "hold"),
        ("1 tab " * 200, "1000 characters"),
        ("take 1 2 tablets daily", ""),
        ("1 tab q8", "word 3"),
    ],
)
def test_a_text_that_is_not_understood_word_by_word_is_refused_with_a_reason(text, reason):
    sig = read_sig(text)
    rates = [clause_rate(clause) for step in sig.steps for clause in step]
    assert sig.problem or not all(isinstance(rate, Rate) for rate in rates)
    assert reason in sig.problem


def test_the_reason_quotes_no_more_than_the_unknown_word():
    problem = read_sig("give to Johanna Mustermann 1 tab daily").problem
    assert "johanna" in problem
    assert "mustermann" not in problem


@pytest.mark.parametrize("length", [1_000, 1_001])
def test_a_text_of_a_thousand_characters_is_still_read(length):
    text = "1 tab tid".ljust(length)
    assert bool(read_sig(text).problem) == (length > 1_000)


@pytest.mark.parametrize("text", ["Take with food", "Swallow whole", "May cause drowsiness. Avoid alcohol."])
def test_advice_states_no_dose(text):
    assert read_sig(text).advice


@pytest.mark.parametrize(
    "text",
    ["use as directed", "UAD", "1 tab tid or as directed", "titrate to effect", "per MD", "sliding scale"],
)
def test_an_open_instruction_is_open(text):
    assert read_sig(text).open


@pytest.mark.parametrize(
    "text",
    [
        "1 cap qhs x3d, then 1 cap bid x3d, then 1 cap tid",
        "1 cap qhs x3d then bid x3d then tid",
        "1 cap qhs x3d, bid x3d, tid",
        "1 cap at bedtime for 3 days, followed by 1 cap twice daily for 3 days, and then 1 cap three times daily",
        "Day 1: 1 cap qhs; day 2: 1 cap bid; day 3: 1 cap tid",
        "1 cap on day 1, 1 cap bid on day 2, 1 cap tid on day 3",
        "Week 1: 1 cap hs, week 2: 1 cap bid, week 3: 1 cap tid",
        "1 cap daily x 1 week, increase to 1 cap bid x 1 week, increase to 1 cap tid",
    ],
)
def test_steps_are_kept_apart_however_they_are_joined(text):
    sig = read_sig(text)
    rates = [clause_rate(clause) for step in sig.steps for clause in step]
    assert [len(step) for step in sig.steps] == [1, 1, 1]
    assert [rate.high for rate in rates if isinstance(rate, Rate)] == [1, 2, 3]


def test_nothing_after_the_first_match_is_dropped():
    first, second = read_sig("1 cap TID x7d then 2 caps TID").steps
    assert (first[0].quantities[0].high, second[0].quantities[0].high) == (1, 2)


@pytest.mark.parametrize(
    "text", ["1-0-2", "1-0-2-0", "1-0-2 Kapseln", "1 morning, 2 evening", "1 am and 2 pm"]
)
def test_parts_of_the_day_are_given_together(text):
    (step,) = read_sig(text).steps
    assert [(clause.quantities[0].high, clause.parts) for clause in step] == [
        (1, ["morning"]),
        (2, ["evening"]),
    ]
