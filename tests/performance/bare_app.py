"""The ceiling: a Flask app that parses the body and answers a fixed card.

With BENCH_KEYS (a folder of public keys, each named ALGORITHM.pem) and BENCH_SEEN (a SQLite file) it also checks the
token of each call and keeps its `jti`, as barely as that can be done.
"""

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from flask import Flask, Response, request

app = Flask(__name__)
_ANSWER = orjson.dumps(
    {"cards": [{"summary": "A fixed card", "indicator": "info", "source": {"label": "None"}}]}
)
_FOLDER = os.environ.get("BENCH_KEYS", "")
_KEYS: dict[str, Any] = {
    one.stem: load_pem_public_key(one.read_bytes())
    for one in (Path(_FOLDER).glob("*.pem") if _FOLDER else ())
}
_own = threading.local()


@app.post("/cds-services/<service>")
def answer(service: str) -> Response:
    """Reads the whole body as JSON and answers the same card to every service."""
    if _KEYS:
        _check()
    orjson.loads(request.get_data())
    return Response(_ANSWER, content_type="application/json", headers={"X-Service": service})


def _check() -> None:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    algorithm = orjson.loads(jwt.utils.base64url_decode(token.partition(".")[0]))["alg"]
    claims = jwt.decode(token, _KEYS[algorithm], algorithms=[algorithm], options={"verify_aud": False})
    if not hasattr(_own, "seen"):
        _own.seen = sqlite3.connect(os.environ["BENCH_SEEN"], timeout=5, isolation_level=None)
        _own.seen.execute("PRAGMA journal_mode=WAL")
        _own.seen.execute("PRAGMA synchronous=NORMAL")
        _own.seen.execute("CREATE TABLE IF NOT EXISTS seen (jti TEXT PRIMARY KEY, expires INTEGER)")
    _own.seen.execute("INSERT INTO seen VALUES (?, ?)", (claims["jti"], claims["exp"]))
