"""Dates written relative to a day, so that synthetic data stays as old as it was meant to be.

`$date(-12d)`, `$date(-74y)`, `$date(+90d)` are days; `$time(-12d)` is 09:00 UTC of that day.
"""

import re
from datetime import date, timedelta
from typing import Any

_RELATIVE = re.compile(r"\$(date|time)\(([+-])(\d{1,5})([dy])\)", re.ASCII)


def dated(text: str, today: date) -> str:
    """The text with every relative date written out as of `today`."""
    return _RELATIVE.sub(lambda match: _written(match, today), text)


def dated_throughout(value: Any, today: date) -> Any:
    """A copy of lists and mappings with every text of them dated."""
    if isinstance(value, str):
        return dated(value, today)
    if isinstance(value, list):
        return [dated_throughout(item, today) for item in value]
    if isinstance(value, dict):
        return {name: dated_throughout(item, today) for name, item in value.items()}
    return value


def _written(match: re.Match[str], today: date) -> str:
    form, sign, count, unit = match.groups()
    away = int(f"{sign}{count}")
    day = today + timedelta(days=away) if unit == "d" else _years_away(today, away)
    return f"{day.isoformat()}T09:00:00Z" if form == "time" else day.isoformat()


def _years_away(today: date, years: int) -> date:
    """The same day so many years away, so that an age is exactly that; 28 February for the 29th."""
    try:
        return today.replace(year=today.year + years)
    except ValueError:
        return date(today.year + years, 2, 28)
