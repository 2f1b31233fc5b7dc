"""The sandbox at `/`: a page on which informatics teams try orders and see the cards a prescriber would see.

The server keeps no session: the state stands in the form. What is pasted or uploaded is read, answered and
forgotten. htmx sends the form and puts the answer in place; it is served from here, and nothing is evaluated
as code (the page's policy allows neither inline scripts nor eval).
"""

import re
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from cards.compose import OVERRIDE_REASONS
from cards.facts.resources import Resource
from cards.knowledge.strict_yaml import KnowledgeFileError
from cds_service.call import Subject, this_call
from cds_service.errors import Problem, Refused
from cds_service.hooks.invoke import Engine, engine_on
from cds_service.json_bytes import to_bytes, to_text
from cds_service.observability.audit import audit_event
from cds_service.observability.outcomes import read_outcomes
from cds_service.sandbox.case_file import case_file
from cds_service.sandbox.chart_summary import chart_summary
from cds_service.sandbox.chosen_chart import person_words
from cds_service.sandbox.drug_search import find_drugs
from cds_service.sandbox.form import CaseForm, new_case, order_name, posted_case
from cds_service.sandbox.inspection import facts_of, nonconformant_of, remarks_of, statements_of
from cds_service.sandbox.markdown import as_html
from cds_service.sandbox.orders import OFTEN, UNITS, as_written, order_words
from cds_service.sandbox.page_state import Page
from cds_service.sandbox.patient_search import offered_servers
from cds_service.sandbox.patients import synthetic_patients
from cds_service.sandbox.procedure_choices import procedure_groups
from cds_service.sandbox.steps import stepped
from cds_service.sandbox.trial import CLIENT
from cds_service.store.store import Store

# As the headers of every answer, and scripts and requests of this server's own; still no eval and no inline.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HOOKS: Final = {
    "order-sign": ("Sign orders", "order-sign: before the orders are signed"),
    "order-select": ("Check selected orders", "order-select: while ordering, warnings and above"),
    "patient-view": ("Open the chart", "patient-view: the active list, when a chart is opened"),
}
_VIEWS: Final = {
    "facts": "Facts",
    "statements": "Statements",
    "conformance": "Input problems",
    "request": "Request",
    "response": "Response",
}
_INDICATORS: Final = {"critical": "Critical", "warning": "Warning", "info": "Information"}
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def sandbox_page(engine: Engine, store: Callable[[], Store]) -> Blueprint:
    """The blueprint of `/` and of what its page asks for."""
    routes = Blueprint(
        "sandbox",
        __name__,
        static_folder="static",
        static_url_path="/sandbox/static",
        template_folder="templates",
    )

    @routes.after_request
    def add_policy(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        return response

    @routes.get("/")
    def show() -> str:
        now = this_call().now
        page = Page(new_case(), engine_on(engine, now), store(), now)
        return render_template("sandbox/page.html", **_shown(page))

    @routes.post("/sandbox")
    def act() -> Response:
        now = this_call().now
        page = stepped(posted_case(engine.settings), engine_on(engine, now), store(), now)
        _audit(page)
        template = "page" if not request.headers.get("HX-Request") else _part(page.case)
        body = render_template(f"sandbox/{template}.html", **_shown(page))
        return Response(body, status=422 if page.wrong else 200)

    @routes.get("/sandbox/drugs")
    def drugs() -> str:
        found = find_drugs(request.args.get("q", ""), engine.terminology)
        return render_template("sandbox/drugs.html", found=found, typed=request.args.get("q", "").strip())

    @routes.post("/sandbox/case")
    def save() -> Response:
        case = posted_case(engine.settings)
        if case.source != "synthetic":
            what = "Only cases of synthetic patients can be saved; what was uploaded is not kept anywhere."
            raise Refused(400, Problem("business-rule", what, "source"))
        now = this_call().now
        page = stepped(case, engine_on(engine, now), store(), now)
        if page.chart is None:
            raise Refused(400, Problem("required", "Choose a synthetic patient first.", "patient"))
        if page.trial is None or page.trial.evaluation is None:
            page.call(new=False)
        evaluation = page.trial.evaluation if page.trial is not None else None
        if evaluation is None:
            raise Refused(
                400, Problem("processing", "The service refuses this case, so there is nothing to save.")
            )
        try:
            text = case_file(page.chart, case.drafts, case.hook, evaluation, page.engine, now)
        except KnowledgeFileError as error:
            raise Refused(400, Problem("processing", f"It cannot be written as a case: {error}")) from None
        name = _UNSAFE.sub("-", page.chart.patient_id)
        headers = {"Content-Disposition": f'attachment; filename="{name}.cases.yaml"'}
        return Response(text, content_type="application/yaml; charset=utf-8", headers=headers)

    return routes


def _audit(page: Page) -> None:
    """Leaves the trace that a call of a client leaves: a chart of a FHIR server may be a real patient's."""
    if not page.called or page.trial is None or page.chart is None:
        return
    call = this_call()
    call.claimed_client, call.service, call.evaluation = CLIENT, page.trial.service.id, page.trial.evaluation
    call.subject = Subject(patient_hash=page.store.hash("patient", CLIENT, page.chart.patient_id))
    outcomes = read_outcomes(call.evaluation.judged if call.evaluation is not None else ())
    milliseconds = (perf_counter() - call.started) * 1000
    page.store.add(audit_event(call, "sandbox", page.trial.status, milliseconds, page.engine, outcomes))


def _part(case: CaseForm) -> str:
    """What an action puts in place: another source, or a link, changes the left column too."""
    return "case" if case.do == "source" or case.shared else "workspace"


def _shown(page: Page) -> dict[str, Any]:
    """The values of the templates."""
    case, chart, trial = page.case, page.chart, page.trial
    evaluation = trial.evaluation if trial is not None else None
    zone = page.engine.policy.zone
    return {
        "page": page,
        "case": case,
        "chart": chart,
        "trial": trial,
        "patients": synthetic_patients(page.now.astimezone(zone).date()).values(),
        "servers": offered_servers(page.engine.fhir.allow_list),
        "person": person_words(chart.resources, chart.patient_id) if chart is not None else "",
        "summary": chart_summary(chart.resources) if chart is not None else {},
        "orders": [_order(one, page) for one in case.drafts],
        "often": {key: words for key, (words, _) in OFTEN.items()},
        "units": UNITS,
        "procedures": procedure_groups(),
        "hooks": _HOOKS,
        "views": _VIEWS,
        "indicators": _INDICATORS,
        "as_html": as_html,
        "answered": dict(one.partition("|")[::2] for one in case.answered),
        "reasons": {one.code: one.display for one in OVERRIDE_REASONS},
        "announcement": _announcement(page),
        "share": _share(page),
        "knowledge_pages": "knowledge" in page.engine.settings.pages,
        "inspected": _inspected(page) if trial is not None else None,
        "request_json": to_text(trial.request) if trial is not None and case.view == "request" else "",
        "response_json": to_text(trial.response) if trial is not None and case.view == "response" else "",
        "cards": evaluation.cards if evaluation is not None else (),
    }


def _order(order: Resource, page: Page) -> dict[str, Any]:
    title, details = order_words(order)
    name = order_name(order)
    return {
        "name": name,
        "title": title,
        "details": details,
        "json": to_bytes(order).decode(),
        "selected": name not in page.case.unselected,
        "editable": as_written(order, page.engine.terminology) is not None,
        "editing": page.case.written.editing == name,
    }


def _inspected(page: Page) -> Any:
    """What the chosen view shows; the FHIR models are loaded for the view of them alone."""
    trial, view = page.trial, page.case.view
    if trial is None or trial.evaluation is None:
        return None
    if view == "facts":
        return facts_of(trial.evaluation)
    if view == "statements":
        return statements_of(trial.evaluation, page.engine.knowledge)
    if view == "conformance":
        return remarks_of(trial.evaluation), nonconformant_of(trial.request, trial.response)
    return None


def _announcement(page: Page) -> str:
    """What a screen reader says after an action."""
    said = [*page.wrong, *page.said]
    if page.trial is None:
        return " ".join(said)
    if page.trial.evaluation is None:
        return " ".join([*said, page.trial.refusal])
    cards = page.trial.evaluation.cards
    counts = [
        f"{count} {words.lower()}"
        for name, words in _INDICATORS.items()
        if (count := sum(card.indicator.name == name for card in cards))
    ]
    shown = (
        f"{len(cards)} {'card' if len(cards) == 1 else 'cards'}: {', '.join(counts)}."
        if cards
        else "No card: evaluated, nothing to say."
    )
    return " ".join([*said, shown])


def _share(page: Page) -> str:
    """The case as a link carries it; "" where it is not a synthetic patient's."""
    if page.case.source != "synthetic" or page.chart is None:
        return ""
    shared = {
        "patient": page.case.patient,
        "hook": page.case.hook,
        "drafts": [to_bytes(one).decode() for one in page.case.drafts],
        "called": bool(page.case.instance),
    }
    return to_bytes(shared).decode()
