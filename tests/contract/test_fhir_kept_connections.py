"""A connection that was kept may be closed by the server while the next request is on its way."""

import socket
import threading
from contextlib import contextmanager
from time import monotonic

import pytest

from cds_service.fhir.client import get_resource
from cds_service.fhir.connections import Exchange, new_session
from cds_service.fhir.failures import NotFetchedError
from cds_service.fhir.server_url import read_url

pytestmark = pytest.mark.enable_socket
BODY = b'{"resourceType": "Patient"}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
)


@contextmanager
def server(answered_by_connection):
    """Connection n answers the first answered_by_connection[n] requests (the last number: all later ones too),
    then takes one more and closes without a word. Yields its URL and the requests that each connection took."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken = []

    def serve(connection, answers):
        place = len(taken)
        taken.append(0)
        with connection:
            while connection.recv(65_536):
                taken[place] += 1
                if taken[place] > answers:
                    return
                connection.sendall(ANSWER)

    def accept():
        for number in range(20):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            serve(connection, answered_by_connection[min(number, len(answered_by_connection) - 1)])

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/fhir/Patient/1", taken
    finally:
        listener.close()


def fetched(session, url):
    return get_resource(session, read_url(url), "token", monotonic() + 5, 10_000, Exchange())


def test_a_kept_connection_that_the_server_closes_is_made_anew():
    with server([1, 5]) as (url, taken), new_session(4, None) as session:
        assert fetched(session, url)["resourceType"] == "Patient"
        assert fetched(session, url)["resourceType"] == "Patient"
        assert taken == [2, 1]


def test_a_new_connection_that_the_server_closes_is_a_failure_and_not_tried_again():
    with server([0]) as (url, taken), new_session(4, None) as session:
        with pytest.raises(NotFetchedError) as failed:
            fetched(session, url)
        assert failed.value.why == "unreachable"
        assert taken == [1]


def test_a_request_is_sent_twice_at_most():
    with server([1, 0]) as (url, taken), new_session(4, None) as session:
        fetched(session, url)
        with pytest.raises(NotFetchedError):
            fetched(session, url)
        assert taken == [2, 1]
