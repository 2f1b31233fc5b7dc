"""Charts as inline SVG. Each stands beside a table with the same numbers, so that no one depends on it."""

from collections.abc import Sequence

from markupsafe import Markup

from cds_service.figures.tables import Table

_SERIES = ("critical", "warning", "info")
_HEIGHT, _COLUMN, _GAP, _LEFT, _FOOT = 180, 34, 14, 44, 24
_MOST_YEARS = 20

Stack = tuple[str, list[tuple[str, float]]]
"""The label of a column, and its parts as (class of the style sheet, value); no parts: hidden."""


def bar(value: float, most: float) -> Markup:
    """A bar beside a number; decoration for a screen reader."""
    width = max(0.0, min(100.0, 100 * value / most)) if most else 0.0
    return Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="rail" width="100" height="10"/><rect class="fill" width="{:.2f}" height="10"/></svg>'
    ).format(width)


def columns_by_year(table: Table) -> Markup:
    """Cards per 100 orders by year, stacked by indicator; "" for fewer than two years with numbers."""
    names = [column.name for column in table.columns]
    shown: list[Stack] = []
    for line in table.lines[-_MOST_YEARS:]:
        parts = [(name, line.cells[names.index(name)]) for name in _SERIES]
        if any(cell is None for _, cell in parts):  # suppressed: the sum alone, where that is shown
            parts = [("unsplit", line.cells[names.index("per_100_orders")])]
        known = [(name, float(cell)) for name, cell in parts if isinstance(cell, int | float)]
        shown.append((str(line.cells[0]), known))
    return stacked_columns(shown, "years", "Cards per 100 orders by year: see the table")


def stacked_columns(shown: Sequence[Stack], name: str, title: str) -> Markup:
    """Columns side by side, each stacked from its parts; "" for fewer than two, or without a number.

    `name` is the chart's class and, with "-title", the id of its title.
    """
    most = max((sum(value for _, value in values) for _, values in shown), default=0.0)
    if len(shown) < 2 or not most:
        return Markup("")
    width = _LEFT + len(shown) * (_COLUMN + _GAP)
    drawn = [
        Markup(
            '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="xMinYMid" role="img" '
            'aria-labelledby="{}-title">'
            '<title id="{}-title">{}</title>'
        ).format(name, width, _HEIGHT + _FOOT, name, name, title)
    ]
    for step in range(3):
        height = 10 + (_HEIGHT - 10) * step / 2
        drawn.append(
            Markup('<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/><text x="{}" y="{:.1f}" class="axis">{}</text>')
            .format(_LEFT, width, height, height, _LEFT - 6, height + 4, f"{most * (2 - step) / 2:.3g}")
        )  # fmt: skip
    for number, (label, values) in enumerate(shown):
        left, top = _LEFT + _GAP / 2 + number * (_COLUMN + _GAP), float(_HEIGHT)
        for part, value in values:
            height = (_HEIGHT - 10) * value / most
            top -= height
            drawn.append(
                Markup('<rect class="{}" x="{}" y="{:.2f}" width="{}" height="{:.2f}"/>').format(
                    part, left, top, _COLUMN, height
                )
            )
        if not values:
            drawn.append(
                Markup('<text x="{}" y="{}" class="year">hidden</text>').format(
                    left + _COLUMN / 2, _HEIGHT - 5
                )
            )
        drawn.append(
            Markup('<text x="{}" y="{}" class="year">{}</text>').format(
                left + _COLUMN / 2, _HEIGHT + 16, label
            )
        )
    return Markup("").join([*drawn, Markup("</svg>")])
