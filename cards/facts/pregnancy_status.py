"""Whether the patient is pregnant: dated evidence weighed against ends, negatives and time.

Evidence on or before the latest end is void. The newest of what remains decides; what may or may not have been
overtaken makes the answer unknown. Nothing recorded is unknown, never no.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from cards.facts.pregnancy_dating import Gestation, gestation, over
from cards.facts.pregnancy_evidence import CLAIMS, ENDS, NEGATIVES, Day, Evidence, newest
from cards.facts.pregnancy_limits import PregnancyLimits

Answer = Literal["yes", "no", "unknown"]

_NOTHING = "nothing on record says whether the patient is pregnant"


class Claims(NamedTuple):
    """The evidence about a pregnancy now, sorted by what can be made of it.

    `standing` is valid and surely of the present pregnancy; `open` may have been overtaken by an end, by a
    term that passed, or by time. `ends` are those that have come about, `negatives` those still valid.
    """

    standing: tuple[Evidence, ...] = ()
    open: tuple[Evidence, ...] = ()
    ends: tuple[Evidence, ...] = ()
    negatives: tuple[Evidence, ...] = ()
    doubts: tuple[Evidence, ...] = ()
    gestation: Gestation | None = None

    @property
    def ended(self) -> Evidence | None:
        """The end that surely came last."""
        return max(self.ends, key=lambda one: (one.first, one.order), default=None)


class Status(NamedTuple):
    """The answer, why in words, and the evidence that decided."""

    answer: Answer
    why: str
    evidence: tuple[Evidence, ...] = ()
    conflict: bool = False


_NO_CLAIMS = Claims()
_UNKNOWN = Status(answer="unknown", why=_NOTHING)


def weigh(found: Iterable[Evidence], today: Day, limits: PregnancyLimits) -> Claims:
    """Sorts the evidence; `found` holds none of the future."""
    listed = list(found)
    if not listed:
        return _NO_CLAIMS
    ends = tuple(end for one in listed if (end := _as_end(one, today, limits)) is not None)
    certain = max((one.first for one in ends), default=0)
    possible = max((one.last for one in ends), default=0)
    claimed = [
        one
        for one in listed
        if (one.kind in CLAIMS or _in_labour(one, today, limits)) and not _void(one, certain, limits)
    ]
    overtaken = [one for one in claimed if _residual(one, certain, possible, limits)]
    after = [one for one in claimed if one not in overtaken]
    dating = [one for one in after if one.due is not None or (one.days is not None and one.when is not None)]
    present = [one for one in dating if over(one, limits) >= today]
    # A term that passed without an outcome takes everything recorded until then with it.
    passed = -1 if present else max((over(one, limits) for one in dating), default=-1)
    standing = tuple(one for one in after if one.last > passed and _valid(one, today, limits))
    periods = [one for one in listed if _dates_it(one, standing, certain, today, limits)]
    return Claims(
        standing=standing,
        open=(*overtaken, *(one for one in after if one not in standing)),
        ends=ends,
        negatives=tuple(one for one in listed if one.kind in NEGATIVES and _negative(one, today, limits)),
        doubts=tuple(one for one in listed if one.kind == "possible" and _doubt(one, today, limits)),
        gestation=gestation((*(one for one in present if one in standing), *periods), today, limits),
    )


def decide(claims: Claims, today: Day, limits: PregnancyLimits) -> Status:
    """The status for a patient whose sex and age leave a pregnancy possible."""
    if claims == _NO_CLAIMS:
        return _UNKNOWN
    no = max(claims.negatives, key=lambda one: (one.first, one.order), default=None)
    if claims.standing:
        return _claimed(claims, no, today, limits)
    unsure = (*claims.open, *claims.doubts)
    if no is not None:
        later = newest(one for one in unsure if one.undated or one.last >= no.first)
        if later is None:
            return Status(answer="no", why="the latest valid evidence says not pregnant", evidence=(no,))
        why = "evidence for and against a pregnancy, and it is not clear which is the later"
        return Status(answer="unknown", why=why, evidence=(later, no), conflict=True)
    end = claims.ended
    if end is not None and today - end.first <= limits.ended_days:
        just = today - end.first <= limits.residual_days
        later = newest(one for one in unsure if one.last > end.first or (one.undated and not just))
        if later is None:
            return Status(answer="no", why="the pregnancy ended", evidence=(end,))
        why = "a pregnancy ended, and what was recorded since does not settle whether there is a new one"
        return Status(answer="unknown", why=why, evidence=(end, later))
    latest = newest(unsure)
    if latest is not None:
        return _unsettled(latest, claims, today, limits)
    if end is not None:
        why = "the last pregnancy ended too long ago to say anything about today"
        return Status(answer="unknown", why=why, evidence=(end,))
    return _UNKNOWN


def _claimed(claims: Claims, no: Evidence | None, today: Day, limits: PregnancyLimits) -> Status:
    latest = newest(claims.standing)
    if latest is None:
        return _UNKNOWN
    measured = [one for one in claims.standing if one.kind in ("due-date", "gestational-age")]
    if no is not None and no.last >= latest.last:
        if no.first > latest.last and not any(_still_ahead(one, today, limits) for one in measured):
            return Status(answer="no", why="a later answer or test says not pregnant", evidence=(no, latest))
        if no.first > latest.last:
            why = "the latest answer or test says not pregnant, but the due date is still ahead"
        else:
            why = "the record says both pregnant and not pregnant, at the same time"
        return Status(answer="unknown", why=why, evidence=(latest, no), conflict=True)
    codes = all(one.kind == "pregnant-code" for one in claims.standing)
    if codes and claims.gestation is None and today - latest.last > limits.code_alone_days:
        why = f"only a diagnosis code older than {limits.code_alone_days} days, with no gestational age"
        return Status(answer="unknown", why=why, evidence=(latest,))
    why = "a labour is under way" if latest.kind == "labour" else "the record says pregnant"
    return Status(answer="yes", why=why, evidence=(latest,))


def _still_ahead(one: Evidence, today: Day, limits: PregnancyLimits) -> bool:
    return (
        over(one, limits)
        - (
            limits.past_due_days
            if one.kind == "due-date"
            else limits.longest_gestation_days - limits.term_days
        )
        >= today
    )


def _unsettled(latest: Evidence, claims: Claims, today: Day, limits: PregnancyLimits) -> Status:
    passed = newest(
        one
        for one in claims.open
        if (one.due is not None or one.days is not None) and latest.last <= over(one, limits) < today
    )
    if passed is not None:
        why = "the term has passed and no outcome is recorded"
        return Status(answer="unknown", why=why, evidence=(passed,))
    if latest.kind == "possible":
        why = "what is recorded says neither pregnant nor not pregnant"
    elif latest.undated:
        why = "what says pregnant has no date"
    else:
        why = "what says pregnant is too old"
    return Status(answer="unknown", why=why, evidence=(latest,))


def _in_labour(one: Evidence, today: Day, limits: PregnancyLimits) -> bool:
    return one.kind == "labour" and one.when is not None and today < one.last + limits.labour_days


def _as_end(one: Evidence, today: Day, limits: PregnancyLimits) -> Evidence | None:
    """The evidence as an end, on the day it ends; None for what is no end, or has no date, or not yet."""
    if one.kind not in ENDS or one.when is None:
        return None
    if one.kind != "labour":
        return one
    if today < one.last + limits.labour_days:
        return None
    first, last = (day + limits.labour_days for day in one.when)
    return Evidence(kind="labour", value=one.value, source=one.source, when=(first, last))


def _void(one: Evidence, certain: Day, limits: PregnancyLimits) -> bool:
    """Whether it surely speaks of a pregnancy that has ended, or was over when it was recorded."""
    if one.due is not None and one.when is not None and over(one, limits) < one.first:
        return True
    if one.kind == "labour" and certain and one.last <= certain + limits.residual_days:
        return True
    if one.when is not None:
        return one.last <= certain
    return one.due is not None and one.due[1] - limits.term_days <= certain


def _residual(one: Evidence, certain: Day, possible: Day, limits: PregnancyLimits) -> bool:
    """Whether it may still come from the pregnancy that ended."""
    if not possible or one.when is None:
        return False
    if one.first <= possible:
        return True
    near = one.first <= possible + limits.residual_days
    # The hormone lingers, and a problem that began before the end may have been written down after it.
    return near and (one.kind == "test-positive" or (one.began is not None and one.began[1] <= certain))


def _valid(one: Evidence, today: Day, limits: PregnancyLimits) -> bool:
    if one.due is not None:
        return over(one, limits) >= today
    if one.when is None:
        return False
    if one.days is not None and over(one, limits) < today:
        return False
    if one.kind in ("labour", "gestational-age"):
        return True
    if one.kind == "test-positive":
        return today - one.last <= limits.test_positive_days
    since = one.began[1] if one.state and one.began is not None else one.last
    return today - min(since, one.last) <= limits.pregnant_days


def _negative(one: Evidence, today: Day, limits: PregnancyLimits) -> bool:
    window = limits.not_pregnant_days if one.kind == "not-pregnant" else limits.test_negative_days
    return one.when is not None and today - one.first <= window


def _doubt(one: Evidence, today: Day, limits: PregnancyLimits) -> bool:
    return one.when is None or today - one.last <= limits.pregnant_days


def _dates_it(
    one: Evidence, standing: tuple[Evidence, ...], certain: Day, today: Day, limits: PregnancyLimits
) -> bool:
    """Whether it is a last period that can date the pregnancy: after the last end, before what says pregnant."""
    latest = newest(standing)
    if one.kind != "last-period" or one.due is None or latest is None:
        return False
    return certain < one.due[0] <= latest.last and over(one, limits) >= today
