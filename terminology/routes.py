"""The route an order states beside its medication, from a code or a word.

SNOMED CT 34206005 is the subcutaneous route, whatever the display beside it says.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from terminology.coding import Coding
from terminology.csv_tables import TableError, rows
from terminology.medications import Route
from terminology.name_index import NameIndex
from terminology.product_names import read_form

_COLUMNS = ("system", "code", "route", "verification", "source")
_LONGEST = 60

Routes = Mapping[tuple[str, str], Route]


def load_routes(folder: Path, known: Mapping[str, Route]) -> Routes:
    """The table of route codes. Raises TableError naming file, line and field."""
    routes: dict[tuple[str, str], Route] = {}
    for where, row in rows(folder / "routes.csv", _COLUMNS):
        if row["route"] not in known:
            raise TableError(f"{where}: route must be one of {', '.join(known)}")
        if (row["system"], row["code"]) in routes:
            raise TableError(f"{where}: code {row['code']} stands twice")
        routes[row["system"], row["code"]] = known[row["route"]]
    return routes


def read_route(
    codings: Iterable[Coding], texts: Iterable[str], routes: Routes, index: NameIndex
) -> Route | None:
    """The route that codes name, else the one that displays and texts name; None where they disagree."""
    codings = tuple(codings)
    coded = {routes[key] for one in codings if (key := (one.system, one.code.strip())) in routes}
    if coded:
        return coded.pop() if len(coded) == 1 else None
    written = (*texts, *(one.display for one in codings))
    said = {read_form(text, index).route for text in written if text and len(text) <= _LONGEST} - {None}
    return said.pop() if len(said) == 1 else None
