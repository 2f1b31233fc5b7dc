"""What goes over the wire, as marshmallow schemas: the source of the OpenAPI document.

Requests are read by hooks/schemas.py, which takes more shapes than are written here; these say what a client
should send. Answers are exactly as written here: tests check every one of them against these schemas.
"""

from typing import Any, get_args

from marshmallow import RAISE, Schema, fields, validate

from cards.card import MAX_SUMMARY, Indicator, Topic
from cds_service.hooks.schemas import Envelope

_TYPED = {"type": "object", "properties": {"resourceType": {"type": "string"}}, "required": ["resourceType"]}

_ORDERS = {
    "type": "object",
    "description": "A Bundle of the draft orders, and of Medications that they refer to",
    "required": ["resourceType"],
    "properties": {
        "resourceType": {"enum": ["Bundle"]},
        "entry": {"type": "array", "items": {"type": "object", "properties": {"resource": _TYPED}}},
    },
}


class _Exact(Schema):
    """An answer, or a part of one: nothing else may stand in it, and no member is null."""

    class Meta:
        unknown = RAISE


def _text(**more: Any) -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1), **more)


def _one_of(*values: str) -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(values))


def _list(inner: fields.Field[Any] | type[Schema], **more: Any) -> fields.List[Any]:
    """A list that is left out rather than empty."""
    item = inner if isinstance(inner, fields.Field) else fields.Nested(inner)
    return fields.List(item, validate=validate.Length(min=1), **more)


class Resource(fields.Dict):
    """A FHIR resource: an object that names its type."""

    def __init__(self, **more: Any) -> None:
        super().__init__(metadata=_TYPED, **more)


class Coding(_Exact):
    """A code with its system and what it means."""

    code = _text()
    system = fields.Url(required=True)
    display = _text()


class TopicCoding(Coding):
    """A card's topic."""

    code = fields.String(required=True, validate=validate.OneOf(get_args(Topic)))


class Source(_Exact):
    """Label, guideline or data set that a card rests on."""

    label = _text()
    url = fields.Url()
    topic = fields.Nested(TopicCoding, required=True)


class Link(_Exact):
    """A link that the card shows."""

    label = _text()
    url = fields.Url(required=True, require_tld=False)
    type = fields.String(required=True, validate=validate.OneOf(["absolute"]))


class Action(_Exact):
    """A change: `resource` with create and update, `resourceId` with delete."""

    type = fields.String(required=True, validate=validate.OneOf(["create", "update", "delete"]))
    description = _text()
    resource = Resource()
    resource_id = fields.String(data_key="resourceId", validate=validate.Regexp(r"[A-Z][A-Za-z]+/.+"))


class Suggestion(_Exact):
    """What can be accepted with one click."""

    label = _text()
    uuid = fields.UUID(required=True)
    is_recommended = fields.Boolean(data_key="isRecommended")
    actions = _list(Action, required=True)


class Card(_Exact):
    """One card."""

    uuid = fields.UUID(required=True)
    summary = fields.String(required=True, validate=validate.Length(min=1, max=MAX_SUMMARY))
    indicator = fields.String(required=True, validate=validate.OneOf([one.name for one in Indicator]))
    source = fields.Nested(Source, required=True)
    detail = fields.String(validate=validate.Length(min=1))
    suggestions = _list(Suggestion)
    selection_behavior = fields.String(
        data_key="selectionBehavior", validate=validate.OneOf(["at-most-one", "any"])
    )
    override_reasons = _list(Coding, data_key="overrideReasons")
    links = _list(Link)


class Cards(_Exact):
    """The answer of a service; an empty list says that there is nothing to say."""

    cards = fields.List(fields.Nested(Card), required=True)


class Issue(_Exact):
    """One problem; `expression` is the path of the member to change."""

    severity = fields.String(
        required=True, validate=validate.OneOf(["fatal", "error", "warning", "information"])
    )
    code = _text()
    diagnostics = _text()
    expression = _list(fields.String())


class OperationOutcome(_Exact):
    """The body of every answer that is not 2xx, and of feedback that was kept."""

    resource_type = fields.String(
        required=True, data_key="resourceType", validate=validate.OneOf(["OperationOutcome"])
    )
    issue = _list(Issue, required=True)


class StatedReleases(_Exact):
    """What is running; `overlay` only where the site has one."""

    software = _text()
    knowledge = _text()
    knowledge_version = _text(data_key="knowledgeVersion")
    overlay = fields.String()
    terminology = _text()


class InForce(_Exact):
    """Releases, and what of the knowledge can speak at this site."""

    releases = fields.Nested(StatedReleases, required=True)
    topics = fields.List(fields.String(), required=True)
    topics_off = fields.List(fields.String(), required=True, data_key="topicsOff")
    statements = fields.Integer(required=True)
    in_force = fields.Integer(required=True, data_key="inForce")
    switched_off = fields.List(fields.String(), required=True, data_key="switchedOff")
    not_approved = fields.Integer(required=True, data_key="notApproved")
    require_approval = fields.Boolean(required=True, data_key="requireApproval")


class ServiceEntry(_Exact):
    """One service as discovery announces it."""

    hook = _text()
    title = _text()
    description = _text()
    id = _text()
    prefetch = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    usage_requirements = _text(data_key="usageRequirements")
    version = _text()
    extension = fields.Dict(keys=fields.String(), values=fields.Nested(InForce), required=True)


class Discovery(_Exact):
    """The services of this server."""

    services = fields.List(fields.Nested(ServiceEntry), required=True)


class FhirAuthorization(Schema):
    """A token for the EHR's FHIR server, used for this call only."""

    access_token = _text()
    token_type = fields.String(required=True, validate=validate.OneOf(["Bearer"]))
    expires_in = fields.Integer(required=True, strict=True)
    scope = fields.String(required=True)
    subject = fields.String(required=True)
    patient = fields.String()


class PatientContext(Schema):
    """The context of patient-view."""

    user_id = fields.String(data_key="userId")
    patient_id = _text(data_key="patientId")
    encounter_id = fields.String(data_key="encounterId")


class OrderContext(PatientContext):
    """The context of order-select and order-sign; without selections all drafts are meant."""

    selections = fields.List(fields.String())
    draft_orders = fields.Dict(required=True, data_key="draftOrders", metadata=_ORDERS)


class DispatchContext(Schema):
    """The context of order-dispatch."""

    patient_id = _text(data_key="patientId")
    dispatched_orders = _list(fields.String(), data_key="dispatchedOrders", required=True)
    performer = fields.String()
    fulfillment_tasks = fields.List(fields.Dict(), data_key="fulfillmentTasks")


class Call(Envelope):
    """A call of a service."""

    fhir_server = fields.Url(data_key="fhirServer", require_tld=False)
    fhir_authorization = fields.Nested(FhirAuthorization, data_key="fhirAuthorization")
    prefetch = fields.Dict(keys=fields.String(), values=fields.Dict(allow_none=True))


class PatientCall(Call):
    """A call of patient-view."""

    hook = _one_of("patient-view")
    context = fields.Nested(PatientContext, required=True)


class OrderSelectCall(Call):
    """A call of order-select, or of its predecessors."""

    hook = _one_of("order-select", "medication-prescribe", "order-review")
    context = fields.Nested(OrderContext, required=True)


class OrderSignCall(Call):
    """A call of order-sign."""

    hook = _one_of("order-sign")
    context = fields.Nested(OrderContext, required=True)


class DispatchCall(Call):
    """A call of order-dispatch."""

    hook = _one_of("order-dispatch")
    context = fields.Nested(DispatchContext, required=True)


class AcceptedSuggestion(Schema):
    """A suggestion that was accepted."""

    id = _text()


class OverrideReason(Schema):
    """Why advice was not followed."""

    reason = fields.Dict()
    user_comment = fields.String(data_key="userComment")


class FeedbackEntry(Schema):
    """What became of one card."""

    card = _text()
    outcome = fields.String(required=True, validate=validate.OneOf(["accepted", "overridden"]))
    outcome_timestamp = fields.DateTime(data_key="outcomeTimestamp", required=True)
    accepted_suggestions = fields.List(fields.Nested(AcceptedSuggestion), data_key="acceptedSuggestions")
    override_reason = fields.Nested(OverrideReason, data_key="overrideReason")


class FeedbackCall(Schema):
    """Feedback on cards."""

    feedback = _list(FeedbackEntry, required=True)
