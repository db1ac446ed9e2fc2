"""Pages: templates with their texts, the security headers of every page, the static files."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import Response
from starlette.types import Scope

from backend import errors
from backend.context import context

HERE = Path(__file__).parent
LANGUAGES = ("ko", "en")
# The citizens' chat has its fixed words in more languages than the pages of the staff.
CITIZENS_LANGUAGES = {
    "ko": "한국어",
    "en": "English",
    "zh": "中文",
    "ja": "日本語",
    "vi": "Tiếng Việt",
}
LANGUAGE_COOKIE = "eungdap_language"
_YEAR = 365 * 24 * 3600

# Everything comes from ourselves, and nothing runs that is not a file of ours.
_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": f"{_CONTENT_POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Area:
    """A page in the navigation: its path, the key of its name, the roles that may open it."""

    path: str
    name: str
    roles: frozenset[str]


class _Static(StaticFiles):
    """Static files of all folders; a browser asks each time whether they changed (304 if not)."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


_folders: list[Path] = [HERE]
_areas: list[Area] = [
    Area("/desk", "nav.desk", frozenset({"agent", "admin"})),
    Area("/admin", "nav.admin", frozenset({"admin"})),
]
_loaders = [FileSystemLoader(HERE / "templates")]
static = _Static(directory=HERE / "static")
_environment = Environment(
    loader=ChoiceLoader(_loaders),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def extend(folder: Path, areas: Iterable[Area] = ()) -> None:
    """Let pages come from `folder` too: its `templates/`, `static/` and `locales/`.

    A package above this one (the siren) brings its own pages so. Doing it twice does it once.
    """
    if folder in _folders:
        return
    _folders.append(folder)
    _loaders.append(FileSystemLoader(folder / "templates"))
    if (folder / "static").is_dir():
        static.all_directories.append(folder / "static")
    _areas[-1:-1] = areas  # administration stays the last
    _texts.cache_clear()


@cache
def _texts(language: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for folder in _folders:
        file = folder / "locales" / f"{language}.yml"
        if file.exists():
            merged.update(yaml.safe_load(file.read_text(encoding="utf-8")))
    return merged


def section(language: str, name: str) -> dict[str, Any]:
    """Return the texts under `name`, as a page's script needs them."""
    return cast("dict[str, Any]", _texts(language)[name])


def t(language: str, key: str, **values: object) -> str:
    """Return the text at `key` ("desk.title") with `{values}` filled in.

    Raises: KeyError for a key that is not in the locale.
    """
    found: Any = _texts(language)
    for part in key.split("."):
        found = found[part]
    return str(found).format(**values) if values else str(found)


def language_of(request: Request, among: Iterable[str] = LANGUAGES) -> str:
    """Return the page's language: what `?lang=` or the cookie chose, else the browser's."""
    offered = tuple(among)
    for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in offered:
            return wish
    return errors.language_of(request, offered)


def areas_of(roles: Iterable[str]) -> list[Area]:
    """Return the pages that somebody with `roles` may open."""
    held = frozenset(roles)
    return [area for area in _areas if area.roles & held]


def home_of(roles: Iterable[str]) -> str:
    """Return where somebody with `roles` begins after the log-in."""
    areas = areas_of(roles)
    return areas[0].path if areas else "/account"


def local_path(path: str) -> str | None:
    """Return `path` if it leads to a page of ours; None for another site's address."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if safe and path.isprintable() else None


def render(
    request: Request,
    name: str,
    *,
    status: int = 200,
    written_in: Iterable[str] = LANGUAGES,
    language: str = "",
    framed_by: str = "'none'",
    **values: Any,
) -> HTMLResponse:
    """Return the page of template `name`, in the caller's language, with the security headers.

    A page that has an address for each `language` names its own.
    `actor` (an Actor or None) decides which navigation the page has. `written_in` are the
    languages it has; `framed_by` are the sites that may show it in a frame, as CSP writes them.
    """
    language = language or language_of(request, written_in)
    actor = values.setdefault("actor", None)

    def text(key: str, **filled: object) -> str:
        return t(language, key, **filled)

    def texts(section_name: str, of: str = "") -> dict[str, Any]:
        return section(of or language, section_name)

    html = _environment.get_template(name).render(
        request=request,
        language=language,
        t=text,
        texts=texts,
        areas=areas_of(actor.roles) if actor is not None else [],
        simulator=context(request).settings.simulator,
        **values,
    )
    response = HTMLResponse(html, status, headers=SECURITY_HEADERS)
    policy = f"{_CONTENT_POLICY}; frame-ancestors {framed_by}"
    response.headers["Content-Security-Policy"] = policy
    if request.query_params.get("lang") == language:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR, samesite="lax")
    return response


def problem(request: Request, status: int, detail: str) -> HTMLResponse:
    """Return the page that tells somebody who follows a link what went wrong, and where to go."""
    return render(request, "error.html", status=status, not_found=status == 404, detail=detail)
