"""The URL of each prefetch key on a server, its tokens filled from the context."""

import re
from typing import Final
from urllib.parse import quote

from cds_service.fhir.server_url import ServerUrl, read_url

_TOKEN: Final = re.compile(r"{{context\.(patientId|encounterId)}}")
# Characters that a search may hold as they stand; the rest, "|" among them, is encoded.
_PLAIN: Final = "/=&,:?-_.~"


def query_url(base: ServerUrl, template: str, patient_id: str, encounter_id: str) -> ServerUrl | None:
    """The URL of a template. None where an id cannot stand in a URL: it would name something else."""
    values = {"patientId": patient_id, "encounterId": encounter_id}
    for name in _TOKEN.findall(template):
        if values[name].strip(".") == "" or "/" in values[name] or "\\" in values[name]:
            return None
    escaped = "".join(part if place % 2 else quote(part, safe=_PLAIN) for place, part in _parts(template))
    filled = _TOKEN.sub(lambda found: quote(values[found[1]], safe=""), escaped)
    return read_url(f"{base}/{filled}")


def asks_for_encounter(template: str) -> bool:
    """Whether a template can only be filled where the context names an encounter."""
    return "{{context.encounterId}}" in template


def _parts(template: str) -> list[tuple[int, str]]:
    """The template cut at its tokens, which stand at the odd places."""
    return list(enumerate(re.split(r"({{context\.\w+}})", template)))
