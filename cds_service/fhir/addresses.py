"""Which network addresses may be connected to, whatever name led there.

A name on the allow-list may have a private address: hospitals' servers do. It may never have a link-local
one (cloud metadata services live there), and a loopback one only if the listed host is itself loopback. The
name is resolved once; the addresses are checked and the connection goes to a checked address, so a name that
changes its address between the check and the connection (DNS rebinding) gains nothing.
"""

import ipaddress
import socket
from time import monotonic
from typing import Final

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv6 addresses that carry an IPv4 address: translation prefixes of RFC 6052 and RFC 8215.
_NAT64: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
# Metadata of a large cloud under IPv6, in the private range.
_METADATA: Final = frozenset({ipaddress.ip_address("fd00:ec2::254")})


class AddressRefusedError(OSError):
    """A name leads to an address that must not be connected to."""


def is_loopback_host(host: str) -> bool:
    """Whether a host, as written in a URL, means this machine."""
    literal = _literal(host)
    if literal is None:
        return host == "localhost" or host.endswith(".localhost")
    return any(one.is_loopback for one in _meanings(literal))


def never_allowed_host(host: str) -> bool:
    """Whether a host is written as an address that is never connected to."""
    literal = _literal(host)
    return literal is not None and _never(literal)


def connect(host: str, port: int, timeout: float, options: object = ()) -> socket.socket:
    """A connected socket to an address of the host that was checked.

    Raises AddressRefusedError, socket.gaierror, TimeoutError or OSError. `timeout` is in seconds and covers
    all addresses together, not the resolving, which the system bounds.
    """
    loopback = is_loopback_host(host)
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    for *_, address in found:
        _check(str(address[0]), loopback=loopback)
    until = monotonic() + timeout
    failure: OSError = OSError("no address")
    for place, (family, kind, protocol, _, address) in enumerate(found):
        left = (until - monotonic()) / (len(found) - place)
        if left <= 0:
            raise TimeoutError
        made = socket.socket(family, kind, protocol)
        try:
            for option in options if isinstance(options, list | tuple) else ():
                made.setsockopt(*option)
            made.settimeout(left)
            made.connect(address)
        except OSError as error:
            made.close()
            failure = error
        else:
            made.settimeout(timeout)
            return made
    raise failure


def _check(written: str, *, loopback: bool) -> None:
    address = ipaddress.ip_address(written.partition("%")[0])
    if _never(address) or any(one.is_loopback for one in _meanings(address)) != loopback:
        raise AddressRefusedError("this name leads to an address that is not allowed")


def _literal(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _never(address: IpAddress) -> bool:
    return any(
        one.is_link_local or one.is_multicast or one.is_unspecified or one in _METADATA
        for one in _meanings(address)
    )


def _meanings(address: IpAddress) -> tuple[IpAddress, ...]:
    """The address, and the IPv4 address it carries, if it carries one."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and any(address in network for network in _NAT64):
        carried = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    # ::127.0.0.1, deprecated, and still understood by some systems
    if carried is None and 1 < int(address) <= 0xFFFF_FFFF:
        carried = ipaddress.IPv4Address(int(address))
    return (address,) if carried is None else (address, carried)
