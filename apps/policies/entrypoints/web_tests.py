"""The tests of a policy: what they find, and giving one up."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.kernel.authorization import authorize, decide
from apps.kernel.entrypoints.pages import signed_in

from .. import queries
from ..operations import remove_test
from ..testing import run_tests
from .web_playground import address_of


@require_GET
@signed_in
def show(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Show the tests of a policy and what each finds; loaded after its page, as it asks each."""
    policy = queries.get_policy(policy_id)
    authorize("policy.view", policy.as_resource())
    results = [
        {"told": result, "address": address_of(policy.id, result.test.question)}
        for result in run_tests(policy)
    ]
    can_remove = decide("policy.remove_test", policy.as_resource()).allowed
    context = {"policy": policy, "results": results, "can_remove": can_remove}
    return render(request, "policies/tests.html", context)


@require_POST
@signed_in
def remove(_request: HttpRequest, test_id: UUID) -> HttpResponse:
    """Give up a test."""
    policy_id = queries.get_test(test_id).policy_id
    remove_test(test_id=test_id)
    return redirect("policies:view", policy_id=policy_id)
