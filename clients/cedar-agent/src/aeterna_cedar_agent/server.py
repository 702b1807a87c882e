"""The HTTP application: routes, who may call them, and one form for every error."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from aeterna_cedar_agent.credentials import Token
from aeterna_cedar_agent.desk import Desk
from aeterna_cedar_agent.parts import Parts
from aeterna_cedar_agent.problem import problem
from aeterna_cedar_agent.shape import ShapeError

GOVERNED = "the portal governs policies, schema and data: here they can only be read"

_OPEN_PATHS = frozenset(("/", "/health", "/healthz", "/ready", "/v1", "/v1/"))
_WRITES = ("PUT", "POST", "PATCH", "DELETE")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

logger = logging.getLogger(__name__)


def build_app(
    *,
    parts: Parts,
    max_body_bytes: int,
    api_token: Token | None,
) -> web.Application:
    """Return the application; with an api_token every path but the probes needs it."""
    desk = Desk(parts)
    middlewares: list[Middleware] = [answer_errors]
    if api_token is not None:
        middlewares.append(_guard(api_token))
    app = web.Application(middlewares=middlewares, client_max_size=max_body_bytes)
    for path in ("/", "/health", "/healthz", "/v1", "/v1/"):
        app.router.add_get(path, _ok)
    app.router.add_get("/ready", desk.ready)
    app.router.add_get("/metrics", desk.metrics)
    app.router.add_get("/v1/status", desk.status)
    app.router.add_post("/v1/is_authorized", desk.is_authorized)
    app.router.add_post("/v1/is_authorized/batch", desk.is_authorized_batch)
    _add_read_only(app, "/v1/policies", desk.policies)
    _add_read_only(app, "/v1/policies/{id:.+}", desk.policy)
    _add_read_only(app, "/v1/schema", desk.schema)
    _add_read_only(app, "/v1/data", desk.data)
    return app


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure into {reason, description, code}."""
    try:
        return await handler(request)
    except ShapeError as error:
        return problem(400, str(error))
    except (web.RequestPayloadError, ConnectionError) as error:
        return problem(400, f"body: {error}")
    except web.HTTPRequestEntityTooLarge:
        return problem(413, f"body: is larger than {request.client_max_size} bytes")
    except web.HTTPException as error:
        answer = problem(error.status, error.reason)
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except Exception:
        logger.exception("request failed", extra={"method": request.method, "path": request.path})
        return problem(500, "the agent failed to answer; its log says why")


def _guard(api_token: Token) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in _OPEN_PATHS or api_token.matches(request.headers.get("Authorization")):
            return await handler(request)
        answer = problem(401, "Authorization: does not match this agent's API token")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    return guard


def _add_read_only(app: web.Application, path: str, handler: Handler) -> None:
    app.router.add_get(path, handler)
    for method in _WRITES:
        app.router.add_route(method, path, _refuse_write)


async def _refuse_write(_request: web.Request) -> web.StreamResponse:
    answer = problem(405, GOVERNED)
    answer.headers["Allow"] = "GET, HEAD"
    return answer


async def _ok(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")
