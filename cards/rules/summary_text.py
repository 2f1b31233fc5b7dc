"""Fills the placeholders of a summary from the order and the facts."""

from collections.abc import Iterable

from cards.facts.medications import Order
from cards.knowledge.statements import Statement
from cards.rules.basis import drug_name, order_name, plain_name
from cards.rules.context import Context, daily_exposure
from cards.rules.placeholders import PLACEHOLDERS
from cards.wording import amount, gestation, placed, whole, with_name
from cards.wording import summary as one_line


class _Filled(dict[str, str]):
    """What a rule gives for its placeholders; the others are worked out when the text asks for them."""

    def __init__(
        self, text: str, given: dict[str, str], statement: Statement, order: Order, ctx: Context
    ) -> None:
        super().__init__({key: str(placed(text, key, value)) for key, value in given.items()})
        self._text, self._statement, self._order, self._ctx = text, statement, order, ctx

    def __missing__(self, key: str) -> str:
        return str(placed(self._text, key, self._made(key)))

    def _made(self, key: str) -> str:
        ctx = self._ctx
        match key:
            case "drug":
                return drug_name(self._statement, self._order)
            case "dose":
                exposure = daily_exposure(self._order, ctx)
                return "" if exposure is None else amount(exposure)
            case "age":
                return "not known" if ctx.patient.oldest is None else str(ctx.patient.oldest)
            case "crcl":
                return "not known" if ctx.renal.crcl_low is None else whole(ctx.renal.crcl_low)
            case "weeks":
                found = ctx.pregnancy
                return gestation(found.ga_days_least, found.ga_days_most, found.trimester)
        if key not in PLACEHOLDERS:
            raise KeyError(key)
        return ""


def filled(text: str, statement: Statement, order: Order, ctx: Context, **given: str) -> str:
    """The summary as one line of at most 139 characters."""
    line = text.format_map(_Filled(text, given, statement, order, ctx))
    line = one_line(line) if order.has_drug else with_name(line, order_name(order))
    return line[:1].upper() + line[1:]


def pair_name(order: Order, partners: Iterable[Order]) -> str:
    """ "Naproxen with warfarin"."""
    names = dict.fromkeys(plain_name(partner) for partner in partners)
    return f"{order_name(order)} with {' and '.join(names)}"
