"""The quick ways of a lookup give what the plain ones would: names that look alike, and tokens."""

from collections import Counter
from difflib import SequenceMatcher
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminology import strength_text
from terminology.load import load
from terminology.name_lookalikes import lookalike_index, lookalikes
from terminology.strength_text import number, strengths, tokens

NAMES = sorted(load().names.names)
LETTERS = "abegilnopqrstxy"


def plainly_alike(word, names):
    """The definition, name by name: about as long, with 45 % of the letter pairs, a similarity of 0.8."""
    pairs = [a + b for a, b in pairwise(f"^{word}$")]
    found = {}
    for name in names:
        if abs(len(name) - len(word)) > 2:
            continue
        held = {a + b for a, b in pairwise(f"^{name}$")}
        shared = sum(Counter(pair for pair in pairs if pair in held).values())
        if shared >= 0.45 * len(pairs):
            ratio = SequenceMatcher(None, word, name).ratio()
            if ratio >= 0.8:
                found[name] = ratio
    return tuple(sorted(found, key=lambda name: (-found[name], name))[:3])


@st.composite
def near_names(draw):
    """A known name with up to three letters changed, left out or put in."""
    word = list(draw(st.sampled_from(NAMES)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(word)))
        letter = draw(st.sampled_from(["", *LETTERS]))
        word[place : place + draw(st.integers(0, 1))] = [letter]
    return "".join(word)


@settings(deadline=None)  # the definition compares all names
@given(near_names())
def test_names_that_look_alike_are_those_of_the_definition(word):
    index = lookalike_index(NAMES)
    expected = plainly_alike(word, NAMES) if len(word) >= 5 and word not in NAMES else ()
    assert lookalikes(word, index) == expected


@given(
    st.lists(st.text(LETTERS[:4], min_size=5, max_size=7), min_size=1, max_size=12),
    st.text(LETTERS[:4], min_size=5, max_size=8),
)
def test_names_of_few_letters_look_alike_by_the_definition_too(names, word):
    expected = plainly_alike(word, sorted(set(names))) if word not in names else ()
    assert lookalikes(word, lookalike_index(names)) == expected


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_plain_text_has_the_tokens_that_any_text_has(text):
    assert tokens(text) == tuple(strength_text._TOKEN.findall(text.lower()))


@given(
    st.lists(st.sampled_from(["300", "1,000", "2.5", "mg", "ml", "/", "-", "%", "per", "daily", "kg", "a"]))
)
def test_strengths_end_within_the_words_and_do_not_overlap(words):
    found = strengths(words)
    assert all(0 <= one.start < one.end <= len(words) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(number(words[one.start]) is not None for one in found)


@pytest.mark.parametrize(("text", "near"), [("gabapentn", "gabapentin"), ("pregablin", "pregabalin")])
def test_a_letter_left_out_still_looks_alike(text, near):
    assert lookalikes(text, lookalike_index(NAMES))[0] == near
