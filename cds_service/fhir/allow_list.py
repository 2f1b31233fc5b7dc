"""Which FHIR servers may be asked: CDS_FHIR_SERVERS, compared part by part and never as a prefix.

An entry is a base URL. Its port may be `*`; a path segment may be `*` for any one segment, and a last one
stands for any path. The host is always written out.
"""

from collections.abc import Iterable

from cds_service.fhir.addresses import is_loopback_host, never_allowed_host
from cds_service.fhir.server_url import ANY, ANY_PORT, ServerUrl, read_base, read_pattern


def read_allow_list(entries: Iterable[str], *, plain_http: bool) -> tuple[ServerUrl, ...]:
    """The entries of the setting. Raises ValueError naming the entry that cannot be used, and why.

    `plain_http` allows http beyond loopback, where tokens and patient data would travel unencrypted.
    """
    found = []
    for written in entries:
        entry = written.strip()
        if not entry:
            continue
        pattern = read_pattern(entry)
        if pattern is None:
            raise ValueError(
                f"{entry!r} is no base URL such as https://ehr.example.org/fhir; `*` may stand for the port "
                "or for a whole segment of the path"
            )
        if never_allowed_host(pattern.host):
            raise ValueError(f"{entry!r} is an address that no FHIR server has (link-local or similar)")
        if pattern.scheme == "http" and not plain_http and not is_loopback_host(pattern.host):
            raise ValueError(f"{entry!r} is not encrypted; use https, or set CDS_FHIR_HTTP=any on purpose")
        found.append(pattern)
    return tuple(found)


def allowed_server(written: object, allow_list: Iterable[ServerUrl]) -> ServerUrl | None:
    """The base URL that a request names, None where it is unreadable or matches no entry."""
    base = read_base(written)
    if base is None or not any(_matches(pattern, base) for pattern in allow_list):
        return None
    return base


def _matches(pattern: ServerUrl, base: ServerUrl) -> bool:
    if (pattern.scheme, pattern.host) != (base.scheme, base.host):
        return False
    if pattern.port not in (ANY_PORT, base.port):
        return False
    wanted, given = pattern.path, base.path
    if wanted and wanted[-1] == ANY:
        wanted, given = wanted[:-1], given[: len(wanted) - 1]
    return len(wanted) == len(given) and all(
        one in (ANY, other) for one, other in zip(wanted, given, strict=True)
    )
