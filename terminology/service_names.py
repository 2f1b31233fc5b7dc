"""What an order, procedure or device without a known code is called: the value sets that its text names.

Phrases are matched as whole words in any letter case, and not inside a longer one, so that "spinal cord stimulator
trial" is no stimulator in place. A name that the text takes back ("removal of", "history of", "check") names
nothing. One pass over the words; texts are names of orders, not prose.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from terminology.strength_text import tokens

_LONGEST_TEXT = 1_000
_WINDOW = 5
_JOINED = re.compile(r"(?<=\w)[-/\u2010-\u2013](?=\w)")
_SHORT = {
    "s/p": "status post",
    "r/o": "rule out",
    "h/o": "history of",
    "w/o": "without",
    "d/c": "discontinue",
    "c/o": "complains of",
}
_SHORT_FORM = re.compile(r"\b(" + "|".join(map(re.escape, _SHORT)) + r")\b")
_INSIDE = frozenset({"-", "(", ")"})  # "SCS (trial)", "SCS - trial"
_ENDS_CLAUSE = frozenset({",", ";", ".", ":", "(", ")", "+", "&", "|", "-", "and", "then", "plus"})

# Before the name, in the same clause. What is taken away or denied is neither ordered nor in place.
_NOT = frozenset({
    "no", "not", "without", "never", "avoid", "decline", "declined", "refuse", "refused", "denies", "remove",
    "removal", "removed", "removing", "explant", "explantation", "explanted", "discontinue", "discontinued", "stop",
    "stopped", "cancel", "cancelled", "canceled", "family", "rule",
})  # fmt: skip
# Of the past, or about something else, so not what is being ordered; on record it tells what was done.
_NOT_NOW = frozenset({
    "history", "hx", "previous", "previously", "prior", "past", "status", "after", "following", "before", "since",
    "failed", "evaluation", "clearance", "candidate", "candidacy", "education", "assessment", "analysis",
    "interrogation", "programming", "reprogramming",
})  # fmt: skip
_NOT_NOW_BESIDE = frozenset({"post", "pre", "existing", "known"})
_NO_CUE_BEFORE: Mapping[str, frozenset[str]] = {
    "no": frozenset({"contrast", "gadolinium", "sedation"}),
    "without": frozenset({"contrast", "gadolinium", "sedation", "image"}),
    "prior": frozenset({"auth", "authorization", "authorisation"}),
}

# After the name, its parts skipped.
_PARTS = frozenset({
    "unit", "device", "system", "lead", "electrode", "generator", "battery", "wire", "implant", "trial", "was", "is",
    "permanent", "temporary", "ipg",
})  # fmt: skip
_GONE_AFTER = frozenset({
    "removal", "removed", "explant", "explantation", "explanted", "extraction", "declined", "refused", "cancelled",
    "canceled", "discontinued", "stopped", "contraindicated", "not", "abscess", "hematoma", "haematoma",
    "lipomatosis", "fibrosis", "haemorrhage", "hemorrhage", "metastasis", "tumor", "tumour", "conditional",
    "compatible", "safe", "ready", "surescan", "collection", "mass", "fluid", "lesion", "empyema", "space", "bleed",
})  # fmt: skip
_CARE_AFTER = frozenset({
    "check", "interrogation", "programming", "reprogramming", "adjustment", "follow", "followup", "refill", "clinic",
    "education", "teaching", "screening", "questionnaire", "form", "report", "result", "review", "safety",
    "clearance", "card", "charger",
})  # fmt: skip

Index = Mapping[str, tuple[tuple[tuple[str, ...], frozenset[str]], ...]]


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    names: frozenset[str]


def phrase_index(phrases: Iterable[tuple[str, frozenset[str]]]) -> Index:
    """Phrases with the ids of their sets, by first word, the longest first."""
    joined: dict[tuple[str, ...], frozenset[str]] = {}
    for text, names in phrases:
        words = tuple(word for word in words_of(text) if word not in _INSIDE)
        joined[words] = joined.get(words, frozenset()) | names
    grouped: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
    for words, names in joined.items():
        grouped.setdefault(words[0], []).append((words[1:], names))
    return {
        first: tuple(sorted(entries, key=lambda entry: -len(entry[0]))) for first, entries in grouped.items()
    }


def named_sets(text: str, index: Index, *, on_record: bool = False) -> frozenset[str]:
    """Ids of the sets that the text names.

    As an order, what lies in the past or is only looked after counts for nothing; `on_record`, of a procedure,
    device or problem, it does. A text of more than a thousand characters is no name.
    """
    if not text or len(text) > _LONGEST_TEXT:
        return frozenset()
    words = words_of(text)
    return frozenset().union(
        *(hit.names for hit in _hits(words, index) if not _taken_back(words, hit, on_record))
    )


def words_of(text: str) -> tuple[str, ...]:
    """Words and marks in lower case and singular; hyphens inside a word separate, "s/p" is written out."""
    lowered = _SHORT_FORM.sub(lambda match: _SHORT[match[1]], text.lower())
    return tuple(_singular(word) for word in tokens(_JOINED.sub(" ", lowered)))


def _singular(word: str) -> str:
    plural = len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if plural else word


def _hits(words: Sequence[str], index: Index) -> list[_Hit]:
    """The longest phrase at each place, unless it lies inside one that began before; brackets do not part it."""
    places = [place for place, word in enumerate(words) if word not in _INSIDE]
    plain = tuple(words[place] for place in places)
    found: list[_Hit] = []
    reached = 0
    for place, word in enumerate(plain):
        for further, names in index.get(word, ()):
            end = place + 1 + len(further)
            if plain[place + 1 : end] == further:
                if end > reached:
                    found.append(_Hit(places[place], places[end - 1] + 1, names))
                    reached = end
                break
    return found


def _taken_back(words: Sequence[str], hit: _Hit, on_record: bool) -> bool:
    return _before(words, hit.start, on_record) or _behind(words, hit.end, on_record)


def _before(words: Sequence[str], start: int, on_record: bool) -> bool:
    for place in range(start - 1, max(start - 1 - _WINDOW, -1), -1):
        word = words[place]
        if word in _ENDS_CLAUSE:
            return False
        if words[place + 1] in _NO_CUE_BEFORE.get(word, ()):
            continue
        if word in _NOT:
            return True
        if not on_record and (word in _NOT_NOW or (place == start - 1 and word in _NOT_NOW_BESIDE)):
            return True
    return False


def _behind(words: Sequence[str], end: int, on_record: bool) -> bool:
    for word in words[end : end + _WINDOW]:
        if word in _GONE_AFTER:
            return True
        if word in _CARE_AFTER:
            return not on_record
        if word not in _PARTS and word not in _INSIDE:
            return False
    return False
