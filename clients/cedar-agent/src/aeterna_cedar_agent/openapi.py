"""The OpenAPI document of the HTTP interface, of the mode the agent runs in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aeterna_cedar_agent import __version__

Document = dict[str, Any]

_UID = {"type": "string", "examples": ['User::"alice"']}
_OPEN_UID = {**_UID, "type": ["string", "null"]}
_TEXT = {"type": "string"}
_OPTIONAL_ENTITIES = {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/Entity"}}


def _ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


def _listed(schema: Document) -> Document:
    return {"type": "array", "items": schema}


def _object(needed: Mapping[str, Document], **optional: Document) -> Document:
    members = {**needed, **optional}
    return {"type": "object", "properties": members, "required": list(needed)}


_OPEN_PARTS: dict[str, Document] = {
    "context": {"type": ["object", "null"]},
    "additional_entities": _OPTIONAL_ENTITIES,
}
_ENTITIES = {"entities": {**_OPTIONAL_ENTITIES, "description": "In place of those stored."}}
_SERVED: dict[str, Document] = {
    "revision": {"type": ["integer", "null"]},
    "digest": {"type": ["string", "null"]},
}
_DIAGNOSTICS = _object({"reason": _listed(_TEXT), "errors": _listed(_TEXT)})
_STALENESS = {"type": "string", "enum": ["fresh", "stale", "expired", "unloaded"]}
_DECIDED: dict[str, Document] = {
    "decision": {"type": "string", "enum": ["Allow", "Deny"]},
    "diagnostics": _DIAGNOSTICS,
    "staleness": _STALENESS,
}
_PREVIEWED: dict[str, Document] = {
    "decision": {"type": "string", "enum": ["Allow", "Deny", "NoDecision"]},
    "diagnostics": _DIAGNOSTICS,
    "staleness": _STALENESS,
    "may_be_determining": _listed(_TEXT),
    "residuals": {"type": "object", "description": "Policies in Cedar's JSON form."},
    "unknown_entities": _listed(_TEXT),
}
_GOVERNED_POLICY: dict[str, Document] = {
    "name": _TEXT,
    "version": {"type": "integer"},
    "statements": _listed(_TEXT),
    "not_after": {"type": "integer", "description": "Unix seconds; of what ends by itself."},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path: what it takes, what it answers, and which errors it has."""

    method: str
    path: str
    summary: str
    answer: Document | None = None
    body: Document | None = None
    errors: tuple[int, ...] = ()
    plain: bool = False
    is_open: bool = False


def document(*, is_governed: bool) -> Document:
    """Return the document; a governed agent has no routes that write."""
    routes = [*_routes(), *(() if is_governed else _writes())]
    paths: dict[str, Document] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method] = _operation(route)
    schemes = {"ApiKeyAuth": {"type": "apiKey", "name": "Authorization", "in": "header"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Aeterna Cedar agent", "version": __version__},
        "paths": paths,
        "components": {"schemas": _schemas(is_governed=is_governed), "securitySchemes": schemes},
    }


def _routes() -> Iterable[Route]:
    probes = ("/", "/health", "/health/", "/healthz", "/v1", "/v1/")
    for path in probes:
        yield Route(method="get", path=path, summary="Answer ok.", plain=True, is_open=True)
    ready = _object({"status": _TEXT, "staleness": _STALENESS, **_SERVED})
    yield _read("/ready", "Whether decisions are made.", ready, errors=(503,), is_open=True)
    yield Route(method="get", path="/metrics", summary="Figures for Prometheus.", plain=True)
    yield _read("/v1/openapi.json", "This document.", {"type": "object"}, is_open=True)
    yield _read("/v1/status", "What is served, by whom, and what went wrong.", _ref("Status"))
    yield _ask("", "Decide one question.", "Question", "Answer")
    yield _ask("/batch", "Decide up to 1,000 questions, or none.", "Batch", "BatchAnswer")
    yield _ask("/partial", "Preview a question that leaves parts open.", "Partial", "Preview")
    yield _read("/v1/policies", "All policies.", _listed(_ref("Policy")))
    yield _read("/v1/policies/{id}", "One policy.", _ref("Policy"), errors=(404,))
    yield _read("/v1/data", "All entities.", _listed(_ref("Entity")))
    yield _read("/v1/schema", "The schema.", _ref("Schema"), errors=(404,))


def _writes() -> Iterable[Route]:
    policy, policies, entities = _ref("Policy"), "/v1/policies", _listed(_ref("Entity"))
    one = f"{policies}/{{id}}"
    text = _object({"content": _TEXT})
    yield _write("post", policies, "Add a policy.", policy, errors=(409,))
    yield _write("put", policies, "Replace all policies, or none.", _listed(policy))
    yield _write("put", one, "Add or replace a policy.", text, answer=policy)
    yield _remove(one, "Remove a policy.", errors=(404,))
    yield _write("put", "/v1/data", "Replace all entities.", entities)
    yield _remove("/v1/data", "Remove all entities.")
    yield _write("put", "/v1/schema", "Replace the schema where all fits it.", _ref("Schema"))
    yield _remove("/v1/schema", "Remove the schema.")


def _read(
    path: str,
    summary: str,
    answer: Document,
    *,
    errors: tuple[int, ...] = (),
    is_open: bool = False,
) -> Route:
    return Route(
        method="get", path=path, summary=summary, answer=answer, errors=errors, is_open=is_open
    )


def _ask(path: str, summary: str, body: str, answer: str) -> Route:
    return Route(
        method="post",
        path=f"/v1/is_authorized{path}",
        summary=summary,
        body=_ref(body),
        answer=_ref(answer),
        errors=(400, 413),
    )


def _write(
    method: str,
    path: str,
    summary: str,
    body: Document,
    *,
    answer: Document | None = None,
    errors: tuple[int, ...] = (),
) -> Route:
    return Route(
        method=method,
        path=path,
        summary=summary,
        body=body,
        answer=answer or body,
        errors=(400, *errors, 413, 503),
    )


def _remove(path: str, summary: str, *, errors: tuple[int, ...] = ()) -> Route:
    return Route(method="delete", path=path, summary=summary, errors=(*errors, 503))


def _operation(route: Route) -> Document:
    guarded = () if route.is_open else (401,)
    operation: Document = {
        "summary": route.summary,
        "operationId": f"{route.method} {route.path}",
        "responses": {
            **_answer(route),
            **{str(code): _failure(code) for code in (*guarded, *route.errors)},
        },
        "security": [] if route.is_open else [{"ApiKeyAuth": []}, {}],
    }
    if "{id}" in route.path:
        operation["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": _TEXT}]
    if route.body is not None:
        content = {"application/json": {"schema": route.body}}
        if route.path == "/v1/schema":
            content["text/plain"] = {"schema": _TEXT}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _answer(route: Route) -> Document:
    if route.plain:
        return {"200": {"description": "Plain text.", "content": {"text/plain": {"schema": _TEXT}}}}
    if route.answer is None:
        return {"204": {"description": "Done."}}
    content = {"application/json": {"schema": route.answer}}
    return {"200": {"description": "Done.", "content": content}}


def _failure(code: int) -> Document:
    names = {
        400: "A field is wrong, and is named; nothing changed.",
        401: "The Authorization header is not the one configured.",
        404: "Nothing of this id.",
        409: "This id exists already.",
        413: "The body is too large.",
        503: "Not ready, or not kept.",
    }
    content = {"application/json": {"schema": _ref("Error")}}
    return {"description": names[code], "content": content}


def _schemas(*, is_governed: bool) -> Document:
    asked = dict.fromkeys(("principal", "action", "resource"), _UID)
    opened = dict.fromkeys(asked, _OPEN_UID)
    entities = {} if is_governed else _ENTITIES
    more = _GOVERNED_POLICY if is_governed else {}
    preview = {**_PREVIEWED, **_SERVED}
    return {
        "Error": _object({"reason": _TEXT, "description": _TEXT, "code": {"type": "integer"}}),
        "Policy": _object({"id": _TEXT, "content": _TEXT}, **more),
        "Entity": _object(
            {
                "uid": _object({"type": _TEXT, "id": _TEXT}),
                "attrs": {"type": "object"},
                "parents": _listed({"type": "object"}),
            },
            tags={"type": "object"},
        ),
        "Schema": {"type": "object", "description": "Cedar's JSON form, or format and content."},
        "Question": _object(asked, **_OPEN_PARTS, **entities),
        "Partial": _object({}, **opened, **_OPEN_PARTS, **entities),
        "Batch": _object({"requests": {**_listed(_ref("Question")), "maxItems": 1_000}}),
        "Answer": _object({**_DECIDED, **_SERVED}),
        "BatchAnswer": _object({"results": _listed(_object(_DECIDED)), **_SERVED}),
        "Preview": _object(preview),
        "Status": _object({"mode": _TEXT, **_SERVED, "staleness": _STALENESS}),
    }
