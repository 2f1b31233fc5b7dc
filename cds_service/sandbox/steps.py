"""What each button of the sandbox does to the case on the page. The state comes with the form and goes back with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from cds_service.hooks.invoke import Engine
from cds_service.json_bytes import UnreadableJson, from_bytes
from cds_service.sandbox.form import HOOKS, CaseForm, Written, order_name, read_orders
from cds_service.sandbox.orders import (
    NotWrittenError,
    applied,
    as_written,
    drug_order,
    procedure_order,
    suggested_order,
)
from cds_service.sandbox.page_state import Page
from cds_service.sandbox.patient_search import NotFoundError, find_patients
from cds_service.sandbox.trial import accept, override
from cds_service.store.breaker import StoreDownError
from cds_service.store.store import Store

_NOT_KEPT = "The database does not answer, so the feedback was not kept."


def stepped(case: CaseForm, engine: Engine, store: Store, now: datetime) -> Page:
    """The page after the button of `case` was pressed."""
    page = Page(case, engine, store, now)
    if case.left_out:
        page.wrong.append(f"{case.left_out} orders of the form could not be read and were left out.")
    if case.do in ("source", "patient", "read", "open"):
        page.case = replace(case, drafts=(), instance="", answered=(), written=Written())
    if case.do == "source":
        page.case = replace(page.case, patient="", bundle="", server="")
    if case.do == "open":
        _open(page)
    page.read_chart()
    act = _ACTS.get(page.case.do)
    if act is not None:
        act(page)
    if page.trial is None and page.chart is not None and page.case.instance:
        page.call(new=False)
    return page


def _open(page: Page) -> None:
    """A case shared by link: {"patient", "hook", "drafts", "called"}."""
    settings = page.engine.settings
    page.case = replace(page.case, source="synthetic", patient="", bundle="", server="")
    try:
        shared = from_bytes(page.case.shared.encode("utf-8", "replace"), settings.max_nesting)
    except UnreadableJson:
        shared = None
    if not isinstance(shared, dict):
        page.wrong.append("The link holds no case that can be read.")
        return
    listed = shared.get("drafts")
    drafts, left_out = read_orders(
        (one for one in listed if isinstance(one, str)) if isinstance(listed, list) else (), settings
    )
    if left_out:
        page.wrong.append(f"{left_out} orders of the link could not be read and were left out.")
    hook = shared.get("hook")
    page.case = replace(
        page.case,
        patient=str(shared.get("patient", ""))[:200],
        hook=hook if hook in HOOKS else HOOKS[0],
        drafts=drafts,
    )
    if shared.get("called") is True:
        page.case = replace(page.case, do="evaluate")


def _read(page: Page) -> None:
    if page.chart is None:
        if not page.wrong:
            page.wrong.append("Paste a FHIR R4 Bundle, or a whole CDS Hooks request.")
        return
    page.change(page.chart.drafts)
    count = len(page.chart.resources)
    page.said.append(f"{count} resources read.")
    page.focus = "orders"


def _find(page: Page) -> None:
    case = page.case
    page.change(())
    page.chart = None
    page.case = replace(page.case, patient="")
    try:
        page.found = find_patients(case.server, case.search, case.token, page.engine.fhir)
        page.said.append(f"{len(page.found)} patients found.")
    except NotFoundError as error:
        page.wrong.append(str(error))


def _suggested(page: Page) -> None:
    if page.chart is None or page.chart.suggested is None:
        page.wrong.append("This patient comes with no order to suggest.")
        return
    case, terms = page.case, page.engine.terminology
    made = suggested_order(page.chart.suggested, page.chart.patient_id, case.drafts, terms)
    page.change((*case.drafts, made))


def _add(page: Page) -> None:
    make = procedure_order if page.case.do == "procedure" else drug_order
    case, patient_id = page.case, page.chart.patient_id if page.chart else ""
    if not patient_id:
        page.wrong.append("Choose a patient first.")
        return
    try:
        made = make(case.written, patient_id, case.drafts, page.engine.terminology)
    except NotWrittenError as error:
        page.wrong.append(str(error))
        return
    name = order_name(made)
    places = [at for at, one in enumerate(case.drafts) if order_name(one) == name]
    drafts = list(case.drafts)
    if places:
        drafts[places[0]] = made
    elif len(drafts) < page.engine.settings.max_orders:
        drafts.append(made)
    page.change(tuple(drafts))
    page.case = replace(page.case, written=Written())


def _remove(page: Page) -> None:
    page.change(tuple(one for one in page.case.drafts if order_name(one) != page.case.what))
    page.focus = "orders"


def _edit(page: Page) -> None:
    order = next((one for one in page.case.drafts if order_name(one) == page.case.what), None)
    written = as_written(order, page.engine.terminology) if order is not None else None
    if written is None:
        page.wrong.append("This order cannot be edited here; remove it and write it again.")
        return
    page.case = replace(page.case, written=written)
    page.focus = "procedure-text" if written.procedure_text else "q"


def _cancel(page: Page) -> None:
    page.case = replace(page.case, written=Written())
    page.focus = "orders"


def _evaluate(page: Page) -> None:
    page.call(new=True)
    page.focus = "advice"


def _apply(page: Page) -> None:
    page.call(new=False)
    found = page.trial.suggestion(page.case.what) if page.trial is not None else None
    if found is None:
        page.wrong.append("This suggestion is no longer offered; the orders were evaluated again.")
    else:
        card, suggestion = found
        _kept(page, lambda: accept(card, suggestion, page.case.hook, page.engine, page.store, page.now))
        page.change(applied(suggestion, page.case.drafts))
        page.said.append(f"Applied: {suggestion.label}.")
    page.call(new=True)
    page.focus = "advice"


def _override(page: Page) -> None:
    page.call(new=False)
    card = page.trial.card(page.case.what) if page.trial is not None else None
    if card is None:
        page.wrong.append("This card is no longer shown; the orders were evaluated again.")
        return
    case = page.case
    reason = next((one for one in card.override_reasons if one.code == case.reason), None)
    if reason is None:
        page.wrong.append("Choose a reason for not following the card.")
        return
    if _kept(
        page, lambda: override(card, reason.code, case.comment, case.hook, page.engine, page.store, page.now)
    ):
        page.case = replace(case, answered=(*case.answered, f"{card.uuid}|{reason.code}"))
        page.said.append(f"Feedback kept: {reason.display}.")
    page.focus = "advice"


def _kept(page: Page, keep: Callable[[], None]) -> bool:
    try:
        keep()
    except StoreDownError:
        page.wrong.append(_NOT_KEPT)
        return False
    return True


def _with_select(act: Callable[[Page], None]) -> Callable[[Page], None]:
    """An EHR calls order-select by itself whenever the orders change."""

    def acted(page: Page) -> None:
        act(page)
        changed = not page.case.instance and page.case.drafts
        if page.case.hook == "order-select" and changed and page.chart is not None and not page.wrong:
            page.call(new=True)

    return acted


_ACTS: dict[str, Callable[[Page], None]] = {
    "read": _read,
    "find": _find,
    "suggested": _with_select(_suggested),
    "add": _with_select(_add),
    "procedure": _with_select(_add),
    "remove": _with_select(_remove),
    "edit": _edit,
    "cancel": _cancel,
    "select": lambda page: page.call(new=True),
    "hook": lambda page: page.change(page.case.drafts),
    "evaluate": _evaluate,
    "apply": _apply,
    "override": _override,
}
