"""Whether this process lives, whether it can serve, and its figures for Prometheus."""

import hmac
import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from ..health import ping_postgres, ping_redis, relay_lag_seconds

RELAY_LAG = Gauge("aeterna_relay_lag_seconds", "Age of the oldest delivery that is due, in seconds")


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer that the process lives; asks nothing of anything else."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when Postgres and Redis answer, else 503 naming what does not."""
    checks = {"postgres": _works(ping_postgres), "redis": _works(ping_redis)}
    is_ready = all(checks.values())
    lag = relay_lag_seconds() if checks["postgres"] else None
    body = {"ready": is_ready, **checks, "relay_lag_seconds": lag}
    return JsonResponse(body, status=200 if is_ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures to who holds METRICS_TOKEN, or, where none is set, to this host."""
    if not _may_scrape(request):
        return HttpResponse("forbidden\n", status=403, content_type="text/plain; charset=utf-8")
    RELAY_LAG.set(relay_lag_seconds())
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _works(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001 - whatever it is, it is not ready
        return False
    return True


def _may_scrape(request: HttpRequest) -> bool:
    token = settings.ENVIRONMENT.metrics_token
    if token is not None:
        given = request.headers.get("Authorization", "")
        wanted = f"Bearer {token.get_secret_value()}"
        return hmac.compare_digest(given.encode(), wanted.encode())
    # A proxy on this host would make every caller look local.
    is_forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded"))
    return not is_forwarded and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
