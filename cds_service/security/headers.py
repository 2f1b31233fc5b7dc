"""Response headers, and CORS for browser clients of listed origins."""

from flask import Flask, Response, request

from cds_service.settings import Settings

_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)
_PREFLIGHT_SECONDS = "600"


def register_headers(app: Flask, settings: Settings) -> None:
    """Adds the headers to every response, errors and preflights included; what a page has set stays."""
    origins = settings.cors_origins

    @app.after_request
    def add_headers(response: Response) -> Response:
        given = {name.lower() for name, _ in response.headers}
        response.headers.extend([one for one in _ALWAYS if one[0].lower() not in given])
        if origins:
            _allow_origin(response, origins)
        return response


def _allow_origin(response: Response, origins: frozenset[str]) -> None:
    """Names the origin back if it is listed. No wildcard, no credentials: a token is sent as a header."""
    response.headers.add("Vary", "Origin")
    origin = request.headers.get("Origin", "")
    if origin.lower() not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
        if request.headers.get("Access-Control-Request-Private-Network") == "true":
            # A public page that calls a service of this machine or network: browsers ask once more.
            response.headers["Access-Control-Allow-Private-Network"] = "true"
