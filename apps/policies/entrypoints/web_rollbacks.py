"""Rolling a policy back at once, confirming that, or ending it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.pages import signed_in, submit

from .. import queries
from ..operations import confirm_rollback, end_rollback, roll_back_policy
from .forms import RollbackForm
from .web import version_page


@require_POST
@signed_in
def roll_back(request: HttpRequest, policy_id: UUID, number: int) -> HttpResponse:
    """Put an earlier version in force at once."""
    form = RollbackForm(request.POST)
    done, status = submit(form, roll_back_policy, policy_id=policy_id, number=number)
    if done is None:
        policy = queries.get_policy(policy_id)
        authorize("policy.view", policy.as_resource())
        return version_page(request, policy, number, rollback_form=form, status=status)
    messages.warning(request, f"Version {number} is in force again. Somebody else must confirm it.")
    return redirect("policies:view", policy_id=policy_id)


@require_POST
@signed_in
def confirm(_request: HttpRequest, rollback_id: UUID) -> HttpResponse:
    """Let a rollback stand."""
    rollback = confirm_rollback(rollback_id=rollback_id)
    return redirect("policies:view", policy_id=rollback.policy_id)


@require_POST
@signed_in
def end(_request: HttpRequest, rollback_id: UUID) -> HttpResponse:
    """Bring back what a rollback replaced."""
    rollback = end_rollback(rollback_id=rollback_id)
    return redirect("policies:view", policy_id=rollback.policy_id)
