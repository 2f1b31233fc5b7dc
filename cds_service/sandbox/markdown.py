"""The markdown of our cards as HTML: paragraphs, lists, bold, escapes, and nothing else.

A card's detail escapes what came with the request. Whatever else stands in it is shown as text: no tag, link
or attribute of the detail ever becomes one.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from markupsafe import Markup, escape

_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")
_ESCAPED: Final = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>])")
# Stands for an escaped asterisk while bold is looked for; cannot come from JSON text that was cleaned of it.
_HELD: Final = "\x00"


def as_html(detail: str) -> Markup:
    """HTML of a card's detail."""
    blocks = Markup("").join(_blocks(detail.replace(_HELD, "")))
    return Markup('<div class="detail">') + blocks + Markup("</div>")


def _blocks(detail: str) -> Iterator[Markup]:
    paragraph: list[str] = []
    items: list[str] = []
    for line in (*detail.splitlines(), ""):
        item = line.startswith("- ")
        if items and not item:
            yield _list(items)
            items = []
        if paragraph and (item or not line.strip()):
            yield Markup("<p>") + _inline(" ".join(paragraph)) + Markup("</p>")
            paragraph = []
        if item:
            items.append(line[2:])
        elif line.strip():
            paragraph.append(line.strip())


def _list(items: list[str]) -> Markup:
    made = (Markup("<li>") + _inline(one) + Markup("</li>") for one in items)
    return Markup("<ul>") + Markup("").join(made) + Markup("</ul>")


def _inline(text: str) -> Markup:
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[1])
        return _HELD

    text = _ESCAPED.sub(hold, text)
    parts = _BOLD.split(text)
    kept = iter(held)
    made = Markup("")
    for place, part in enumerate(parts):
        plain = re.sub(_HELD, lambda _: next(kept), part)
        shown = escape(unescape(plain))
        made += Markup("<strong>") + shown + Markup("</strong>") if place % 2 else shown
    return made
