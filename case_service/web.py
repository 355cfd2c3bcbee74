"""How a page is made: templates, language, and what every page knows."""

import secrets
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from case_service import words
from case_service.clock import SHANGHAI
from schemas.messages import Text

Language = Literal["zh", "en"]

TEMPLATES_FOLDER = Path(__file__).parent / "templates"
LANGUAGE_COOKIE = "language"
VISITOR_COOKIE = "visitor"
WEEKDAYS_ZH = "一二三四五六日"


def language_of(request: Request) -> Language:
    """The language the visitor chose; Chinese unless they did."""
    return "en" if request.cookies.get(LANGUAGE_COOKIE) == "en" else "zh"


def page(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """The page `template`, in the visitor's language.

    A visitor who is not signed in gets a cookie to prove that a form came from our own page.
    """
    visitor = request.cookies.get(VISITOR_COOKIE) or secrets.token_urlsafe(32)
    viewer = getattr(request.state, "viewer", None)
    form_token = viewer.form_token if viewer else visitor
    response = HTMLResponse(part(request, template, viewer=viewer, form_token=form_token, **context), status_code)
    if viewer is None:
        settings = request.app.state.settings
        response.set_cookie(VISITOR_COOKIE, visitor, httponly=True, samesite="lax", secure=not settings.is_demo)
    return response


def part(request: Request, template: str, **context: Any) -> str:
    """`template` as text, with the words and formats of the visitor's language."""
    language = language_of(request)
    return _environment.get_template(template).render(
        request=request,
        settings=request.app.state.settings,
        unread=getattr(request.state, "unread", 0),
        language=language,
        word=word_for(language),
        say=say_for(language),
        day=lambda value: shown_day(value, language),
        moment=lambda value: shown_moment(value, language),
        **context,
    )


def word_for(language: Language) -> Callable[..., str]:
    """What says the words of a key in `language`."""
    return lambda key, **values: words.say(key, language, **values)


def say_for(language: Language) -> Callable[[Text], str]:
    """What says a text in `language`."""
    return lambda text: say(text, language)


def say(text: Text, language: Language) -> str:
    """The half of `text` that the visitor reads."""
    return text.zh if language == "zh" else text.en


def shown_day(value: date, language: Language) -> str:
    """11月27日(周五), or Fri 27 Nov; with the year when it is not obvious is left to the caller."""
    if language == "zh":
        return f"{value.month}月{value.day}日(周{WEEKDAYS_ZH[value.weekday()]})"
    return f"{value:%a} {value.day} {value:%b}"


def shown_moment(value: datetime, language: Language) -> str:
    """A moment on the clock of Shanghai, with its year."""
    local = value.astimezone(SHANGHAI)
    if language == "zh":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {local:%b %Y, %H:%M}"


def wants_json(request: Request) -> bool:
    """Whether a phone's store asks, rather than a browser for its user."""
    return "application/json" in request.headers.get("accept", "")


def see_other(path: str) -> RedirectResponse:
    """Send the browser on after a form, so that reloading does not send it twice."""
    return RedirectResponse(path, status_code=303)


def own_path(candidate: str | None, otherwise: str = "/") -> str:
    """`candidate` if it is a path of this service; a link may not lead elsewhere."""
    is_ours = candidate is not None and candidate.startswith("/") and not candidate.startswith(("//", "/\\"))
    return candidate if is_ours and candidate is not None and candidate.isprintable() else otherwise


_environment = Environment(
    loader=FileSystemLoader(TEMPLATES_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # otherwise every page asks the disk about each of its parts
)
