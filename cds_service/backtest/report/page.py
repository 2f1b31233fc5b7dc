"""The report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cds_service.backtest.report.summary import compared_lines, headline, provenance
from cds_service.figures.charts import bar, columns_by_year
from cds_service.figures.tables import Line, Table, written

_LONG = 25  # rows of a table before the rest is folded away


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("cds_service.backtest.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(bar_of=_bar_of, cell=_cell, numeric=_numeric)
    return made


def page(content: Mapping[str, Any], changed: Sequence[Table], tables: Sequence[Table]) -> str:
    """The whole page."""
    return (
        _environment()
        .get_template("report.html")
        .render(
            headline=list(headline(content)),
            compared=list(compared_lines(content)) if content["compared"] else [],
            unchanged=any(one.id == "changes" and not one.lines for one in changed),
            changed=[one for one in changed if one.lines],
            tables=[one for one in tables if one.lines],
            years=columns_by_year(next(one for one in tables if one.id == "years")),
            provenance=list(provenance(content)),
            sources=content["run"]["sources"],
            bad=content["run"]["bad_lines"]["sample"],
            least=content["least_patients"],
            long=_LONG,
        )
    )


def _cell(table: Table, line: Line, place: int) -> str:
    return written(table, line, place)


def _numeric(table: Table, place: int) -> bool:
    return table.columns[place].kind not in ("text", "hashes")


def _bar_of(table: Table, line: Line) -> Markup:
    """The bar of a row, relative to the largest of its table."""
    place = next(number for number, column in enumerate(table.columns) if column.name == table.bar)
    return bar(_value(line.cells[place]), max(_values(table.lines, place), default=0.0))


def _values(lines: Iterable[Line], place: int) -> list[float]:
    return [_value(line.cells[place]) for line in lines]


def _value(cell: Any) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0
