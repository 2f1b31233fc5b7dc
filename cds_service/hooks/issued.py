"""What is kept of an answer: who was advised on whom, by keyed hash, and which cards were sent."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cards.evaluate import Evaluation
from cards.facts.resources import obj, objects, reference_of, text, type_and_id
from cds_service.call import Subject
from cds_service.hooks.entries import resources_in
from cds_service.hooks.invoke import Engine
from cds_service.hooks.schemas import HookRequest
from cds_service.store.records import IssuedCard

_LOCATION = re.compile(r"Location/[A-Za-z0-9.-]{1,64}", re.ASCII)
_LONGEST_CARD_ID = 200

Hash = Callable[[str, str, str], str]
"""(kind, client, identifier) to keyed hash."""


def subject_of(body: Any, request: HookRequest, client: str, keyed_hash: Hash) -> Subject:
    """The subject of a request that has been read."""
    user = text(obj(obj(body).get("context")).get("userId"))
    return Subject(
        patient_hash=keyed_hash("patient", client, request.patient_id),
        user_hash=keyed_hash("user", client, user),
        location=location_of(request.prefetch),
    )


def location_of(prefetch: Mapping[str, Any]) -> str:
    """The current location of the encounter, if it was sent as a reference to a Location."""
    value = prefetch.get("encounter")
    for encounter in resources_in(value)[0] if isinstance(value, dict | list) else ():
        places = [
            one for one in objects(encounter.get("location")) if encounter["resourceType"] == "Encounter"
        ]
        places.sort(key=lambda one: text(one.get("status")) != "active")
        for place in places:
            kind, bare = type_and_id(reference_of(place.get("location")))
            if kind == "Location" and _LOCATION.fullmatch(f"{kind}/{bare}"):
                return f"{kind}/{bare}"
    return ""


def issued_cards(
    evaluation: Evaluation, request: HookRequest, engine: Engine, subject: Subject, now: datetime
) -> Iterator[IssuedCard]:
    """The cards of an answer as they are kept: statements, drugs and doses, no wording."""
    for card in evaluation.cards:
        yield IssuedCard(
            client=engine.client,
            card=card.uuid[:_LONGEST_CARD_ID],
            service=request.service.id,
            hook=request.service.hook,
            issued_at=now,
            patient_hash=subject.patient_hash,
            user_hash=subject.user_hash,
            location=subject.location,
            statements=card.statements,
            topic=card.source.topic,
            indicator=card.indicator.name,
            drugs=card.drugs,
            daily_mg=str(card.daily_mg) if card.daily_mg is not None else None,
            suggestions=tuple(one.uuid for one in card.suggestions),
            knowledge_version=engine.knowledge.version,
            terminology_version=engine.terminology.version,
        )
