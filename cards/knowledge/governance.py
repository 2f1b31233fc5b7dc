"""How a statement came to stand here as it does: who approved it, what the site changed, what it switched off."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

ReviewState = Literal["none", "approved", "overdue", "lapsed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One approval on record: by whom, when, and of which content.

    `fingerprint` is that of the statement as it then was, `release` the release of the knowledge. The review
    is overdue after `due`, None where the site set no interval.
    """

    by: str
    role: str
    on: date
    fingerprint: str
    release: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The approvals of one statement, oldest first; `current` is the newest that is of its present content."""

    current: Approval | None = None
    history: tuple[Approval, ...] = ()

    def state_on(self, day: date) -> ReviewState:
        """ "none": nobody ever approved it; "lapsed": it has changed since; "overdue": due for review."""
        if self.current is None:
            return "lapsed" if self.history else "none"
        return "overdue" if self.current.due is not None and day > self.current.due else "approved"

    def words(self, day: date) -> str:
        """The state in words."""
        state, approval = self.state_on(day), self.current or (self.history[-1] if self.history else None)
        if approval is None:
            return "no clinician has approved it yet"
        who = f"{approval.by} ({approval.role})" if approval.role else approval.by
        if state == "lapsed":
            return f"approval lapsed: the statement has changed since {who} approved it on {approval.on}"
        if state == "overdue":
            return f"approved by {who} on {approval.on}; review overdue since {approval.due}"
        return f"approved by {who} on {approval.on}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedOff:
    """A statement that the site does not want: who answers for it, why, and the last day on which it applies."""

    owner: str
    reason: str
    expires: date

    def applies_on(self, day: date) -> bool:
        """Through the end of `expires`."""
        return day <= self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that the site changed.

    `path` is where the value stands in the statement ("rule.bands[30 < crcl < 60].max_mg_per_day"); `shipped` and
    `site` are both values as text, `base` what was shipped when the site made the change.
    """

    path: str
    shipped: str
    site: str
    base: str
    why: str
    owner: str

    @property
    def vendor_changed(self) -> bool:
        """Whether the shipped value is no longer the one that the site changed."""
        return self.shipped != self.base


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something about the site's decisions that somebody has to look at."""

    kind: Literal[
        "vendor-changed", "switch-off-expired", "approval-lapsed", "review-overdue", "approval-unused"
    ]
    statement: str
    text: str


def words_of(notices: tuple[Notice, ...]) -> str:
    """One line each."""
    return "\n".join(f"{one.statement}: {one.text}" for one in notices)
