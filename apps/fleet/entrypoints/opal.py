"""What stock OPAL clients ask over HTTP, below /opal/: docs/opal.md."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from apps.kernel.actor import Channel, service_actor
from apps.kernel.errors import DomainError, NotFound
from apps.kernel.tenancy import acting_as
from apps.kernel.tokens import digest_of, tenant_of
from apps.orgs.queries import get_root
from apps.policies import queries as policies

from .. import operations, queries
from ..models import CedarAgent
from ..opal.content import ROOT, data_topic, entities_entry, policy_bundle
from ..opal.reports import parse_report
from ..types import AgentProtocol, OpalPart

NOT_SAVED = "The client reports that it could not fetch or save the entities."


def bearer_in(header: str) -> str:
    """Return the token of an Authorization header; empty where it holds none."""
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def for_clients(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let the view answer live OPAL clients only, in the scope of the company of their token."""

    @csrf_exempt
    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, **values: Any) -> HttpResponse:
        token = bearer_in(request.headers.get("Authorization", ""))
        tenant_id = tenant_of(token, kind=operations.TOKEN_KIND)
        if tenant_id is None:
            return _unknown()
        with acting_as(service_actor(tenant_id=tenant_id, name="fleet", channel=Channel.REST)):
            agent = queries.find_by_token(digest_of(token), protocol=AgentProtocol.OPAL)
            if agent is None or agent.revoked_at is not None:
                return _unknown()
            try:
                return view(request, agent=agent, token=token, **values)
            except DomainError as error:
                return JsonResponse({"detail": error.detail}, status=error.status)

    return wrapped


@for_clients
@require_GET
def policy(request: HttpRequest, *, scope: str = "", **_client: Any) -> HttpResponse:
    """Answer the newest policies, or what changed of them since `base_hash` where that is known."""
    _require_scope(scope)
    if ROOT not in (request.GET.getlist("path") or [ROOT]):
        raise NotFound(f"All policies are in the directory {ROOT}: subscribe to no other.")
    head, base_hash = policies.get_head(), request.GET.get("base_hash", "")
    bundle = policies.load_bundle(head.number) if head.number else None
    base = policies.find_bundle(base_hash) if base_hash else None
    return JsonResponse(policy_bundle(bundle, base=base))


@for_clients
@require_GET
def data_config(
    _request: HttpRequest, *, agent: CedarAgent, token: str, scope: str = ""
) -> HttpResponse:
    """Answer where the newest entities are; nothing before the first revision."""
    _require_scope(scope)
    number, topic = policies.get_head().number, data_topic(scope)
    entry = entities_entry(portal=settings.PUBLIC_URL, revision=number, topic=topic, token=token)
    return JsonResponse({"entries": [entry] if number else []})


@for_clients
@require_GET
def entities(_request: HttpRequest, **_client: Any) -> HttpResponse:
    """Answer the newest entities, whichever revision is asked for.

    A client may carry out what it was told out of order: so the last to be done is the newest.
    """
    head = policies.get_head()
    found = policies.load_bundle(head.number).entities if head.number else []
    return JsonResponse(found, safe=False)


@for_clients
@require_POST
def callback_report(request: HttpRequest, *, agent: CedarAgent, token: str) -> HttpResponse:
    """Record what a client says that it saved, or could not save."""
    report = parse_report(request.body)
    taken = policies.find_revision(digest=report.policy_hash) if report.policy_hash else None
    if taken is not None:
        operations.report_part(agent_id=agent.id, part=OpalPart.POLICIES, revision=taken.number)
    for number, is_saved in sorted(report.entities.items()):
        if policies.find_revision(number=number) is None:
            raise NotFound(f"There is no revision {number}.")
        if is_saved:
            operations.report_part(agent_id=agent.id, part=OpalPart.ENTITIES, revision=number)
        else:
            operations.refuse_revision(
                agent_id=agent.id, revision=number, stage="report", policy=None, error=NOT_SAVED
            )
    return JsonResponse({})


@for_clients
@require_GET
def loadlimit(_request: HttpRequest, **_client: Any) -> HttpResponse:
    """Let a client begin that asks first whether it may."""
    return JsonResponse({})


def _require_scope(scope: str) -> None:
    root = get_root()
    if scope and scope not in (str(root.id), root.slug):
        raise NotFound("There is no such OPAL scope: it is the company's id or slug.")


def _unknown() -> HttpResponse:
    return JsonResponse({"detail": "Unknown token."}, status=401)
