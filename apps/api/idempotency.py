"""Idempotency-Key: the same request under the same key is carried out once and answered alike."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connections
from django.http import HttpRequest, HttpResponse

from apps.kernel import clock
from apps.kernel.actor import Actor
from apps.kernel.tenancy import APP, current_actor

from .models import IdempotencyRecord
from .problems import Busy, invalid

HEADER = "Idempotency-Key"
REPLAY_HEADER = "Idempotent-Replay"
KEPT = timedelta(hours=24)
FORM = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("Content-Type", "Cache-Control", "ETag", "Location", "Vary")
PURGED_AT_ONCE = 100


def answered_once(
    request: HttpRequest, raw: bytes, *, key: str, told_once: str, run: Callable[[], Any]
) -> Any:
    """Return what `run` answers, or what it answered to the same request under the same key.

    Invalid if the key was used for another request, Busy while that request is being carried out.
    The answer commits with what it tells of, or not at all; `told_once` names a member that is not
    kept.
    """
    actor = current_actor()
    principal = f"{actor.principal.kind}:{actor.principal.id}"
    _lock(actor, principal, key)
    digest = _digest(request, raw)
    known = IdempotencyRecord.objects.filter(principal=principal, key=key).first()
    if known is not None and known.expires_at > clock.now():
        return _replay(known, digest)
    _purge(known)
    response = run()
    _keep(response, principal=principal, key=key, digest=digest, told_once=told_once)
    return response


def read_key(request: HttpRequest) -> str | None:
    """Return the key of a request, or None; raise Invalid if it is malformed."""
    key = request.headers.get(HEADER)
    if key is not None and not FORM.fullmatch(key):
        raise invalid({HEADER: ["Give 1 to 255 visible ASCII characters."]})
    return key


def _lock(actor: Actor, principal: str, key: str) -> None:
    # Transaction-level, so that it ends with the answer and works through a pooler.
    text = "\x00".join((str(actor.tenant_id), principal, key))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True)
    with connections[APP].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        is_locked = cursor.fetchone()[0]
    if not is_locked:
        raise Busy("Wait for it, then repeat this to get its answer.")


def _digest(request: HttpRequest, raw: bytes) -> str:
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + raw).hexdigest()


def _replay(known: IdempotencyRecord, digest: str) -> HttpResponse:
    if known.digest != digest:
        raise invalid({HEADER: ["This key was used for another request."]})
    response = HttpResponse(known.body, status=known.status)
    for name, value in known.headers.items():
        response[name] = value
    response[REPLAY_HEADER] = "true"
    return response


def _keep(response: HttpResponse, *, principal: str, key: str, digest: str, told_once: str) -> None:
    moment = clock.now()
    IdempotencyRecord.objects.create(
        principal=principal,
        key=key,
        digest=digest,
        status=response.status_code,
        body=_without(told_once, response.content) if told_once else response.content.decode(),
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        created_at=moment,
        expires_at=moment + KEPT,
    )


def _without(told_once: str, content: bytes) -> str:
    return json.dumps({**json.loads(content), told_once: None}, separators=(",", ":"))


def _purge(known: IdempotencyRecord | None) -> None:
    if known is not None:
        known.delete()
    expired = IdempotencyRecord.objects.expired(clock.now()).select_for_update(skip_locked=True)
    ids = list(expired.values_list("id", flat=True)[:PURGED_AT_ONCE])
    if ids:
        IdempotencyRecord.objects.filter(id__in=ids).delete()
