"""Which addresses a listed name may lead to; no connection is made to any other."""

import socket
from typing import ClassVar

import pytest

from cds_service.fhir import addresses
from cds_service.fhir.addresses import AddressRefusedError, connect, is_loopback_host


class FakeSocket:
    """Remembers where it was told to connect; the first `failing` addresses refuse."""

    connected: ClassVar[list] = []
    failing: ClassVar[tuple] = ()

    def __init__(self, *_):
        self.closed = False

    def setsockopt(self, *_):
        """Takes any option."""

    def settimeout(self, _):
        """Takes any time."""

    def connect(self, address):
        self.connected.append(address[0])
        if address[0] in self.failing:
            raise ConnectionRefusedError

    def close(self):
        self.closed = True


@pytest.fixture
def resolved(monkeypatch):
    """Lets any name lead to the given addresses, and tells which were connected to."""

    def to(*found, failing=()):
        FakeSocket.connected, FakeSocket.failing = [], failing
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in found]
        monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: rows)
        monkeypatch.setattr(addresses.socket, "socket", FakeSocket)
        return FakeSocket.connected

    return to


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "172.16.0.9", "192.168.7.7", "100.64.0.1", "fd12:3456::1", "203.0.113.9"]
)
def test_a_listed_name_may_lead_to_a_private_or_public_address(resolved, address):
    connected = resolved(address)
    connect("fhir.hospital.example", 443, 1.0)
    assert connected == [address]


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::", "fd00:ec2::254", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "127.0.0.1", "127.9.9.9", "::1",  # noqa: S104
        "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_a_listed_name_never_leads_to_this_machine_or_to_metadata(resolved, address):
    connected = resolved(address)
    with pytest.raises(AddressRefusedError):
        connect("fhir.hospital.example", 443, 1.0)
    assert connected == []


def test_one_forbidden_address_among_several_is_enough(resolved):
    connected = resolved("10.1.2.3", "169.254.169.254")
    with pytest.raises(AddressRefusedError):
        connect("fhir.hospital.example", 443, 1.0)
    assert connected == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "ehr.localhost"])
def test_a_listed_loopback_host_leads_to_loopback_and_nowhere_else(resolved, host):
    assert is_loopback_host(host)
    connected = resolved("127.0.0.1")
    connect(host, 8080, 1.0)
    assert connected == ["127.0.0.1"]
    resolved("10.1.2.3")
    with pytest.raises(AddressRefusedError):
        connect(host, 8080, 1.0)


def test_a_name_is_resolved_once_so_that_the_checked_address_is_the_one_connected_to(monkeypatch, resolved):
    connected = resolved("10.1.2.3")
    asked = []
    first = addresses.socket.getaddrinfo

    def changing(*arguments, **named):
        asked.append(arguments[0])
        return first(*arguments, **named) if len(asked) == 1 else pytest.fail("resolved again")

    monkeypatch.setattr(addresses.socket, "getaddrinfo", changing)
    connect("fhir.hospital.example", 443, 1.0)
    assert (asked, connected) == (["fhir.hospital.example"], ["10.1.2.3"])


def test_the_next_address_is_tried_where_one_does_not_answer(resolved):
    connected = resolved("10.1.2.3", "10.1.2.4", failing=("10.1.2.3",))
    connect("fhir.hospital.example", 443, 1.0)
    assert connected == ["10.1.2.3", "10.1.2.4"]
    resolved("10.1.2.3", failing=("10.1.2.3",))
    with pytest.raises(ConnectionRefusedError):
        connect("fhir.hospital.example", 443, 1.0)
