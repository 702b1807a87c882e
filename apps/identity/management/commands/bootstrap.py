"""`manage.py bootstrap`: the first company and its administrator, once and never again."""

import os
from getpass import getpass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.identity.oidc.directory import directory_of
from apps.identity.oidc.providers import get_provider
from apps.identity.operations import bootstrap_portal
from apps.identity.queries import find_bootstrap
from apps.kernel.actor import Channel, service_actor
from apps.kernel.errors import DomainError
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as

VARIABLE = "AETERNA_BOOTSTRAP_PASSWORD"


class Command(BaseCommand):
    """Open a new installation: nobody can sign in before this has run."""

    help = "Create the first company and its platform administrator; works exactly once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", required=True, help="the company's name")
        parser.add_argument("--slug", required=True, help="the company's short name: a-z, 0-9, -")
        parser.add_argument("--email", required=True, help="the administrator's e-mail address")
        parser.add_argument("--name", required=True, help="the administrator's name")
        parser.add_argument("--oidc-provider", help="sign in there instead of with a password")
        parser.add_argument("--subject", help="what that provider calls the administrator for good")

    def handle(self, *_args: Any, **options: Any) -> None:
        done = find_bootstrap()
        if done is not None:
            raise CommandError(
                f"This installation was bootstrapped on {done.happened_at:%Y-%m-%d %H:%M} UTC. "
                "That can never happen again; its administrators make everything else."
            )
        try:
            _bootstrap(options)
        except DomainError as error:
            raise CommandError(_explain(error)) from error
        self.stdout.write(
            f"{options['company']} is ready. {options['email']} administers it and can sign in at "
            f"{settings.PUBLIC_URL}{settings.LOGIN_URL}"
        )


def _bootstrap(options: dict[str, Any]) -> None:
    slug = options["oidc_provider"]
    identity = _identity(slug, options["subject"], options["slug"]) if slug else None
    password = None if slug else _password()
    with acting_as(service_actor(tenant_id=uuid7(), name="bootstrap", channel=Channel.CLI)):
        bootstrap_portal(
            company=options["company"],
            slug=options["slug"],
            email=options["email"],
            name=options["name"],
            password=password,
            identity=identity,
        )


def _identity(slug: str, subject: str | None, company: str) -> tuple[str, str, str]:
    if not subject:
        raise CommandError(
            "--oidc-provider needs --subject: people are matched by issuer and subject, never by "
            "e-mail address. docs/sign-in.md says where to find it."
        )
    provider = get_provider(slug)
    if provider.company != company:
        raise CommandError(f"{slug} signs people in to {provider.company}, not to {company}.")
    return provider.slug, directory_of(provider).metadata().issuer, subject


def _password() -> str:
    if not settings.ENVIRONMENT.local_passwords:
        raise CommandError("LOCAL_PASSWORDS is off, so name an --oidc-provider and a --subject.")
    given = os.environ.get(VARIABLE)
    if given is not None:
        return given
    try:
        first, second = getpass("Password: "), getpass("Again: ")
    except EOFError as error:
        raise CommandError(f"No terminal to ask at: set {VARIABLE}.") from error
    if first != second:
        raise CommandError("The passwords differ.")
    return first


def _explain(error: DomainError) -> str:
    fields = [f"{name}: {' '.join(messages)}" for name, messages in error.fields.items()]
    return "\n".join([error.detail, *fields])
