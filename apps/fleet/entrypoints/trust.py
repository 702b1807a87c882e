"""Pages about what agents rely on: how long they decide alone, and whose signature counts."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.kernel.authorization import authorize, decide
from apps.kernel.entrypoints.pages import act, form_page, signed_in, submit
from apps.orgs.queries import get_root
from apps.policies.operations import rotate_signing_key
from apps.policies.queries import list_signing_keys

from .. import queries
from ..models import LeaseRules
from ..operations import configure_leases, update_agent
from .forms import LeaseForm, RotateKeyForm


@require_http_methods(["GET", "POST"])
@signed_in
def leases(request: HttpRequest) -> HttpResponse:
    """Show how long agents decide without word from the portal, or set it."""
    authorize("lease.configure", get_root().as_resource())
    rules = queries.lease_rules()
    initial = {
        "lease_seconds": rules.lease_seconds,
        "limit_seconds": rules.limit_seconds,
        "limits": "\n".join(f"{name} {seconds}" for name, seconds in rules.limits.items()),
        "readable": "\n".join(rules.readable),
        "offline_hours": rules.offline_hours,
        "out_of_date_seconds": rules.out_of_date_seconds,
    }
    return form_page(
        request,
        LeaseForm,
        "fleet/leases.html",
        configure_leases,
        done=_configured,
        initial=initial,
    )


@require_GET
@signed_in
def keys(request: HttpRequest) -> HttpResponse:
    """Show the keys that agents believe, the one that signs now first."""
    return _keys_page(request, RotateKeyForm())


@require_POST
@signed_in
def rotate_key(request: HttpRequest) -> HttpResponse:
    """Sign with a new key from now on."""
    form = RotateKeyForm(request.POST)
    key, status = submit(form, rotate_signing_key)
    if key is None:
        return _keys_page(request, form, status=status)
    text = "A new key signs now. Agents take it over because the old one vouches for it."
    messages.success(request, text)
    return redirect("fleet:keys")


@require_POST
@signed_in
def set_offline(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Let an agent decide for hours without the portal, or no longer."""
    works_offline = request.POST.get("works_offline") == "yes"
    words = "may work offline" if works_offline else "needs the portal again"
    return act(
        request,
        partial(update_agent, agent_id=agent_id, works_offline=works_offline),
        done=f"The agent {words}, from its next heartbeat on.",
        next_url=reverse("fleet:view", args=[agent_id]),
    )


def _keys_page(request: HttpRequest, form: RotateKeyForm, *, status: int = 200) -> HttpResponse:
    root = get_root().as_resource()
    authorize("fleet.view", root)
    context = {
        "keys": list(reversed(list_signing_keys())),
        "form": form,
        "can_rotate": decide("signing_key.rotate", root).allowed,
    }
    return render(request, "fleet/keys.html", context, status=status)


def _configured(_rules: LeaseRules) -> tuple[str, str]:
    return reverse("fleet:list"), "Agents follow it from their next heartbeat on."
