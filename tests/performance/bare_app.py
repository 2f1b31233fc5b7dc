"""The ceiling: a Flask app that parses the body and answers a fixed card."""

import orjson
from flask import Flask, Response, request

app = Flask(__name__)
_ANSWER = orjson.dumps(
    {"cards": [{"summary": "A fixed card", "indicator": "info", "source": {"label": "None"}}]}
)


@app.post("/cds-services/<service>")
def answer(service: str) -> Response:
    """Reads the whole body as JSON and answers the same card to every service."""
    orjson.loads(request.get_data())
    return Response(_ANSWER, content_type="application/json", headers={"X-Service": service})
