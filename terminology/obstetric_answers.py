"""What the answers to questions about pregnancy mean: by system and code, else by the whole text of the answer.

Few SNOMED CT answers may be shipped, so an answer with another code is read from its display. A site that may
use more adds rows to the table.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal, get_args

from terminology.coding import LOINC, SNOMED, Coding
from terminology.csv_tables import TABLES, TableError, rows

Question = Literal["pregnancy-status", "pregnancy-test", "hcg-flag", "breastfeeding", "pregnancy-intention"]
Answer = Literal["yes", "no", "possible", "unknown"]

TABLE = TABLES / "obstetric_answers.csv"
HCG_UNITS = frozenset(
    {"miu/ml", "m[iu]/ml", "mu/ml", "m[u]/ml", "iu/l", "[iu]/l", "u/l", "[u]/l"}
)  # all the same
INTERPRETATION = "interpretation"  # the element is bound to one code system, written in many ways

_COLUMNS = ("question", "answer", "system", "code", "text", "verification", "source")
_SYSTEMS = {"snomed": SNOMED, "loinc": LOINC, INTERPRETATION: INTERPRETATION}
_SEMANTIC_TAG = re.compile(r"\s*\((?:finding|qualifier value|situation|observable entity)\)$")
_LONGEST = 80

_Answers = Mapping[tuple[str, str, str], Answer]


def answer_to(question: Question, codings: Iterable[Coding], texts: Iterable[str]) -> Answer | None:
    """The answer that codes, else texts, give; None when none is known or they contradict each other."""
    coded = {_ANSWERS[key] for one in codings if (key := (question, one.system, one.code)) in _ANSWERS}
    if coded:
        return coded.pop() if len(coded) == 1 else None
    written = {_ANSWERS[key] for one in texts if (key := (question, "", _folded(one))) in _ANSWERS}
    return written.pop() if len(written) == 1 else None


def _folded(text: str) -> str:
    return _SEMANTIC_TAG.sub("", " ".join(text[:_LONGEST].lower().split()).rstrip("."))


def load_answers(path: Path) -> _Answers:
    """Answers by question, system and code, or question, "" and text. Raises TableError with file and line."""
    found: dict[tuple[str, str, str], Answer] = {}
    for where, row in rows(path, _COLUMNS):
        if row["question"] not in get_args(Question):
            raise TableError(f"{where}: question must be one of {', '.join(get_args(Question))}")
        if bool(row["code"]) == bool(row["text"]) or bool(row["code"]) != bool(row["system"]):
            raise TableError(f"{where}: a row needs a system and a code, or a text")
        if row["system"] and row["system"] not in _SYSTEMS:
            raise TableError(f"{where}: system must be one of {', '.join(_SYSTEMS)}")
        key = (row["question"], _SYSTEMS.get(row["system"], ""), row["code"] or row["text"].lower())
        if key in found:
            raise TableError(f"{where}: the answer stands twice")
        found[key] = _answer(row["answer"], where)
    return found


def _answer(written: str, where: str) -> Answer:
    for answer in get_args(Answer):
        if written == answer:
            known: Answer = answer
            return known
    raise TableError(f"{where}: answer must be one of {', '.join(get_args(Answer))}, not {written!r}")


_ANSWERS: Final = load_answers(TABLE)
