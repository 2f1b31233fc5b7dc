"""HTTP connections of one worker: checked addresses, no environment, no cookies, and an end from outside."""

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from requests import Response, Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from cds_service.fhir.addresses import AddressRefusedError, connect

_current = threading.local()


class Exchange:
    """One HTTP exchange. Another thread may end it: its socket is shut, so whatever waits on it wakes up.

    A timeout alone bounds each wait and not their sum: a server could send one byte a second for ever.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.ended = False
        self.refused = False
        self.reused = False  # the connection had served another exchange: the server may have let go of it

    def end(self) -> None:
        """Ends the exchange now, or before it begins."""
        with self._lock:
            self.ended = True
            if self._socket is not None:
                # The plain shutdown: that of a TLS socket would take its state from under a reader.
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def unless_ended(self, act: Callable[[], None]) -> None:
        """Does something that must not happen once the exchange was ended."""
        with self._lock:
            if not self.ended:
                act()

    def hold(self, connected: socket.socket | None) -> None:
        """Names the socket in use, None for none. Raises TimeoutError where the exchange was ended."""
        with self._lock:
            self._socket = connected
            if self.ended and connected is not None:
                raise TimeoutError

    def __enter__(self) -> "Exchange":
        """Connections of this thread belong to this exchange."""
        _current.exchange = self
        return self

    def __exit__(self, *_: object) -> None:
        """Lets go of the socket: a connection may serve another exchange next."""
        _current.exchange = None
        self.hold(None)


class _Checked:
    """Mixed into urllib3's connections: connects to checked addresses and tells the exchange its socket."""

    host: str
    port: int
    sock: Any
    timeout: Any
    socket_options: Any

    def _new_conn(self) -> socket.socket:
        try:
            return connect(self.host, self.port, float(self.timeout or 0), self.socket_options)
        except AddressRefusedError as error:
            _exchange().refused = True
            raise NewConnectionError(self, "address not allowed") from error  # type: ignore[arg-type]
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "timed out") from error
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, "not connected") from error  # type: ignore[arg-type]

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        _exchange().reused = False
        _exchange().hold(self.sock)

    def request(self, *arguments: Any, **named: Any) -> None:
        if self.sock is not None:
            _exchange().reused = True
            _exchange().hold(self.sock)
        super().request(*arguments, **named)  # type: ignore[misc]


class _HttpConnection(_Checked, HTTPConnection):
    pass


class _HttpsConnection(_Checked, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class _Session(Session):
    """Takes no answer for a redirect: even where none is followed, requests would read its body whole."""

    def get_redirect_target(self, resp: Response) -> None:  # noqa: ARG002  signature of requests
        return None


def new_session(connections: int, ca_file: str | None) -> Session:
    """A session for the threads of one worker, made after the fork; `ca_file` replaces the public CAs."""
    # urllib3 logs request lines and unreadable headers, which name patients.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)
    session = _Session()
    session.trust_env = False  # no proxies, no .netrc, no CA files named by the environment
    session.verify = ca_file or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # nothing may outlive a request
    session.headers.clear()
    adapter = _Adapter(pool_connections=8, pool_maxsize=connections, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _exchange() -> Exchange:
    found: Exchange | None = getattr(_current, "exchange", None)
    return found or Exchange()
