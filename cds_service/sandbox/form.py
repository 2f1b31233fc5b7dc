"""Reads the sandbox's form: the whole state of a case, which lives in the browser and nowhere else.

What a field holds is never trusted: an order that cannot be read is left out and named, a choice that is
none falls back to the first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from uuid import UUID, uuid4

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.formparser import FormDataParser

from cards.facts.resources import Resource, text
from cds_service.errors import Problem, Refused
from cds_service.hooks.entries import is_resource
from cds_service.json_bytes import UnreadableJson, from_bytes
from cds_service.settings import Settings

SOURCES: Final = ("synthetic", "bundle", "server")
HOOKS: Final = ("order-sign", "order-select", "patient-view")
VIEWS: Final = ("facts", "statements", "conformance", "request", "response")
_FORMS: Final = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_MOST_PARTS: Final = 5_000
_LONGEST: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The fields in which an order is being written; texts as typed. `drug` is an RxNorm code or ""."""

    q: str = ""
    drug: str = ""
    amount: str = ""
    unit: str = ""
    often: str = ""
    as_needed: bool = False
    sig: str = ""
    procedure: str = ""
    procedure_text: str = ""
    site: str = ""
    day: str = ""
    editing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseForm:
    """One state of the page. `do` is the button, `what` its object ("remove", "MedicationRequest/draft-1").

    `visit` is new with each page that is opened, `instance` with each call of the service: "" before the
    first; `called` is when. `answered` are "card|reason" of overrides. `left_out` counts orders that could not be read.
    """

    do: str = ""
    what: str = ""
    source: str = SOURCES[0]
    patient: str = ""
    bundle: str = field(default="", repr=False)
    server: str = ""
    token: str = field(default="", repr=False)
    search: str = ""
    shared: str = field(default="", repr=False)
    hook: str = HOOKS[0]
    view: str = VIEWS[0]
    visit: str = ""
    instance: str = ""
    called: datetime | None = None
    drafts: tuple[Resource, ...] = ()
    unselected: frozenset[str] = frozenset()
    answered: tuple[str, ...] = ()
    left_out: int = 0
    written: Written = Written()
    reason: str = ""
    comment: str = field(default="", repr=False)


def new_case() -> CaseForm:
    """The state of a page that was just opened."""
    return CaseForm(visit=str(uuid4()))


def posted_case(settings: Settings) -> CaseForm:
    """The state that was posted. Raises Refused (415) or RequestEntityTooLarge (413)."""
    if request.mimetype not in _FORMS:
        raise Refused(415, Problem("not-supported", "The sandbox takes its own forms only.", "Content-Type"))
    # Werkzeug would put a large upload into a temporary file; patient data reach no file.
    parser = FormDataParser(
        stream_factory=lambda *_, **__: BytesIO(),
        max_form_memory_size=settings.max_body_bytes,
        max_content_length=settings.max_body_bytes,
        max_form_parts=_MOST_PARTS,
    )
    _, fields, files = parser.parse(
        request.stream, request.mimetype, request.content_length, request.mimetype_params
    )
    case = read_case(fields, settings)
    upload = files.get("upload")
    content = upload.stream.read() if upload is not None else b""
    return replace(case, bundle=content.decode("utf-8", "replace")) if content else case


def read_case(fields: "MultiDict[str, str]", settings: Settings) -> CaseForm:
    """The state in the fields of a form. Raises nothing."""
    do, _, what = _short(fields, "do").partition(":")
    drafts, left_out = read_orders(fields.getlist("draft"), settings)
    card = what if do == "override" else ""
    selected = frozenset(fields.getlist("selected"))
    order_ids = {order_name(one) for one in drafts}
    return CaseForm(
        do=do,
        what=what,
        source=_one_of(fields, "source", SOURCES),
        patient=_short(fields, "patient"),
        bundle=fields.get("bundle", ""),
        server=_short(fields, "server"),
        token=_short(fields, "token"),
        search=_short(fields, "search"),
        shared=fields.get("shared", ""),
        hook=_one_of(fields, "hook", HOOKS),
        view=_one_of(fields, "view", VIEWS),
        visit=_uuid(fields, "visit") or str(uuid4()),
        instance=_uuid(fields, "instance"),
        called=_time(fields, "called"),
        drafts=drafts,
        unselected=frozenset(order_ids - selected) if "selecting" in fields else frozenset(),
        answered=tuple(one[:_LONGEST] for one in fields.getlist("answered")),
        left_out=left_out,
        written=_written(fields),
        reason=_short(fields, f"reason-{card}") if card else "",
        comment=fields.get(f"comment-{card}", "") if card else "",
    )


def read_orders(written: Iterable[str], settings: Settings) -> tuple[tuple[Resource, ...], int]:
    """The orders in JSON texts, and how many could not be read as one."""
    found: list[Resource] = []
    left_out = 0
    for one in written:
        try:
            value = from_bytes(one.encode("utf-8", "replace"), settings.max_nesting)
        except UnreadableJson:
            left_out += 1
            continue
        if is_resource(value) and len(found) < settings.max_orders:
            found.append(value)
        else:
            left_out += 1
    return tuple(found), left_out


def order_name(order: Resource) -> str:
    """ "Type/id" of an order."""
    return f"{text(order.get('resourceType'))}/{text(order.get('id'))}"


def _written(fields: "MultiDict[str, str]") -> Written:
    return Written(
        q=_short(fields, "q"),
        drug=_short(fields, "drug"),
        amount=_short(fields, "amount"),
        unit=_short(fields, "unit"),
        often=_short(fields, "often"),
        as_needed="as_needed" in fields,
        sig=_short(fields, "sig"),
        procedure=_short(fields, "procedure"),
        procedure_text=_short(fields, "procedure_text"),
        site=_short(fields, "site"),
        day=_short(fields, "day"),
        editing=_short(fields, "editing"),
    )


def _short(fields: "MultiDict[str, Any]", name: str) -> str:
    return str(fields.get(name, ""))[:_LONGEST].strip()


def _one_of(fields: "MultiDict[str, str]", name: str, allowed: tuple[str, ...]) -> str:
    value = _short(fields, name)
    return value if value in allowed else allowed[0]


def _uuid(fields: "MultiDict[str, str]", name: str) -> str:
    try:
        return str(UUID(_short(fields, name)))
    except ValueError:
        return ""


def _time(fields: "MultiDict[str, str]", name: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(_short(fields, name))
    except ValueError:
        return None
    return read if read.tzinfo is not None else None
