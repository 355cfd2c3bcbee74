"""What the OpenAPI document says beyond what the routes say of themselves: problems, and who may call what."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from case_service.access_matrix import access_matrix
from case_service.doorkeeper import FORM_TOKEN_HEADER
from case_service.sign_in.sessions import SESSION_COOKIE

PROBLEM_TYPE = "application/problem+json"
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_MEANING = {
    400: "The body cannot be read.",
    401: "Nobody is signed in, or the service token is missing or wrong.",
    403: "The role or the token does not allow this, or the form token is missing.",
    411: "The body comes in chunks, so its size is not known.",
    413: "The body is too large; `detail` says how much may be sent at once.",
    422: "The request does not keep to the contract; `errors` says where.",
    503: "The database does not answer now. The same request may be sent again; `Retry-After` says when.",
}
_ABOUT = """The case service for programs.

**The pipeline** calls with a service token (`Authorization: Bearer …`) that has the right the operation names.

**Pages and programs of staff** call with the session cookie of a person who signed in. Every change carries the
session's form token in the header `X-Form-Token` (`GET /api/v1/me` tells it), so that no other site can make it.
Staff have no bearer tokens: what a session may do ends with the session.

Changes name the state they started from by `If-Match` with the entity tag that was read: of two people who act on one
order, one wins and the other is told (412). An `Idempotency-Key` makes a change safe to repeat: the same key gets the
same answer, and nothing happens twice.

Whoever is outside the viewer's scope does not exist (404). Problems are told as RFC 9457 says.
"""


def problem(meaning: str) -> dict[str, Any]:
    """A problem among the answers of an operation."""
    return {"description": meaning, "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {status: problem(meaning) for status, meaning in _MEANING.items()}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: problem("There is no such thing in the viewer's scope.")}


def described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version="1", description=_ABOUT, routes=app.routes)
        schemas = document["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas["Problem"] = _PROBLEM
        document["components"]["securitySchemes"] = {
            "service_token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
            "form_token": {"type": "apiKey", "in": "header", "name": FORM_TOKEN_HEADER},
        }
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                _say_who_may(operation, f"{method.upper()} {path}")
        app.openapi_schema = document
    return app.openapi_schema


def _say_who_may(operation: dict[str, Any], route: str) -> None:
    matrix = access_matrix()
    if route in matrix.pipeline:
        operation["security"] = [{"service_token": []}]
        operation["description"] = f"{operation.get('description', '')}\n\nRight: `{matrix.pipeline[route]}`."
        return
    is_change = not route.startswith("GET ")
    operation["security"] = [{"session": [], **({"form_token": []} if is_change else {})}]
    roles = ", ".join(f"`{role}`" for role in sorted(matrix.staff[route].roles))
    operation["description"] = f"{operation.get('description', '')}\n\nRoles: {roles}."
