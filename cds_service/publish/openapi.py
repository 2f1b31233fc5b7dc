"""The OpenAPI document of this service, made from the schemas in api_schemas.py."""

from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Response
from marshmallow import Schema

from cds_service.errors import JSON_TYPE
from cds_service.hooks.discovery import SERVICES
from cds_service.installation import version
from cds_service.json_bytes import to_bytes
from cds_service.publish.api_schemas import (
    Cards,
    Discovery,
    DispatchCall,
    FeedbackCall,
    OperationOutcome,
    OrderSelectCall,
    OrderSignCall,
    PatientCall,
)

_CALLS: dict[str, type[Schema]] = {
    "order-select": OrderSelectCall,
    "order-sign": OrderSignCall,
    "order-dispatch": DispatchCall,
    "patient-view": PatientCall,
}
_REFUSALS = {
    400: "The body cannot be read, or is not what the hook needs",
    401: "The client did not authenticate, where that is required",
    412: "The patient can neither be read from prefetch nor from the FHIR server",
    413: "The body, its resources, its orders or a text in it are over the limit",
    415: "The body is not JSON",
    500: "A fault of the service; nothing was checked",
}


def openapi_document() -> dict[str, Any]:
    """The document, in OpenAPI 3.1."""
    spec = APISpec(
        title="Neuropathic pain: CDS Hooks service",
        version=version(),
        openapi_version="3.1.0",
        plugins=[MarshmallowPlugin(schema_name_resolver=_name)],
        info={"description": "CDS Hooks 2.0.1. Advisory cards on the treatment of neuropathic pain."},
    )
    spec.path(
        "/cds-services",
        operations={"get": {"summary": "Discovery", "responses": {"200": _json(Discovery, "The services")}}},
    )
    for service in SERVICES:
        path = f"/cds-services/{service.id}"
        spec.path(
            path, operations={"post": _operation(service.title, _CALLS[service.hook], Cards, "The cards")}
        )
        kept = _operation(f"Feedback: {service.title}", FeedbackCall, OperationOutcome, "Kept")
        kept["responses"]["503"] = _json(OperationOutcome, "It cannot be kept at the moment")
        del kept["responses"]["412"]
        spec.path(f"{path}/feedback", operations={"post": kept})
    document: dict[str, Any] = spec.to_dict()
    return document


def openapi_routes() -> Blueprint:
    """The blueprint of /openapi.json."""
    routes = Blueprint("openapi", __name__)
    document = to_bytes(openapi_document())

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return Response(document, content_type=JSON_TYPE)

    return routes


def _operation(summary: str, call: type[Schema], answer: type[Schema], said: str) -> dict[str, Any]:
    refusals = {str(status): _json(OperationOutcome, why) for status, why in _REFUSALS.items()}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {JSON_TYPE: {"schema": call}}},
        "responses": {"200": _json(answer, said), **refusals},
    }


def _json(schema: type[Schema], description: str) -> dict[str, Any]:
    return {"description": description, "content": {JSON_TYPE: {"schema": schema}}}


def _name(schema: Any) -> str:
    """The name under which a schema stands in the document."""
    return schema.__name__ if isinstance(schema, type) else type(schema).__name__
