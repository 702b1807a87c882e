"""Loads the demo company through the product's operations, on a clock of the past."""

import contextlib
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from apps.kernel import clock
from apps.kernel.actor import Actor, Channel, Principal, PrincipalKind, service_actor
from apps.kernel.errors import Forbidden
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.orgs import operations as orgs
from apps.orgs.types import Severity
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals.conflicts.waiting import analyze_waiting

from . import plan
from .policies import SAMPLES, Sample

DAYS_BACK = 42
CHANGES = 90
AGENT_NAMES = ("refactor", "reviewer", "triage", "docs", "test-writer", "migrator", "oncall")
CAPABILITIES = (
    "policy.propose", "proposal.comment", "agent.delegate", "policy.view", "org.view",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does, in days after the start."""

    day: float
    email: str
    act: Callable[[], object]


@dataclass
class Demo:
    """What has been made so far: scopes by path, people by e-mail."""

    tenant_id: UUID
    start: datetime
    dice: random.Random
    scopes: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)
    engineers: list[plan.Person] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    made: dict[str, UUID] = field(default_factory=dict)

    @contextmanager
    def at(self, days: float, email: str) -> Iterator[None]:
        """Act as somebody, `days` after the start."""
        user = self.people[email]
        actor = Actor(
            tenant_id=self.tenant_id,
            principal=Principal(kind=PrincipalKind.USER, id=str(user.id), name=user.name),
            channel=Channel.WEB,
        )
        with clock.at(self.start + timedelta(days=days)), acting_as(actor):
            yield


def load() -> Demo:
    """Make the whole company, as of now; takes seconds, gives the same company every time."""
    demo = Demo(
        tenant_id=uuid7(),
        start=clock.now() - timedelta(days=DAYS_BACK),
        dice=random.Random(plan.SEED),
    )
    _found(demo)
    _grow(demo)
    _hire(demo)
    for step in sorted([*_agents(demo), *_policies(demo), *_life(demo)], key=lambda s: s.day):
        with contextlib.suppress(Forbidden), demo.at(step.day, step.email):
            step.act()
    return demo


def _found(demo: Demo) -> None:
    actor = service_actor(tenant_id=demo.tenant_id, name="bootstrap", channel=Channel.CLI)
    owner = plan.GUIDES[0]
    with clock.at(demo.start), acting_as(actor):
        demo.scopes[""] = orgs.create_tenant(name=plan.COMPANY, slug=plan.SLUG, is_demo=True)
        user = orgs.register_user(email=owner.email, name=owner.name, title=owner.title)
        orgs.grant_role(user_id=user.id, scope_id=demo.tenant_id, role=owner.role)
    demo.people[owner.email] = user


def _grow(demo: Demo) -> None:
    with demo.at(0.1, plan.GUIDES[0].email):
        for org in plan.ORGANIZATIONS:
            demo.scopes[plan.slug_of(org)] = orgs.create_organization(
                name=org, slug=plan.slug_of(org)
            )
        for org, team in plan.teams():
            path = f"{plan.slug_of(org)}/{plan.slug_of(team)}"
            parent = demo.scopes[plan.slug_of(org)]
            demo.scopes[path] = orgs.create_team(
                parent_id=parent.id, name=team, slug=plan.slug_of(team)
            )
    with demo.at(0.4, plan.GUIDES[0].email):
        for path, name in plan.projects(demo.dice):
            demo.scopes[f"{path}/{name}"] = orgs.create_project(
                parent_id=demo.scopes[path].id, name=name, slug=name
            )


def _hire(demo: Demo) -> None:
    with demo.at(1, plan.GUIDES[0].email):
        for guide in plan.GUIDES[1:]:
            demo.people[guide.email] = user = orgs.register_user(
                email=guide.email, name=guide.name, title=guide.title
            )
            scope = demo.scopes[guide.scope]
            orgs.grant_role(user_id=user.id, scope_id=scope.id, role=guide.role)
            if guide.scope:
                orgs.add_member(user_id=user.id, scope_id=scope.id)
    admin = plan.GUIDES[1].email
    leads: set[str] = set()
    demo.engineers = plan.people(demo.dice)
    demo.places = {guide.email: guide.scope for guide in plan.GUIDES}
    demo.places |= {person.email: person.team for person in demo.engineers}
    with demo.at(1.5, admin):
        for person in demo.engineers:
            _hire_one(demo, person, leads)


def _hire_one(demo: Demo, person: plan.Person, leads: set[str]) -> None:
    user = orgs.register_user(email=person.email, name=person.name, title=person.title)
    demo.people[person.email] = user
    team = demo.scopes[person.team]
    is_lead = person.team not in leads
    leads.add(person.team)
    orgs.add_member(user_id=user.id, scope_id=team.id)
    orgs.grant_role(user_id=user.id, scope_id=team.id, role="tech_lead" if is_lead else "developer")


def _agents(demo: Demo) -> Iterator[Step]:
    owners = [f"sam@{plan.DOMAIN}", f"lea@{plan.DOMAIN}"]
    owners += [person.email for person in demo.dice.sample(demo.engineers, 60)]
    for index, email in enumerate(owners):
        act = partial(_register_agent, demo, index, email)
        yield Step(day=4 + index / 8, email=email, act=act)


def _register_agent(demo: Demo, index: int, email: str) -> None:
    first_name = email.split("@", maxsplit=1)[0].split(".", maxsplit=1)[0]
    agent = orgs.register_agent(
        name=f"{first_name}-{AGENT_NAMES[index % len(AGENT_NAMES)]}",
        scope_id=demo.scopes[demo.places[email]].id,
        capabilities=CAPABILITIES,
        expires_at=demo.start + timedelta(days=DAYS_BACK + 60 + index),
        max_severity=Severity.WARN,
        max_depth=2,
    )
    if index % 4 == 0:
        orgs.delegate_agent(
            parent_id=agent.id,
            name=f"{agent.name}-helper",
            capabilities=["policy.view", "org.view"],
            expires_at=agent.expires_at,
        )


def _policies(demo: Demo) -> Iterator[Step]:
    for sample in SAMPLES:
        day = DAYS_BACK - sample.days_ago
        author = f"theo@{plan.DOMAIN}" if sample.scope == "platform" else f"nina@{plan.DOMAIN}"
        yield Step(day=day - 0.6, email=author, act=partial(_draft, demo, sample))
        if sample.outcome == "draft":
            continue
        yield Step(day=day - 0.5, email=author, act=partial(_propose, demo, sample))
        analyze = partial(analyze_waiting, tenant_id=demo.tenant_id)
        yield Step(day=day - 0.49, email=author, act=analyze)
        amir = f"amir@{plan.DOMAIN}"
        yield Step(day=day - 0.3, email=amir, act=partial(_comment, demo, sample))
        decider = author if sample.outcome == "withdrawn" else f"ruth@{plan.DOMAIN}"
        yield Step(day=day - 0.1, email=decider, act=partial(_decide, demo, sample))


def _draft(demo: Demo, sample: Sample) -> None:
    demo.made[sample.name] = policies.draft_policy(
        scope_id=demo.scopes[sample.scope].id,
        name=sample.name,
        cedar=sample.cedar,
        rules=sample.rules,
        description=sample.description,
        severity=sample.severity,
        mode=sample.mode,
    ).id


def _propose(demo: Demo, sample: Sample) -> None:
    demo.made[f"#{sample.name}"] = proposals.propose_policy(
        policy_id=demo.made[sample.name], justification=sample.justification
    ).id


def _comment(demo: Demo, sample: Sample) -> None:
    proposals.comment_on_proposal(
        proposal_id=demo.made[f"#{sample.name}"],
        text="Checked against the last quarter's incidents.",
    )


def _decide(demo: Demo, sample: Sample) -> None:
    proposal_id = demo.made[f"#{sample.name}"]
    match sample.outcome:
        case "approved":
            proposals.approve_proposal(proposal_id=proposal_id, reason=sample.note)
        case "rejected":
            proposals.reject_proposal(proposal_id=proposal_id, reason=sample.note)
        case "withdrawn":
            proposals.withdraw_proposal(proposal_id=proposal_id)


def _life(demo: Demo) -> Iterator[Step]:
    """Weeks of ordinary life: titles change, people leave, somebody tries what they may not."""
    admin = f"amir@{plan.DOMAIN}"
    chosen = demo.dice.sample(demo.engineers, CHANGES)
    for index, person in enumerate(chosen):
        day = 14 + (DAYS_BACK - 14.2) * index / CHANGES
        yield Step(day=day, email=admin, act=partial(_change, demo, index, person))
        if index % 6 == 0:
            attempt = partial(orgs.create_organization, name="Skunkworks", slug="skunkworks")
            yield Step(day=day - 0.1, email=person.email, act=attempt)


def _change(demo: Demo, index: int, person: plan.Person) -> None:
    user_id = demo.people[person.email].id
    if index % 15 == 2:
        orgs.deactivate_user(user_id=user_id, reason="Left the company.")
    elif index % 3 == 0:
        orgs.update_user(user_id=user_id, title=f"Senior {person.title}")
    elif index % 3 == 1:
        orgs.share_scope(scope_id=demo.scopes["security"].id, user_id=user_id)
    else:
        orgs.grant_role(user_id=user_id, scope_id=demo.scopes["product"].id, role="viewer")
