"""The HTTP handlers: decisions from the engine, and read-only views of what it serves."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiohttp import web

from aeterna_cedar_agent import metrics, openapi
from aeterna_cedar_agent.engine import NOTHING_LOADED, Answer, Loaded, decide
from aeterna_cedar_agent.lease import Staleness
from aeterna_cedar_agent.partial import Preview, preview
from aeterna_cedar_agent.parts import Serving
from aeterna_cedar_agent.problem import problem
from aeterna_cedar_agent.question import (
    Question,
    QuestionError,
    printable,
    read_batch,
    read_body,
    read_partial,
    read_question,
)
from aeterna_cedar_agent.revision import Policy
from aeterna_cedar_agent.status import clip

EXPIRED = "the portal was out of reach for too long: what it wants now is not known"
# Longest stretch of a batch before other requests and heartbeats get their turn.
TURN_SECONDS = 0.005


class Desk:
    """Handlers over what one agent serves."""

    def __init__(self, serving: Serving) -> None:
        self._engine = serving.engine
        self._journal = serving.journal
        self._standing = serving.standing
        self._status = serving.status
        self._trust = serving.trust
        self._is_governed = serving.writer is None

    async def is_authorized(self, request: web.Request) -> web.Response:
        """Answer one question."""
        question = read_question(read_body(await request.read()), is_governed=self._is_governed)
        loaded = self._engine.current
        return web.json_response({**self._decide(question, loaded=loaded), **_served(loaded)})

    async def is_authorized_batch(self, request: web.Request) -> web.Response:
        """Answer many questions in order, all from one revision, or refuse them all."""
        questions = read_batch(read_body(await request.read()), is_governed=self._is_governed)
        loaded = self._engine.current
        results = []
        turn_ends = time.monotonic() + TURN_SECONDS
        for place, question in enumerate(questions):
            results.append(self._decide(question, loaded=loaded, prefix=f"requests[{place}]."))
            if time.monotonic() >= turn_ends:
                await asyncio.sleep(0)
                turn_ends = time.monotonic() + TURN_SECONDS
        return web.json_response({"results": results, **_served(loaded)})

    async def is_authorized_partial(self, request: web.Request) -> web.Response:
        """Say what can be said of a question that leaves parts open, without deciding it."""
        question = read_partial(read_body(await request.read()), is_governed=self._is_governed)
        loaded = self._engine.current
        action = question.action["id"] if question.action else ""
        held = loaded.revision.number if loaded else 0
        staleness = self._standing.staleness(held=held, action=action)
        if loaded is None or not self._standing.may_decide(staleness, action=action):
            errors = (NOTHING_LOADED if loaded is None else EXPIRED,)
            told = Preview(decision="Deny", reason=(), errors=errors, residuals={})
        else:
            told = await asyncio.to_thread(preview, question, loaded=loaded)
        answer = {**told.as_json(), "staleness": staleness, **_served(loaded)}
        return web.json_response(answer)

    async def policies(self, _request: web.Request) -> web.Response:
        """List the policies being served, in the portal's order."""
        loaded = self._engine.current
        rows = [_policy(item, loaded=loaded) for item in loaded.policies] if loaded else []
        return web.json_response(rows)

    async def policy(self, request: web.Request) -> web.Response:
        """Return the policy with this id, or the one whose statement has it."""
        wanted, loaded = request.match_info["id"], self._engine.current
        for item in loaded.policies if loaded else ():
            if loaded and (wanted == item.id or wanted in loaded.statements[item.id]):
                return web.json_response(_policy(item, loaded=loaded))
        return problem(404, f"no policy {printable(wanted)!r} is served")

    async def schema(self, _request: web.Request) -> web.Response:
        """Return the schema being served, in Cedar's own syntax."""
        loaded = self._engine.current
        if loaded is None:
            return problem(404, "no revision is loaded")
        return web.json_response({"format": "cedar", "content": loaded.revision.schema})

    async def data(self, _request: web.Request) -> web.Response:
        """Return the entities being served."""
        loaded = self._engine.current
        return web.json_response(list(loaded.revision.entities) if loaded else [])

    async def status(self, _request: web.Request) -> web.Response:
        """Say what is served, whether the portal is connected and what went wrong last."""
        status = self._status
        left = self._standing.seconds_left
        value: dict[str, Any] = {
            "mode": "governed" if self._is_governed else "standalone",
            **_served(self._engine.current),
            "staleness": self._standing.staleness(held=self._engine.number),
            "seconds_left": None if left is None else round(left, 1),
            "key": self._trust.active if self._trust else None,
            "connected": status.connected,
            "last_sync_at": _moment(status.last_sync_at),
            "last_error": status.last_error,
            "last_error_at": _moment(status.last_error_at),
            "portal": status.portal,
            "portal_revision": status.portal_revision,
            "name": status.name,
            "agent": status.agent,
            "tenant": status.tenant,
            "decisions_logged": status.logged,
            "decisions_dropped": status.dropped,
        }
        return web.json_response(value)

    async def openapi(self, _request: web.Request) -> web.Response:
        """Describe every route of this mode."""
        return web.json_response(openapi.document(is_governed=self._is_governed))

    async def ready(self, _request: web.Request) -> web.Response:
        """Answer 200 while a revision is loaded and not expired, 503 else."""
        loaded = self._engine.current
        if loaded is None:
            return problem(503, "no revision is loaded")
        staleness = self._standing.staleness(held=loaded.revision.number)
        if staleness is Staleness.EXPIRED:
            return problem(503, EXPIRED)
        return web.json_response({"status": "ready", "staleness": staleness, **_served(loaded)})

    async def metrics(self, _request: web.Request) -> web.Response:
        """Return the figures for Prometheus."""
        text = metrics.render(engine=self._engine, status=self._status, standing=self._standing)
        return web.Response(body=text.encode(), headers={"Content-Type": metrics.CONTENT_TYPE})

    def _decide(
        self, question: Question, *, loaded: Loaded | None, prefix: str = ""
    ) -> dict[str, Any]:
        action = question.action["id"]
        held = loaded.revision.number if loaded else 0
        staleness = self._standing.staleness(held=held, action=action)
        try:
            if self._standing.may_decide(staleness, action=action):
                answer = decide(question, loaded=loaded)
            else:
                answer = Answer(decision="Deny", reason=(), errors=(EXPIRED,))
        except QuestionError as refused:
            problem_text = clip(refused.problem, length=500)
            raise QuestionError(field=prefix + refused.field, problem=problem_text) from None
        answer = replace(answer, errors=tuple(clip(text) for text in answer.errors))
        self._status.decisions[answer.decision] += 1
        if self._journal is not None:
            self._journal.note(question, answer, loaded=loaded, staleness=staleness)
        return {**answer.as_json(), "staleness": staleness}


def _policy(policy: Policy, *, loaded: Loaded) -> dict[str, Any]:
    ends = {item.id: {"not_after": item.not_after} for item in loaded.temporary}
    return {
        "id": policy.id,
        "content": policy.cedar,
        "name": policy.name,
        "version": policy.version,
        "statements": list(loaded.statements[policy.id]),
        **ends.get(policy.id, {}),
    }


def _served(loaded: Loaded | None) -> dict[str, Any]:
    if loaded is None:
        return {"revision": None, "digest": None}
    return {"revision": loaded.revision.number, "digest": loaded.revision.digest}


def _moment(value: datetime | None) -> str | None:
    return value.isoformat(timespec="milliseconds") if value else None
