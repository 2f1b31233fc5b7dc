"""Regions of the body in texts, and whether two of them meet."""

import pytest

from terminology.body_sites import body_sites, meet


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TENS left thigh", {"left thigh"}),
        ("thigh, left", {"left thigh"}),
        ("Lt. thigh", {"left thigh"}),
        ("Apply 1 patch to the right knee", {"right knee"}),
        ("Lumbar spine", {"lower back"}),
        ("L4 lumbar", {"lower back"}),
        ("R shoulder", {"right shoulder"}),
        ("Right femoral nerve block", {"right thigh"}),
        ("left knee and right foot", {"left knee", "right foot"}),
        ("bilateral feet", {"foot"}),
        ("as directed", set()),
        ("", set()),
        ("knee " * 300, set()),
    ],
)
def test_a_text_names_regions_with_their_side(text, expected):
    assert body_sites(text) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"left thigh"}, {"left thigh"}, True),
        ({"left thigh"}, {"right thigh"}, False),
        ({"left thigh"}, {"thigh"}, True),
        ({"left leg"}, {"left knee"}, True),
        ({"left leg"}, {"right knee"}, False),
        ({"knee"}, {"thigh"}, False),
        ({"lower back"}, {"upper back"}, False),
        ({"back"}, {"lower back"}, True),
        ({"http://snomed.info/sct|61396006"}, {"http://snomed.info/sct|61396006"}, True),
        ({"left thigh (structure)"}, {"left thigh"}, False),
        (set(), {"left thigh"}, False),
    ],
)
def test_sites_meet_unless_sides_or_regions_differ(one, other, expected):
    assert meet(one, other) is expected
    assert meet(other, one) is expected
