"""The release of the knowledge as readers cite it: version, date, and whether the site changed it."""

from datetime import date
from functools import lru_cache

from cards.knowledge.index import Knowledge
from cards.knowledge.loader import HOME
from cards.knowledge.release import read_release


def release_words(knowledge: Knowledge) -> str:
    """ "Knowledge 2026.11.1 of 2026-11-25", and the overlay where there is one."""
    on = released_on()
    of = f" of {on.isoformat()}" if on is not None else ""
    site = f", as this site changed it ({knowledge.overlay})" if knowledge.overlay else ""
    return f"Knowledge {knowledge.release or knowledge.version}{of}{site}"


@lru_cache(maxsize=1)
def released_on() -> date | None:
    """The date of the shipped release; it was revised last on that day."""
    return read_release(HOME).on
