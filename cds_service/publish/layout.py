"""What every page shows around its content: where else to go, and which releases it is about."""

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Flask, Response, request

from cds_service.hooks.invoke import Engine
from cds_service.releases import releases
from cds_service.settings import Settings

# (setting of CDS_PAGES, name, path)
_PAGES: Final = (
    ("sandbox", "Sandbox", "/"),
    ("knowledge", "Knowledge", "/knowledge"),
    ("feedback", "Feedback", "/feedback"),
)
# As the headers of every answer, and forms that ask this server for another view of a page.
_WITH_FORMS: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class PageLink:
    """One entry of the navigation."""

    name: str
    path: str
    current: bool


@dataclass(frozen=True, slots=True)
class Site:
    """Navigation and releases, for the templates; `changelog`: there is a page of what changed in the knowledge."""

    pages: tuple[PageLink, ...]
    releases: str
    changelog: bool


def register_layout(app: Flask, engine: Engine, settings: Settings) -> None:
    """Gives `site` to every template; the navigation names only pages that are on."""
    shown = [(name, path) for page, name, path in _PAGES if page in settings.pages]
    running = releases(engine.knowledge, engine.terminology).words()

    @app.context_processor
    def site() -> dict[str, Any]:
        pages = tuple(PageLink(name, path, _within(request.path, path)) for name, path in shown)
        return {"site": Site(pages, running, "knowledge" in settings.pages)}


def allow_forms(routes: Blueprint) -> None:
    """Lets the pages of a blueprint send forms to this server; none goes elsewhere."""
    routes.after_request(_add_policy)


def _add_policy(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _WITH_FORMS)
    return response


def _within(at: str, path: str) -> bool:
    return at == path if path == "/" else at == path or at.startswith(f"{path}/")
