"""URLs of FHIR servers, read by a grammar that has one spelling for each address.

Lenient URL parsers disagree on userinfo, backslashes, tabs, dot segments, encoded slashes and odd spellings
of IP addresses, and each disagreement is a way past an allow-list. What is outside this grammar is refused.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

ANY: Final = "*"
ANY_PORT: Final = 0
_PORTS: Final = {"http": 80, "https": 443}

_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>\d{1,5}|\*))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?",
    re.ASCII | re.IGNORECASE,
)
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:", re.ASCII)
_PRINTABLE: Final = re.compile(r"[!-~]{1,4000}", re.ASCII)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
# An address in a spelling of its own: 2130706433, 0x7f.1, 127.1, 0177.0.0.1.
_NUMERIC: Final = re.compile(r"(?:0x[0-9a-f]*|\d+)", re.ASCII)
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._~!$&'()+,;=:@-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """One URL. `host` is lower case, an IPv6 address in brackets; `port` is never left out.

    `path` are its segments, without a trailing empty one; `query` has no leading question mark.
    """

    scheme: str
    host: str
    port: int
    path: tuple[str, ...] = ()
    query: str = ""

    def __str__(self) -> str:
        """The URL as it is sent."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        path = "".join(f"/{segment}" for segment in self.path)
        return f"{self.scheme}://{self.host}{port}{path}" + (f"?{self.query}" if self.query else "")

    def holds(self, other: "ServerUrl") -> bool:
        """Whether the other URL is this one or below it: same scheme, host and port, path by segments."""
        same = (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)
        return same and other.path[: len(self.path)] == self.path


def read_url(written: object) -> ServerUrl | None:
    """The URL, None for what is no http(s) URL in the one spelling that is accepted."""
    return _read(written, wildcards=False)


def read_base(written: object) -> ServerUrl | None:
    """A base URL: as `read_url`, and without a query."""
    return None if isinstance(written, str) and "?" in written else _read(written, wildcards=False)


def below(base: ServerUrl, written: object, current: ServerUrl | None = None) -> ServerUrl | None:
    """The URL of a link or reference, absolute or relative; None unless it is below the base.

    A relative one is relative to the base, "?..." to the page it stands on, "/..." to the server's root.
    """
    if not isinstance(written, str) or not written:
        return None
    if _ABSOLUTE.match(written):  # a query may hold "http://loinc.org|..." in a relative link too
        found = read_url(written)
    elif written.startswith("/"):
        found = read_url(f"{ServerUrl(base.scheme, base.host, base.port)}{written}")
    elif written.startswith("?"):
        at = current or base
        found = read_url(f"{ServerUrl(at.scheme, at.host, at.port, at.path)}{written}")
    else:
        found = read_url(f"{base}/{written}")
    return found if found is not None and base.holds(found) else None


def read_pattern(written: str) -> ServerUrl | None:
    """An entry of the allow-list: a base URL whose port or path segments may be "*" (ANY_PORT, ANY)."""
    return None if "?" in written else _read(written, wildcards=True)


def _read(written: object, *, wildcards: bool) -> ServerUrl | None:
    if not isinstance(written, str) or not _PRINTABLE.fullmatch(written):
        return None
    match = _URL.fullmatch(written)
    if match is None:
        return None
    scheme, host = match["scheme"].lower(), _host(match["host"].lower())
    port = _port(match["port"], scheme, wildcards=wildcards)
    path = _path(match["path"] or "", wildcards=wildcards)
    if host is None or port is None or path is None:
        return None
    return ServerUrl(scheme, host, port, path, match["query"] or "")


def _host(written: str) -> str | None:
    """A name or an address in its canonical spelling; None for any other spelling of an address."""
    if written.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(written[1:-1]).compressed}]"
        except ValueError:
            return None
    labels = written.split(".")
    if any(not _LABEL.fullmatch(label) for label in labels) or len(written) > 253:
        return None
    if _NUMERIC.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(written))
        except ValueError:
            return None
    return written


def _port(written: str | None, scheme: str, *, wildcards: bool) -> int | None:
    if written is None:
        return _PORTS[scheme]
    if written == ANY:
        return ANY_PORT if wildcards else None
    return int(written) if 1 <= int(written) <= 65_535 else None


def _path(written: str, *, wildcards: bool) -> tuple[str, ...] | None:
    segments = written.removesuffix("/").split("/")[1:]
    for segment in segments:
        if segment in (".", "..") or not (_SEGMENT.fullmatch(segment) or (wildcards and segment == ANY)):
            return None
    return tuple(segments)
