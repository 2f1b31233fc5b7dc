"""A steady number of calls a second, on connections that are kept, and what came back."""

import json
import ssl
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException, HTTPSConnection

PATH = "/cds-services/neuropathic-order-sign"


class Load:
    """`calls_a_second` in all, by `threads` clients; `answers` counts statuses and kinds of failure."""

    def __init__(self, port, body, *, tls=False, calls_a_second=100, threads=10):
        self.port, self.body, self.tls = port, body, tls
        self.pause = threads / calls_a_second
        self.answers = Counter()
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._client) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        for thread in self._threads:
            thread.join(60)

    def _connection(self):
        if not self.tls:
            return HTTPConnection("127.0.0.1", self.port, timeout=20)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)

    def _client(self):
        connection = None
        due = time.monotonic()
        while not self._done.is_set():
            if connection is None:
                connection = self._connection()
            try:
                told = self._call(connection)
                if told == "close":
                    connection.close()
                    connection = None
                    told = 200
            except (OSError, HTTPException) as error:
                told = type(error).__name__
                connection.close()
                connection = None
            with self._lock:
                self.answers[told] += 1
            due += self.pause
            self._done.wait(max(0.0, due - time.monotonic()))
        if connection is not None:
            connection.close()

    def _call(self, connection):
        headers = {"Content-Type": "application/json", "Host": "cds.hospital.example"}
        connection.request("POST", PATH, self.body, headers)
        response = connection.getresponse()
        content = response.read()
        if response.status != 200:
            return response.status
        if not json.loads(content)["cards"]:
            return "no card"
        return "close" if response.will_close else 200
