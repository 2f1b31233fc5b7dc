"""Calls the service for the case on the page: the same functions as the endpoint, and the same store.

Cards and answers are kept under a client of the sandbox's own, so that exports can tell them from those of
real clients. What was answered on one page is not remembered on another: patients are tried by many.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cards.acknowledged import Acknowledged
from cards.card import OVERRIDE_REASON_SYSTEM, Card, Suggestion
from cards.evaluate import Evaluation
from cds_service.call import Subject
from cds_service.errors import Refused
from cds_service.hooks.discovery import Service, service_for
from cds_service.hooks.feedback import read_feedback
from cds_service.hooks.invoke import Earlier, Engine, answer, response
from cds_service.hooks.issued import issued_cards
from cds_service.hooks.schemas import read_request
from cds_service.sandbox.chosen_chart import Chart
from cds_service.sandbox.form import CaseForm, order_name
from cds_service.store.breaker import StoreDownError
from cds_service.store.store import Store

CLIENT: Final = "sandbox"
# A FHIR server that asks for no token ignores the one it is sent.
_ANY: Final = "none"
_HIDDEN: Final = "(hidden)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One call. `request` is what was sent, without the token; `refusal` says why there is no evaluation."""

    service: Service
    request: dict[str, Any]
    evaluation: Evaluation | None = None
    response: dict[str, Any] | None = None
    refusal: str = ""
    status: int = 200

    def card(self, uuid: str) -> Card | None:
        """The card of that id."""
        cards = self.evaluation.cards if self.evaluation is not None else ()
        return next((one for one in cards if one.uuid == uuid), None)

    def suggestion(self, uuid: str) -> tuple[Card, Suggestion] | None:
        """The suggestion of that id, with its card."""
        for card in self.evaluation.cards if self.evaluation is not None else ():
            for one in card.suggestions:
                if one.uuid == uuid:
                    return card, one
        return None


def service_of(hook: str) -> Service:
    """The service of a hook that the page offers."""
    found = service_for(hook)
    if found is None:
        raise LookupError(hook)
    return found


def hook_request(case: CaseForm, chart: Chart) -> dict[str, Any]:
    """The body that an EHR would send for this case."""
    service = service_of(case.hook)
    context: dict[str, Any] = {"userId": "Practitioner/sandbox", "patientId": chart.patient_id}
    if chart.encounter_id:
        context["encounterId"] = chart.encounter_id
    if service.reads_drafts:
        entry = [{"resource": one} for one in case.drafts]
        context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entry}
    if case.hook == "order-select":
        names = [order_name(one) for one in case.drafts]
        context["selections"] = [one for one in names if one not in case.unselected]
    body: dict[str, Any] = {"hook": case.hook, "hookInstance": case.instance, "context": context}
    if chart.prefetch is not None:
        body["prefetch"] = dict(chart.prefetch)
    else:
        body["fhirServer"] = chart.server
        body["fhirAuthorization"] = {
            "access_token": case.token or _ANY,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.read",
            "subject": CLIENT,
        }
    return body


def call(case: CaseForm, chart: Chart, engine: Engine, store: Store, now: datetime, *, new: bool) -> Trial:
    """Evaluates the case. `new`: a call of its own, whose cards are kept as issued; else one shown again."""
    own = replace(engine, client=CLIENT)
    service = service_of(case.hook)
    body = hook_request(case, chart)
    shown = _without_token(body)
    subject = Subject(patient_hash=store.hash("patient", CLIENT, f"{case.visit}|{chart.patient_id}"))
    try:
        request = read_request(body, service)
        earlier = _earlier(store, own, subject, now, case.called or now)
        evaluation = answer(request, own, now, earlier)
    except Refused as refused:
        said = " ".join(problem.diagnostics for problem in refused.problems)
        return Trial(
            service=service,
            request=shown,
            refusal=f"The service answers {refused.status}: {said}",
            status=refused.status,
        )
    if new:
        for card in issued_cards(evaluation, request, own, subject, now):
            store.add(card)
    return Trial(service=service, request=shown, evaluation=evaluation, response=response(evaluation))


def accept(
    card: Card, suggestion: Suggestion, hook: str, engine: Engine, store: Store, now: datetime
) -> None:
    """Keeps that a suggestion was applied. Raises StoreDownError."""
    entry = {"card": card.uuid, "outcome": "accepted", "acceptedSuggestions": [{"id": suggestion.uuid}]}
    _keep(entry, hook, engine, store, now)


def override(
    card: Card, reason: str, comment: str, hook: str, engine: Engine, store: Store, now: datetime
) -> None:
    """Keeps why a card was not followed. Raises StoreDownError."""
    given: dict[str, Any] = {"reason": {"code": reason, "system": OVERRIDE_REASON_SYSTEM}}
    if comment.strip():
        given["userComment"] = comment.strip()
    _keep({"card": card.uuid, "outcome": "overridden", "overrideReason": given}, hook, engine, store, now)


def _keep(entry: Mapping[str, Any], hook: str, engine: Engine, store: Store, now: datetime) -> None:
    """Through the reader of the feedback endpoint, so that both keep the same."""
    body = {"feedback": [{**entry, "outcomeTimestamp": now.isoformat()}]}
    given = read_feedback(body, CLIENT, service_of(hook).id, engine.policy.zone)
    store.keep(given.answers, now)


def _earlier(store: Store, engine: Engine, subject: Subject, now: datetime, called: datetime) -> Earlier:
    """Answers before the call: a call that is shown again is shown as it was answered."""

    def look_up(seconds: float) -> tuple[Acknowledged, ...]:
        since = now - timedelta(days=engine.policy.repeat_days)
        try:
            found = store.acknowledged(CLIENT, subject.patient_hash, since, seconds)
        except StoreDownError:
            return ()
        return tuple(one for one in found if one.at < called)

    return look_up


def _without_token(body: dict[str, Any]) -> dict[str, Any]:
    if "fhirAuthorization" not in body:
        return body
    return {**body, "fhirAuthorization": {**body["fhirAuthorization"], "access_token": _HIDDEN}}
