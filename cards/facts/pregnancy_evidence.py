"""What the record says about pregnancy, as dated evidence: gathered from every key, judged nowhere here.

Days are ordinals (`date.toordinal`), so that no arithmetic on a strange date can fail.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final, Literal

from cards.facts.resources import Interval, Resource, text

Day = int
Days = tuple[Day, Day]

Kind = Literal[
    "pregnant-status",  # an answer to "pregnancy status"
    "pregnant-code",  # a diagnosis
    "pregnant-episode",  # an episode of maternity care
    "test-positive",
    "due-date",
    "gestational-age",
    "last-period",
    "not-pregnant",
    "test-negative",
    "possible",
    "labour",
    "delivered",
    "postpartum",  # after a delivery whose day is not said
    "loss",
    "feeding",
    "not-feeding",
    "intends",
    "no-intention",
    "no-answer",  # a question asked, and neither yes nor no said
    "uterus-absent",
    "sterilised",
    "menopause",
    "intrauterine-device",
    "device-removed",
    "hormonal-contraception",
    "other-contraception",
]

CLAIMS: frozenset[Kind] = frozenset(
    {
        "pregnant-status",
        "pregnant-code",
        "pregnant-episode",
        "test-positive",
        "due-date",
        "gestational-age",
    }
)
_WORDS: Final[dict[Kind, str]] = {
    "pregnant-status": "pregnancy status",
    "pregnant-code": "diagnosis",
    "pregnant-episode": "episode of care",
    "test-positive": "pregnancy test",
    "due-date": "estimated date of delivery",
    "gestational-age": "gestational age",
    "last-period": "last menstrual period",
    "not-pregnant": "pregnancy status",
    "test-negative": "pregnancy test",
    "possible": "possible pregnancy",
    "delivered": "delivery",
    "postpartum": "state after delivery",
    "loss": "end of pregnancy",
    "feeding": "breastfeeding",
    "not-feeding": "breastfeeding",
    "uterus-absent": "absence of the uterus",
}
NEGATIVES: frozenset[Kind] = frozenset({"not-pregnant", "test-negative"})
DELIVERIES: frozenset[Kind] = frozenset({"delivered", "postpartum", "labour"})
ENDS: frozenset[Kind] = DELIVERIES | {"loss"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece of evidence.

    `when` is the first and last day it may date from, None when undated. `observed`: a laboratory result or
    an observation, no diagnosis code. `began`: onset of a condition that has its own date of recording.
    `due`: the days an EDD or a last period names. `days`: gestational age at `when`, (least, most or None).
    `value` is what was said, for people.
    """

    kind: Kind
    value: str
    source: str
    when: Days | None = None
    observed: bool = False
    began: Days | None = None
    state: bool = False
    trimester: int | None = None
    due: Days | None = None
    days: tuple[int, int | None] | None = None
    ultrasound: bool = False
    coded_week: bool = False

    @property
    def first(self) -> Day:
        """The earliest day it may date from; before all days when undated."""
        return self.when[0] if self.when else 0

    @property
    def last(self) -> Day:
        """The latest day it may date from; before all days when undated."""
        return self.when[1] if self.when else 0

    @property
    def what(self) -> str:
        """What kind of evidence it is, for people."""
        return _WORDS.get(self.kind, self.kind.replace("-", " "))

    @property
    def undated(self) -> bool:
        """Whether neither its own date nor the day it names places it in time."""
        return self.when is None and self.due is None

    @property
    def order(self) -> tuple[Day, Day, str, str, str]:
        """A total order by date, so that the order of the record decides nothing."""
        return (self.last, self.first, self.kind, self.source, self.value)


def newest(found: Iterable[Evidence]) -> Evidence | None:
    """The newest evidence, the same one in whatever order it came."""
    listed = list(found)
    return max(listed, key=lambda one: one.order) if listed else None


def local_day(moment: datetime, zone: tzinfo) -> Day | None:
    """The ordinal of a moment's local day; None at the ends of the calendar."""
    try:
        return moment.astimezone(zone).toordinal()
    except OverflowError:
        return None


def local_days(when: Interval | None, zone: tzinfo) -> Days | None:
    """The first and last local day of an interval."""
    if when is None:
        return None
    first, last = local_day(when.earliest, zone), local_day(when.latest, zone)
    return None if first is None or last is None else (first, last)


def written(day: Day) -> str:
    """A day in ISO form, "" where it lies outside the calendar."""
    return date.fromordinal(day).isoformat() if 0 < day <= date.max.toordinal() else ""


def dated(days: Days | None) -> str:
    """When, for people: a day, "between" two days, or "undated"."""
    if days is None:
        return "undated"
    first, last = map(written, days)
    return first if first == last else f"between {first} and {last}"


def source_of(resource: Resource) -> str:
    """ "Type/id" of a resource."""
    return f"{text(resource.get('resourceType'))}/{text(resource.get('id'))}"
