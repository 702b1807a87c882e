"""A company that has one of everything a page can show, and the addresses of those pages."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from apps.events.models import Delivery
from apps.events.types import DeliveryState
from apps.fleet.models import CedarAgent, Decision
from apps.fleet.operations import (
    acknowledge_revision,
    enroll_agent,
    record_decisions,
    refuse_revision,
    revoke_agent,
)
from apps.fleet.types import Applied, LogEntry
from apps.identity.operations import create_token
from apps.kernel import clock
from apps.kernel.tenancy import acting_as
from apps.notifications.operations import send_notifications
from apps.notifications.queries import list_notifications
from apps.notifications.unsubscribing import Wish, unsubscribe_path
from apps.orgs.models import User
from apps.orgs.operations import (
    add_member,
    archive_scope,
    create_project,
    deactivate_user,
    delegate_agent,
    register_user,
    share_scope,
)
from apps.policies.operations import (
    add_test,
    edit_policy,
    end_break_glass,
    open_break_glass,
    retire_policy,
    review_break_glass,
    roll_back_policy,
)
from apps.proposals.operations import (
    approve_proposal,
    comment_on_proposal,
    propose_policy,
    reject_proposal,
    replay_proposal,
    start_shadow,
    stop_shadow,
    withdraw_proposal,
)
from apps.proposals.prospects import work_out_proposal
from apps.proposals.replay.running import run_replay
from apps.webhooks.operations import create_webhook, send_test, update_webhook
from apps.webhooks.operations.messages import settle
from apps.webhooks.sending import Outcome
from tests.factories.company import TestCompany, make_agent
from tests.factories.policy import FORBID, make_active, make_policy, make_proposal

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
NAMED_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")
Things = dict[str, list[str]]


def routes() -> list[str]:
    """Return every address of the portal as its route, found by walking the URLconf."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                yield route

    return sorted(set(walk(get_resolver().url_patterns, "")))


def addresses(route: str, things: Things) -> list[str]:
    """Return the addresses of a route for each of `things` that its parameters may name.

    A thing is named by its parameter, or by (the start of) a route and its parameter where the
    parameter says too little; a parameter that nobody knows raises KeyError.
    """
    plain = NAMED_GROUP.sub(lambda match: f"<{match[1]}>", route).replace("^", "").rstrip("$")
    names = PARAMETER.findall(plain)
    choices = [_known(things, plain, name) for name in names]
    found = []
    for values in product(*choices):
        rest = iter(values)
        found.append("/" + PARAMETER.sub(lambda _, rest=rest: next(rest), plain))
    return found


def _known(things: Things, route: str, name: str) -> list[str]:
    starts = [f"{route[:end]}|{name}" for end in range(len(route), 0, -1)]
    keys = [key for key in (f"={route}|{name}", *starts, name) if key in things]
    if not keys:
        raise KeyError(f"{name} of {route}")
    return things[keys[0]]


def furnish(company: TestCompany) -> Things:
    """Fill a company with one of everything, and return the ids by the parameters they fill."""
    things: Things = {
        "scope_id": [str(company.scopes["company"].id), str(company.scopes["api"].id)],
        "organization/branch/|scope_id": [str(company.scopes["api"].id)],
        "app_label": ["orgs"],
        "what": ["preset", "rule", "role"],
        "number": ["1"],
        "verb": ["approve", "reject"],
        "section": ["people", "agents", "access", "history"],
        "provider": ["okta"],
        "slug": [company.slug],
        "url": ["nowhere"],
    }
    for fill in (
        _people,
        _agents,
        _policies,
        _break_glasses,
        _fleet,
        _settings,
        _dead_letter,
        _webhooks,
    ):
        things |= fill(company)
    things |= {f"operator/{key}/|object_id": ids for key, ids in _rows(company)}
    return things


def _ids(*rows: Any) -> list[str]:
    return [str(row.pk) for row in rows]


def _people(company: TestCompany) -> Things:
    api, outsider = company.scopes["api"], company.users["outsider"]
    with company.acting("tenant_admin"):
        member = add_member(scope_id=api.id, user_id=outsider.id)
        share_scope(scope_id=api.id, user_id=outsider.id)
        gone = register_user(email=f"gone@{company.slug}.example", name="Gone Person")
        deactivate_user(user_id=gone.id, reason="They left.")
        old = create_project(parent_id=api.id, name="Old", slug="old")
        archive_scope(scope_id=old.id)
    with acting_as(company.service("bootstrap")):
        User.objects.filter(id=company.users["tenant_admin"].id).update(is_platform_admin=True)
    return {
        "user_id": _ids(company.users["developer"]),
        "=organization/people/<uuid:user_id>/|user_id": _ids(company.users["team_lead"], gone),
        "=organization/scopes/<uuid:scope_id>/|scope_id": _ids(company.scopes["company"], api, old),
        "organization/scopes/<uuid:scope_id>/teams/|scope_id": _ids(company.scopes["platform"]),
        "organization/scopes/<uuid:scope_id>/projects/|scope_id": _ids(api),
        "organization/scopes/<uuid:scope_id>/<slug:section>/|scope_id": _ids(api),
        "organization/scopes/<uuid:scope_id>/archive/|scope_id": _ids(api),
        "membership_id": _ids(member),
        "grant_id": ["01a205c5-eb5f-7562-a666-e32ef64c8460"],
    }


def _agents(company: TestCompany) -> Things:
    agent = make_agent(company, owner="tenant_admin", max_depth=2)
    with company.acting("tenant_admin"):
        helper = delegate_agent(
            parent_id=agent.id,
            name="helper's helper",
            scope_id=company.scopes["api"].id,
            capabilities=["policy.propose"],
            expires_at=clock.now() + timedelta(days=1),
        )
    return {"organization/agents/|agent_id": _ids(agent, helper)}


def _policies(company: TestCompany) -> Things:
    active = make_active(company, name="in force")
    with company.acting("architect"):
        edit_policy(policy_id=active.id, cedar=FORBID, expected_version=active.version)
    pending = make_proposal(company, name="waiting")
    work_out_proposal(tenant_id=company.tenant_id, proposal_id=pending.id)
    endings: dict[str, Callable[..., Any]] = {
        "second_architect": partial(reject_proposal, reason="Not like this."),
        "architect": withdraw_proposal,
    }
    decided = [make_proposal(company, name=f"decided by {who}") for who in endings]
    for proposal, (who, decide) in zip(decided, endings.items(), strict=True):
        with company.acting(who):
            decide(proposal_id=proposal.id)
    with company.acting("second_architect"):
        comment_on_proposal(proposal_id=pending.id, text="Why now?")
    approved = make_proposal(company, name="approved")
    with company.acting("second_architect"):
        approve_proposal(proposal_id=approved.id)
    leaving = make_active(company, name="leaving")
    with company.acting("architect"):
        retiring = propose_policy(
            policy_id=leaving.id, kind="retire_policy", justification="Nobody needs it."
        )
    undone = make_active(company, name="undone")
    with company.acting("architect"):
        retire_policy(policy_id=undone.id, reason="Nobody needs it.")
        place = {"resource_type": "Scope", "resource_id": company.slug}
        asked = {"principal": company.users["developer"].email, "action": "deploy", **place}
        kept = add_test(policy_id=undone.id, name="deploys", question=asked, expected="allow")
    with company.acting("admin"):
        rollback = roll_back_policy(policy_id=undone.id, number=1, reason="It was needed.")
    with company.acting("architect"):
        finished = replay_proposal(proposal_id=retiring.id)
        queued = replay_proposal(proposal_id=pending.id, days=7)
        running = start_shadow(proposal_id=pending.id)
        stopped = start_shadow(proposal_id=retiring.id)
        stop_shadow(shadow_id=stopped.id)
    run_replay(tenant_id=company.tenant_id, replay_id=finished.id)
    return {
        "replay_id": _ids(finished, queued),
        "shadow_id": _ids(running, stopped),
        "rollback_id": _ids(rollback),
        "test_id": _ids(kept),
        "policies/<uuid:policy_id>/tests/|policy_id": _ids(undone),
        "=policies/<uuid:policy_id>/|policy_id": _ids(active, undone),
        "policy_id": _ids(active, make_policy(company, name="only a draft")),
        "policies/<uuid:policy_id>/versions/|policy_id": _ids(active),
        "proposal_id": _ids(pending, *decided, approved, retiring),
    }


def _break_glasses(company: TestCompany) -> Things:
    asked = {"principals": [company.users["developer"].email], "actions": ["run_tool"]}
    with company.acting("admin"):
        opened, ended, reviewed = (
            open_break_glass(**asked, resources=[f'Tool::"{name}"'], reason="The site is down.")
            for name in ("wrench", "hammer", "saw")
        )
        end_break_glass(glass_id=ended.id)
    with company.acting("tenant_admin"):
        review_break_glass(glass_id=reviewed.id, note="It was right to do so.")
    return {"glass_id": _ids(opened, ended, reviewed)}


def _fleet(company: TestCompany) -> Things:
    with company.acting("admin"):
        agents = [enroll_agent(name=name)[0] for name in ("edge", "refusing", "ended")]
        revoke_agent(agent_id=agents[2].id, reason="The machine is gone.")
    with acting_as(company.service("fleet")):
        head = {"revision": 1, "digest": "sha256:" + 64 * "0"}
        acknowledge_revision(answers=[Applied(agents[0].id, 1.0)], **head)
        refuse_revision(
            agent_id=agents[1].id,
            revision=1,
            stage="parse",
            policy=None,
            error="unexpected token",
        )
        told = LogEntry(
            sequence=1,
            at=clock.now(),
            revision=1,
            principal='User::"ann"',
            action='Action::"read"',
            resource='File::"plan"',
            decision="Deny",
            staleness="stale",
            context={"mfa": False},
        )
        record_decisions(agent_id=agents[0].id, log="0" * 32, dropped=2, entries=[told])
        decision = Decision.objects.get()
        CedarAgent.objects.filter(id__in=[agents[0].id, agents[1].id]).update(
            last_heartbeat_at=clock.now(), connection="here"
        )
    return {
        "fleet/agents/|agent_id": _ids(*agents),
        "fleet/decisions/|decision_id": _ids(decision),
    }


def _settings(company: TestCompany) -> Things:
    with company.acting("tenant_admin"):
        token, _ = create_token(
            name="ci",
            scopes=["read"],
            expires_at=clock.now() + timedelta(days=1),
        )
    with acting_as(company.service("relay")):
        send_notifications(
            recipient_ids=[user.id for user in company.users.values()],
            kind="policy.proposed",
            subject="#1 baseline waits for your decision",
            path="/proposals/",
            key="once",
        )
    with company.acting("tenant_admin"):
        told = list_notifications().first()
    return {
        "notification_id": _ids(told),
        "token_id": _ids(token),
        "session_id": ["nobody"],
        "token": [_link_token(company)],
    }


def _link_token(company: TestCompany) -> str:
    user_id = company.users["developer"].id
    wish = Wish(tenant_id=company.tenant_id, user_id=user_id, topic="decisions")
    return unsubscribe_path(wish).split("/")[2]


def _dead_letter(company: TestCompany) -> Things:
    with company.acting("admin"):
        delivery = Delivery.objects.select_related("event").oldest_first().first()
        Delivery.objects.filter(id=delivery.id).update(
            state=DeliveryState.DEAD, attempts=8, last_error="ValueError: boom"
        )
        return {"delivery_id": _ids(delivery), "event_id": _ids(delivery.event)}


def _webhooks(company: TestCompany) -> Things:
    with company.acting("tenant_admin"):
        made = [
            create_webhook(name=name, url="https://hooks.example.com/x", patterns=["*"])[0]
            for name in ("pager", "failing", "off")
        ]
        messages = [send_test(webhook_id=webhook.id) for webhook in made]
        update_webhook(webhook_id=made[2].id, is_active=False)
    with acting_as(company.service("relay")):
        bad = Outcome(status=500, error="answered 500", ms=12)
        settle(messages[0].id, Outcome(status=204, error="", ms=12))
        settle(messages[1].id, bad)
    return {"webhook_id": _ids(*made), "message_id": _ids(messages[2])}


def _rows(company: TestCompany) -> Iterator[tuple[str, list[str]]]:
    """Return one row of each table that operators may look at, by app and model."""
    from django.contrib import admin

    with acting_as(company.service("bootstrap")):
        for model in admin.site._registry:
            row = apps.get_model(model._meta.label).objects.first()
            label = f"{model._meta.app_label}/{model._meta.model_name}"
            yield label, _ids(row) if row else []
