"""Where on the body: regions that a text names, with their side, and whether two of them meet."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from terminology.service_names import words_of

# Region: the region it is part of ("" for none), and how it is written. A nerve stands for where it feels.
_REGIONS: Mapping[str, tuple[str, str]] = {
    "leg": ("", "leg, lower limb, lower extremity"),
    "hip": ("leg", "hip"),
    "thigh": ("leg", "thigh, upper leg, femoral, lateral femoral cutaneous, meralgia"),
    "knee": ("leg", "knee, genicular, saphenous"),
    "lower leg": ("leg", "lower leg, calf, shin, peroneal, popliteal"),
    "foot": ("leg", "foot, feet, ankle, toe, heel, tibial nerve, sural"),
    "arm": ("", "arm, upper limb, upper extremity, brachial plexus, axillary"),
    "shoulder": ("arm", "shoulder, suprascapular, interscalene"),
    "upper arm": ("arm", "upper arm"),
    "elbow": ("arm", "elbow"),
    "forearm": ("arm", "forearm"),
    "hand": ("arm", "hand, wrist, finger, thumb, median nerve, ulnar nerve, carpal tunnel"),
    "back": ("", "back, spine, paraspinal, paravertebral"),
    "lower back": ("back", "lower back, low back, lumbar, lumbosacral, sacral, sacroiliac, sacrum"),
    "upper back": ("back", "upper back, mid back, thoracic, interscapular"),
    "neck": ("", "neck, cervical"),
    "head": ("", "head, scalp, occipital, forehead, temple"),
    "face": ("head", "face, jaw, cheek, trigeminal, facial"),
    "trunk": ("", "trunk, torso"),
    "chest": ("trunk", "chest, breast, rib, intercostal, thoracic wall"),
    "abdomen": ("trunk", "abdomen, abdominal, belly, flank"),
    "pelvis": ("trunk", "pelvis, pelvic, groin, inguinal, perineum, perineal, pudendal"),
    "buttock": ("", "buttock, gluteal"),
}
_SIDES = {"left": "left", "lt": "left", "l": "left", "right": "right", "rt": "right", "r": "right"}
_NEAR = 2


def _written() -> dict[tuple[str, ...], str]:
    return {words_of(name): region for region, (_, names) in _REGIONS.items() for name in names.split(", ")}


_WRITTEN = _written()
_LONGEST = max(map(len, _WRITTEN))


@lru_cache(maxsize=4096)
def body_sites(text: str) -> frozenset[str]:
    """The regions a text names: "left thigh", or "thigh" where it gives no side."""
    if not text or len(text) > 1_000:
        return frozenset()
    words = words_of(text)
    found: set[str] = set()
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST, len(words) - place), 0, -1):
            region = _WRITTEN.get(words[place : place + length])
            if region is not None:
                found.add(f"{_side(words, place, place + length)} {region}".strip())
                place += length - 1
                break
        place += 1
    wider = {_REGIONS[_split(site)[1]][0] for site in found}
    sided = {region for side, region in map(_split, found) if side}
    return frozenset(site for site in found if _split(site)[1] not in wider and site not in sided)


def meet(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two lists of sites share one: equal, or a region and its part, not on opposite sides."""
    others = tuple(other)
    return any(_meet(first, second) for first in one for second in others)


def _meet(first: str, second: str) -> bool:
    if first == second:
        return True
    side, region = _split(first)
    other_side, other_region = _split(second)
    if region not in _REGIONS or other_region not in _REGIONS:
        return False
    if side and other_side and side != other_side:
        return False
    return region in _with_parents(other_region) or other_region in _with_parents(region)


def _with_parents(region: str) -> tuple[str, ...]:
    parent = _REGIONS[region][0]
    return (region, parent) if parent else (region,)


def _split(site: str) -> tuple[str, str]:
    side, _, region = site.partition(" ")
    return (side, region) if side in ("left", "right") else ("", site)


def _side(words: tuple[str, ...], start: int, end: int) -> str:
    near = (*range(start - 1, max(start - 1 - _NEAR, -1), -1), *range(end, min(end + _NEAR, len(words))))
    return next((_SIDES[words[place]] for place in near if _is_side(words, place)), "")


def _is_side(words: tuple[str, ...], place: int) -> bool:
    """ "L" is left, but in "L4" a vertebra."""
    return words[place] in _SIDES and not (place + 1 < len(words) and words[place + 1].isdigit())
