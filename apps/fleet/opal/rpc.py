"""The envelopes of OPAL's WebSocket: requests and answers in both directions, as JSON text."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from ..frames import BadFrame


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the client; each waits for its answer without a limit."""

    method: str
    topics: tuple[str, ...]
    call_id: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The client's answer to a request of the portal."""

    call_id: str | None


def parse_message(text: str | None) -> Asked | Answered:
    """Return what a client said; raise BadFrame where it is no envelope."""
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError) as error:
        raise BadFrame("the message is not JSON") from error
    if not isinstance(message, dict):
        raise BadFrame("the message is no object")
    request, response = message.get("request"), message.get("response")
    if isinstance(response, dict):
        return Answered(_text(response.get("call_id")))
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise BadFrame("the message is neither a request nor a response")
    arguments = request.get("arguments")
    topics = arguments.get("topics") if isinstance(arguments, dict) else None
    named = topics if isinstance(topics, list) else []
    return Asked(
        method=request["method"],
        topics=tuple(topic for topic in named if isinstance(topic, str)),
        call_id=_text(request.get("call_id")),
    )


def answer(call_id: str | None, result: Any) -> str:
    """Return the answer to a request; the client reads the type by its name."""
    kind = type(result).__name__ if result is not None else "None"
    response = {"result": result, "result_type": kind, "call_id": call_id}
    return _encoded({"request": None, "response": response})


def ping(call_id: str) -> str:
    """Return the request that a living client answers with pong."""
    return _call("_ping_", {}, call_id)


def notify(topic: str, data: Any, *, subscriber: str) -> str:
    """Return the request that tells a client something on a topic; its answer says nothing."""
    subscription = {
        "id": uuid4().hex,
        "subscriber_id": subscriber,
        "topic": topic,
        "notifier_id": None,
    }
    return _call("notify", {"subscription": subscription, "data": data}, uuid4().hex)


def _call(method: str, arguments: dict[str, Any], call_id: str) -> str:
    request = {"method": method, "arguments": arguments, "call_id": call_id}
    return _encoded({"request": request, "response": None})


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _encoded(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
