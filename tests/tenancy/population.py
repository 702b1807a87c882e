"""A company with at least one row in every tenant table, whichever tables there are."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.apps import apps
from psycopg import sql
from psycopg.types.json import Jsonb

from apps.fleet.types import Applied
from apps.kernel import clock
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.kernel.tenant_field import is_tenant_model
from tests.factories.company import TestCompany, make_agent, make_company
from tests.tenancy.catalog import tenant_tables

CEDAR = """permit (principal, action == Action::"deploy", resource);\n"""


@dataclass
class Populated:
    """A company and, per table, one of its rows as JSON."""

    company: TestCompany
    rows: dict[str, dict[str, Any]]

    @property
    def marker(self) -> str:
        """Return a word that stands in everything this company would not show to strangers."""
        return f"secret-{self.company.slug}"

    @property
    def tenant_id(self) -> UUID:
        return self.company.tenant_id


def tenant_models() -> list[Any]:
    """Return every model whose rows belong to a tenant, by table."""
    found = [m for m in apps.get_models() if is_tenant_model(m)]
    return sorted(found, key=lambda m: m._meta.db_table)


def populate(*, slug: str, superuser: psycopg.Connection[Any]) -> Populated:
    """Make a company through operations, then fill by hand the tables these do not reach."""
    company = make_company(slug=slug)
    _live(company)
    _told(company, f"secret-{company.slug}")
    with superuser.cursor() as cursor:
        for table in tenant_tables(cursor):
            if _find(cursor, table, company.tenant_id) is None:
                _fill(cursor, table, company.tenant_id)
        person = {"user_id": str(company.users["developer"].id), "session_key": uuid7().hex * 2}
        _fill(cursor, "identity_session", company.tenant_id, **person)
        found = (*tenant_tables(cursor), "identity_session")
        rows = {t: _find(cursor, t, company.tenant_id) for t in found}
    superuser.commit()
    return Populated(company=company, rows=rows)


def _live(company: TestCompany) -> None:
    from apps.fleet import operations as fleet
    from apps.identity.models import ApiToken, ExternalIdentity
    from apps.identity.types import TokenKind
    from apps.orgs import operations as orgs
    from apps.policies import operations as policies
    from apps.proposals import operations as proposals
    from apps.proposals.models import ProposalStep

    scope, secret = company.scopes["company"], f"secret-{company.slug}"
    agent = make_agent(company, name=f"{secret} agent")
    with company.acting("tenant_admin"):
        company.users["nobody"] = orgs.register_user(
            email=f"nobody@{company.slug}.example", name="Nobody"
        )
        orgs.share_scope(scope_id=company.scopes["api"].id, user_id=company.users["outsider"].id)
        orgs.add_member(scope_id=company.scopes["api"].id, user_id=company.users["outsider"].id)
        cedar_agent, _ = fleet.enroll_agent(name=f"{secret} edge")
        rule = {"kind": "retire_policy", "terms": {}}
        orgs.configure_governance(scope_id=scope.id, setting="rule", value=rule)
    with company.acting("architect"):
        policy = policies.draft_policy(scope_id=scope.id, name=f"{secret} baseline", cedar=CEDAR)
        proposal = proposals.propose_policy(policy_id=policy.id, justification=secret)
        proposals.comment_on_proposal(proposal_id=proposal.id, text=f"{secret} look")
        proposals.replay_proposal(proposal_id=proposal.id)
    _analyzed(company, proposal, secret)
    with company.acting("second_architect"):
        proposals.approve_proposal(proposal_id=proposal.id)
    _undone(company, policy, secret)
    with acting_as(company.service("fleet")):
        fleet.acknowledge_revision(
            revision=1, digest="sha256:0", answers=[Applied(cedar_agent.id, 1.0)]
        )
        _decided(cedar_agent, secret)
        moment = clock.now()
        ProposalStep.objects.create(proposal=proposal, round=1, key="remind", taken_at=moment)
        user = company.users["developer"]
        ApiToken.objects.create(
            kind=TokenKind.SERVICE,
            user=user,
            agent=agent,
            name=f"{secret} ci",
            digest=uuid7().hex,
            tail="0000",
            created_at=moment,
            expires_at=moment + timedelta(days=1),
        )
        ExternalIdentity.objects.create(
            user=user, provider="okta", issuer="https://i", subject=uuid7().hex, linked_at=moment
        )


def _undone(company: TestCompany, policy: Any, secret: str) -> None:
    from apps.policies import operations as policies

    place = {"resource_type": "Scope", "resource_id": company.slug}
    asked = {"principal": company.users["developer"].email, "action": "deploy", **place}
    with company.acting("architect"):
        policies.reword_intent(
            scope_id=company.scopes["company"].id, intent=f"{secret} wish", key=f"sha256:{secret}"
        )
        policies.add_test(policy_id=policy.id, name=secret, question=asked, expected="allow")
        policies.retire_policy(policy_id=policy.id, reason=secret)
    with company.acting("admin"):
        policies.roll_back_policy(policy_id=policy.id, number=1, reason=secret)
        policies.open_break_glass(
            principals=[company.users["developer"].email],
            actions=["run_tool"],
            resources=['Tool::"hammer"'],
            reason=secret,
        )


def _decided(cedar_agent: Any, secret: str) -> None:
    from apps.fleet.models import DecisionLogRules, LeaseRules
    from apps.fleet.operations import record_decisions
    from apps.fleet.types import LogEntry

    told = LogEntry(
        sequence=1,
        at=clock.now(),
        revision=1,
        principal=f'User::"{secret}"',
        action='Action::"read"',
        resource=f'File::"{secret}"',
        decision="Deny",
        staleness="fresh",
    )
    record_decisions(agent_id=cedar_agent.id, log=uuid7().hex, dropped=0, entries=[told])
    DecisionLogRules.objects.create(masked=[secret])
    LeaseRules.objects.create(readable=[secret])


def _analyzed(company: TestCompany, proposal: Any, secret: str) -> None:
    from apps.proposals.conflicts.waiting import analyze_waiting
    from apps.proposals.models import ConflictAcceptance
    from apps.proposals.operations import start_shadow

    analyze_waiting(tenant_id=company.tenant_id)
    with company.acting("second_architect"):
        start_shadow(proposal_id=proposal.id)
        ConflictAcceptance.objects.create(
            proposal=proposal,
            accepted_by=company.users["second_architect"],
            reason=secret,
            digest=proposal.digest,
            conflicts="sha256:0",
            created_at=clock.now(),
        )


def _told(company: TestCompany, words: str) -> None:
    from apps.events.models import Event
    from apps.notifications.models import Letter
    from apps.notifications.operations import send_notifications, update_preferences
    from apps.webhooks.operations import create_webhook, send_test

    recipients = [company.users["developer"].id]
    with acting_as(company.service("relay")):
        send_notifications(recipient_ids=recipients, kind="x", subject=words, path="/", key=words)
        moment, event = clock.now(), Event.objects.oldest_first().first()
        letter = {"recipient": company.users["developer"], "event": event, "key": words}
        Letter.objects.create(next_attempt_at=moment, created_at=moment, **letter)
    with company.acting("developer"):
        update_preferences(digest_hour=9)
    with company.acting("tenant_admin"):
        place = {"url": f"https://hooks.example.com/{words}", "patterns": ["team.created"]}
        webhook, _ = create_webhook(name=f"{words} pager", **place)
        send_test(webhook_id=webhook.id)


def _find(cursor: Any, table: str, tenant_id: UUID) -> dict[str, Any] | None:
    cursor.execute(
        sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE tenant_id = %s LIMIT 1").format(
            sql.Identifier(table)
        ),
        [tenant_id],
    )
    row = cursor.fetchone()
    return row[0] if row else None


def _fill(cursor: Any, table: str, tenant_id: UUID, **known: Any) -> None:
    cursor.execute("SET LOCAL session_replication_role = replica")  # keys are not the point here
    cursor.execute(
        """SELECT attname, format_type(atttypid, NULL), typcategory FROM pg_attribute a
           JOIN pg_type t ON t.oid = a.atttypid WHERE attrelid = %s::regclass AND attnum > 0
           AND attnotnull AND NOT attisdropped AND attgenerated = '' AND attidentity = ''""",
        [table],
    )
    with clock.at(clock.now()):  # nothing ends before it began
        values = {name: _value(type_, category) for name, type_, category in cursor.fetchall()}
    values |= {"tenant_id": str(tenant_id), **known}
    cursor.execute(
        sql.SQL("INSERT INTO {0} SELECT * FROM jsonb_populate_record(NULL::{0}, %s)").format(
            sql.Identifier(table)
        ),
        [Jsonb(values)],
    )
    cursor.execute("SET LOCAL session_replication_role = origin")


def _value(type_: str, category: str) -> Any:
    if type_ == "uuid":
        return str(uuid7())
    if type_ in ("json", "jsonb"):
        return {}
    by_category = {"A": [], "B": False, "D": str(clock.now() + timedelta(days=1)), "N": 1, "S": "x"}
    return by_category[category]
