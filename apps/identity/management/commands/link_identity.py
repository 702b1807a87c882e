"""`manage.py link_identity`: bind a registered person to what a provider calls them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.identity.oidc.directory import directory_of
from apps.identity.oidc.providers import get_provider
from apps.identity.operations import link_identity
from apps.identity.queries import find_company_id, find_user_id
from apps.identity.service import sign_in_service
from apps.kernel.actor import Channel
from apps.kernel.errors import DomainError
from apps.kernel.tenancy import acting_as


class Command(BaseCommand):
    """Let somebody who was registered by hand sign in at an identity provider."""

    help = "Link a person, by e-mail address, to a provider's subject."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--provider", required=True, help="the provider's slug")
        parser.add_argument("--email", required=True, help="whom to link")
        parser.add_argument("--subject", required=True, help="what the provider calls them")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            _link(options["provider"], options["email"], options["subject"])
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{options['email']} can sign in at {options['provider']}.")


def _link(slug: str, email: str, subject: str) -> None:
    provider = get_provider(slug)
    issuer = directory_of(provider).metadata().issuer
    tenant_id = find_company_id(provider.company)
    if tenant_id is None:
        raise CommandError(f"There is no company {provider.company}.")
    with acting_as(sign_in_service(tenant_id, channel=Channel.CLI)):
        user_id = find_user_id(email)
        if user_id is None:
            raise CommandError(f"Nobody in {provider.company} has the address {email}.")
        link_identity(user_id=user_id, provider=slug, issuer=issuer, subject=subject)
