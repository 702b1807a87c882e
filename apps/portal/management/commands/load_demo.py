"""`manage.py load_demo`: the demo company, once and whole; later runs change nothing."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from apps.fleet.operations import enroll_agent, rotate_token
from apps.fleet.queries import list_agents
from apps.identity.operations import set_password
from apps.kernel.actor import Actor, Channel, Principal, PrincipalKind, service_actor
from apps.kernel.environment import Mode
from apps.kernel.files import write_secret
from apps.kernel.locks import take_turn, take_turn_of_all
from apps.kernel.tenancy import APP, acting_as
from apps.orgs.queries import list_users
from apps.orgs.types import ROLE_TITLES, Role
from apps.portal.demo import plan
from apps.portal.demo.load import load

if TYPE_CHECKING:
    from apps.fleet.models import CedarAgent

PASSWORD = "aeterna-demo-2026"  # noqa: S105 - the demo's, printed to whoever starts it
CEDAR_AGENTS = (("a1", "build-farm"), ("a2", "developer-gateway"))


class Command(BaseCommand):
    """Load the demo company if it is not there, and see that its agents have token files."""

    help = "Load the demo company; never in production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agent-token-dir", type=Path, required=True)

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.ENVIRONMENT.aeterna_environment is Mode.PRODUCTION:
            raise CommandError("The demo company has known passwords; production refuses it.")
        folder: Path = options["agent_token_dir"]
        tenant_id = _find_or_load()
        _write_tokens(tenant_id, folder)
        _write_people(folder.parent / "demo.json")
        self.stdout.write(f"{plan.COMPANY} is ready.")


def _find_or_load() -> UUID:
    # One transaction: a load that is killed leaves nothing behind, so a company that is found is
    # whole; who comes at the same time waits for it.
    with transaction.atomic(using=APP):
        take_turn_of_all("load_demo")
        return _find_company() or _load()


def _find_company() -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT find_company_by_slug(%s)", [plan.SLUG])
        found: UUID | None = cursor.fetchone()[0]
    return found


def _load() -> UUID:
    demo = load()
    actor = service_actor(tenant_id=demo.tenant_id, name="bootstrap", channel=Channel.CLI)
    with acting_as(actor):
        for guide in plan.GUIDES:
            set_password(user_id=demo.people[guide.email].id, password=PASSWORD)
    return demo.tenant_id


def _write_tokens(tenant_id: UUID, folder: Path) -> None:
    missing = [(place, name) for place, name in CEDAR_AGENTS if not _token(folder, place).exists()]
    if not missing:
        return
    with acting_as(_administrator(tenant_id)):
        take_turn("load_demo")
        known = {agent.name: agent for agent in list_agents()}
        tokens = {place: _new_token(known.get(name), name) for place, name in missing}
    # Not before they are in force: a file that is there is never made again.
    for place, token in tokens.items():
        write_secret(_token(folder, place), token)


def _new_token(agent: "CedarAgent | None", name: str) -> str:
    _, token = rotate_token(agent_id=agent.id) if agent else enroll_agent(name=name)
    return token


def _token(folder: Path, place: str) -> Path:
    return folder / place / "token"


def _administrator(tenant_id: UUID) -> Actor:
    with acting_as(service_actor(tenant_id=tenant_id, name="bootstrap", channel=Channel.CLI)):
        user = list_users().get(email=plan.GUIDES[0].email)
    return Actor(
        tenant_id=tenant_id,
        principal=Principal(kind=PrincipalKind.USER, id=str(user.id), name=user.name),
        channel=Channel.CLI,
    )


def _write_people(path: Path) -> None:
    people = [
        {
            "name": guide.name,
            "email": guide.email,
            "password": PASSWORD,
            "role": f"{ROLE_TITLES[Role(guide.role)]} at {guide.scope or plan.COMPANY}",
        }
        for guide in plan.GUIDES
    ]
    write_secret(path, json.dumps(people, indent=2))
