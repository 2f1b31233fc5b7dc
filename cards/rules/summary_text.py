"""Fills the placeholders of a summary from the order and the facts."""

from collections.abc import Callable, Iterable

from cards.facts.medications import Order
from cards.knowledge.statements import Statement
from cards.rules.basis import drug_name, order_name, plain_name
from cards.rules.context import Context, daily_exposure
from cards.wording import amount, gestation, placed, whole, with_name
from cards.wording import summary as one_line


class _Filled(dict[str, str]):
    """Each placeholder is worked out when the text asks for it."""

    def __init__(self, text: str, given: dict[str, str], made: dict[str, Callable[[], str]]) -> None:
        super().__init__({key: str(placed(text, key, value)) for key, value in given.items()})
        self._text, self._made = text, made

    def __missing__(self, key: str) -> str:
        return str(placed(self._text, key, self._made[key]()))


def filled(text: str, statement: Statement, order: Order, ctx: Context, **given: str) -> str:
    """The summary as one line of at most 139 characters."""

    def dose() -> str:
        exposure = daily_exposure(order, ctx)
        return "" if exposure is None else amount(exposure)

    def crcl() -> str:
        return "not known" if ctx.renal.crcl_low is None else whole(ctx.renal.crcl_low)

    made: dict[str, Callable[[], str]] = {
        "drug": lambda: drug_name(statement, order),
        "dose": dose,
        "age": lambda: str(ctx.patient.oldest) if ctx.patient.oldest is not None else "not known",
        "crcl": crcl,
        "weeks": lambda: gestation(
            ctx.pregnancy.ga_days_least, ctx.pregnancy.ga_days_most, ctx.pregnancy.trimester
        ),
        "pair": lambda: "",
        "partner": lambda: "",
        "value": lambda: "",
        "risks": lambda: "",
        "least": lambda: "",
        "count": lambda: "",
        "hours": lambda: "",
    }
    line = text.format_map(_Filled(text, given, made))
    line = one_line(line) if order.has_drug else with_name(line, order_name(order))
    return line[:1].upper() + line[1:]


def pair_name(order: Order, partners: Iterable[Order]) -> str:
    """ "Naproxen with warfarin"."""
    names = dict.fromkeys(plain_name(partner) for partner in partners)
    return f"{order_name(order)} with {' and '.join(names)}"
