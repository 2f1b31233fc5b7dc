"""A fact is known, missing or stale; "not recorded" is never "no"."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A usable value, when it was observed, and the resource it came from ("Observation/123")."""

    value: T
    observed: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Stale(Generic[T]):
    """A value older than its use allows; `age_days` is its age at evaluation."""

    value: T
    observed: datetime
    source: str
    age_days: int


@dataclass(frozen=True, slots=True)
class Missing:
    """No usable value; `why` says what was looked for and what stood in the way."""

    why: str


Fact = Known[T] | Stale[T] | Missing
