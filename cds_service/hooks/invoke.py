"""From a read request to its evaluation: the same function for HTTP and the command line."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any

from cards.acknowledged import Acknowledged
from cards.concern import concerned
from cards.evaluate import Evaluation
from cards.facts.record import Issue, Record
from cards.knowledge.loader import Knowledge
from cards.policy import Policy
from cards.sound import evaluate_soundly
from cds_service.errors import Problem, Refused
from cds_service.fhir.fetch import Completed, FhirServers, complete
from cds_service.fhir.need import Concerns
from cds_service.fhir.paging import Limits
from cds_service.fhir.workers import Workers
from cds_service.hooks.keys import KEYS, PATIENT, PrefetchKey, templates
from cds_service.hooks.keys_asked import keys_asked
from cds_service.hooks.prefetch import OTHER, read_prefetch
from cds_service.hooks.schemas import HookRequest
from cds_service.security.clients import Client
from cds_service.settings import Settings
from cds_service.site_knowledge import site_knowledge, site_policy
from cds_service.site_terminology import site_terminology
from terminology.load import Terminology

# Where clients do not authenticate, all calls come from one client.
CLIENT = "unauthenticated"
_REQUIRED = tuple(row for row in KEYS if row.required)
# The share of the time budget that looking up earlier answers may take, and its most in seconds.
_EARLIER_SHARE, _EARLIER_SECONDS = 0.25, 0.25

Earlier = Callable[[float], tuple[Acknowledged, ...]]
"""(seconds to spare) to the earlier answers about the patient of a request; raises nothing."""

Stage = Callable[[str], AbstractContextManager[object]]
"""The name of a part of a call to what times it."""


def _no_earlier(_: float) -> tuple[Acknowledged, ...]:
    return ()


def _untimed(_: str) -> AbstractContextManager[object]:
    return nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """All that an evaluation needs besides the request; read once, safe to share between threads.

    `client` is the one it evaluates for. `only_one`: that client knows no selectionBehavior "any".
    """

    knowledge: Knowledge
    terminology: Terminology
    policy: Policy
    fhir: FhirServers
    settings: Settings
    client: str = CLIENT
    only_one: bool = False


def for_client(engine: Engine, client: Client) -> Engine:
    """The engine as one client needs it: what it can apply, and the FHIR servers it may name."""
    servers = client.fhir_servers or engine.fhir.allow_list
    return replace(
        engine,
        client=client.name,
        only_one=client.only_one,
        policy=replace(engine.policy, one_action=client.one_action, only_any=client.only_any),
        fhir=replace(engine.fhir, allow_list=servers),
    )


def load_engine(settings: Settings) -> Engine:
    """Reads knowledge and terminology. Raises KnowledgeFileError or TableError for a wrong file."""
    terminology = site_terminology(settings)
    knowledge = site_knowledge(
        terminology, settings.knowledge_overlay, require_approval=settings.require_approval
    )
    return Engine(
        knowledge=knowledge,
        terminology=terminology,
        policy=site_policy(
            knowledge,
            jurisdiction=settings.jurisdiction,
            zone=settings.zone,
            statement_url=_statement_url(settings),
        ),
        fhir=_fhir_servers(settings, terminology, keys_asked(knowledge)),
        settings=settings,
    )


def engine_on(engine: Engine, now: datetime) -> Engine:
    """The engine with the knowledge as it is in force at `now`: a site's switch-offs end on a local day."""
    if not engine.knowledge.changes_by_day:
        return engine
    return replace(engine, knowledge=engine.knowledge.on(now.astimezone(engine.policy.zone).date()))


def _fhir_servers(settings: Settings, terminology: Terminology, keys: Iterable[PrefetchKey]) -> FhirServers:
    ca_file = str(settings.fhir_ca_file) if settings.fhir_ca_file else None
    return FhirServers(
        allow_list=settings.fhir_servers,
        workers=Workers(settings.fetch_threads, settings.max_fetches, ca_file),
        limits=Limits(
            max_bytes=settings.max_fetch_bytes,
            max_pages=settings.max_pages,
            max_resources=settings.max_resources,
            max_references=settings.max_references,
        ),
        templates=templates(terminology.sets.sets, keys),
    )


def answer(
    request: HookRequest,
    engine: Engine,
    now: datetime,
    earlier: Earlier = _no_earlier,
    stage: Stage = _untimed,
) -> Evaluation:
    """The evaluation of one request at `now` (aware). `stage` times the parts: store, fetch, evaluate.

    Raises Refused: 413 for too many resources or orders, 412 where the patient cannot be obtained.
    """
    engine = engine_on(engine, now)
    deadline = monotonic() + engine.settings.time_budget_ms / 1000
    refuse_too_many(request, engine.settings)
    if nothing_ordered(request):
        return Evaluation(cards=(), issues=request.issues)
    with stage("store"):
        answers = earlier(min(_EARLIER_SECONDS, (deadline - monotonic()) * _EARLIER_SHARE))
    with stage("fetch"):
        found = obtained(request, engine, deadline)
    refuse_without_required(request, found.record)
    with stage("evaluate"):
        return evaluated(request, found, engine, now, answers)


def obtained(request: HookRequest, engine: Engine, deadline: float) -> Completed:
    """The record that the request sent, completed from the EHR's server, and the orders to evaluate."""
    record = read_prefetch(request.prefetch, request.patient_id, request.issues, others=request.others)
    found = complete(request, record, engine.fhir, deadline, _concerns(request, engine))
    known = _asked_by_another(request, found.record)
    return found if known is found.record else replace(found, record=known)


def _concerns(request: HookRequest, engine: Engine) -> Concerns:
    """Tells whether the knowledge speaks of any of some orders of the request."""
    return partial(
        concerned,
        patient_id=request.patient_id,
        knowledge=engine.knowledge,
        terminology=engine.terminology,
        zone=engine.policy.zone,
    )


def _asked_by_another(request: HookRequest, record: Record) -> Record:
    """The record with an unknown patient, where the client answers the keys of another service only.

    Such a client cannot know that this service requires `patient`; what it sent of the patient is evaluated,
    and a card says that age and sex are unknown. One that answers our keys is held to them (412), and so is
    one that sent anybody else's data.
    """
    if request.prefetch or record.state(PATIENT) != "absent":
        return record
    answered = any(key.startswith(OTHER) and record.state(key) == "given" for key in record.keys)
    foreign = any(issue.code == "other-patient" for issue in record.issues)
    if not answered or foreign:
        return record
    unknown = record.keys[PATIENT]._replace(state="given")
    issue = Issue("no-patient", "the patient's record was not sent, so age and sex are unknown")
    return replace(record, keys={**record.keys, PATIENT: unknown}, issues=(*record.issues, issue))


def nothing_ordered(request: HookRequest) -> bool:
    """Whether draftOrders was empty: nothing to advise on, whatever else was sent."""
    return request.drafts == () and not any(issue.code == "unreadable-resource" for issue in request.issues)


def evaluated(
    request: HookRequest,
    found: Completed,
    engine: Engine,
    now: datetime,
    acknowledged: tuple[Acknowledged, ...] = (),
) -> Evaluation:
    """The evaluation of a request whose record has been read."""
    service = request.service
    return evaluate_soundly(
        service.hook,
        found.record,
        found.drafts,
        request.selections,
        now=now,
        policy=engine.policy,
        knowledge=engine.knowledge,
        terminology=engine.terminology,
        card_scope=f"{engine.client}|{request.patient_id}|{service.hook}|{request.hook_instance}",
        acknowledged=acknowledged,
    )


def response(evaluation: Evaluation, *, only_one: bool = False) -> dict[str, Any]:
    """The body of a successful answer."""
    cards = evaluation.cards
    if only_one:
        cards = tuple(replace(card, selection_behavior="at-most-one") for card in cards)
    return {"cards": [card.as_json() for card in cards]}


def refuse_without_required(request: HookRequest, record: Record) -> None:
    """Raises Refused (412) where a required key was neither sent nor to be had from the EHR's server."""
    missing = [row for row in _REQUIRED if record.state(row.key) != "given"]
    if not missing:
        return
    problems = []
    for row in missing:
        what = (
            f"prefetch.{row.key} {_why_missing(row, request, record)}. Send it as the result of {row.query}, "
            "or null if there is none."
        )
        problems.append(Problem("required", what, f"prefetch.{row.key}"))
    raise Refused(412, *problems)


def _why_missing(row: PrefetchKey, request: HookRequest, record: Record) -> str:
    result = record.keys[row.key]
    unusable = any(issue.text.startswith(f"{row.words}:") for issue in record.issues)
    sent = "holds no usable resource of this patient" if unusable else "was not sent"
    if result.state == "absent":
        return f"{sent}, and there is no FHIR server that this service may query for it"
    if row.key in request.prefetch and not unusable:
        return "could not be read by the client"
    return f"{sent}, and it could not be read from fhirServer ({result.why})"


def refuse_too_many(request: HookRequest, settings: Settings) -> None:
    """Raises Refused (413) for more resources, or more orders, than this server evaluates in one call."""
    orders = len(request.drafts or ()) + len(request.dispatched)
    sent = (*request.prefetch.values(), *request.others)
    if orders + sum(map(_size, sent)) > settings.max_resources:
        what = f"More than {settings.max_resources} resources, the limit of this server."
        raise Refused(413, Problem("too-long", what))
    if orders > settings.max_orders:
        what = f"More than {settings.max_orders} orders, the limit of this server."
        raise Refused(413, Problem("too-long", what, "context"))


def _size(value: Any) -> int:
    """The number of entries under a key, counted without reading them."""
    if isinstance(value, dict) and "resourceType" not in value and "resource" in value:
        value = value["resource"]
    if isinstance(value, dict):
        entries = value.get("entry")
        return len(entries) or 1 if isinstance(entries, list) else 1
    return sum(_size(item) for item in value) if isinstance(value, list) else 1


def _statement_url(settings: Settings) -> str | None:
    if settings.base_url is None or "knowledge" not in settings.pages:
        return None
    base = settings.base_url.replace("{", "{{").replace("}", "}}")
    return base + "/knowledge/{statement}"
