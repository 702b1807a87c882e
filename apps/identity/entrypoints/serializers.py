"""Who one is, tokens, sessions and tenants as REST tells and takes them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.kernel.actor import Channel, PrincipalKind
from apps.kernel.entrypoints.rest import (
    Body,
    Flag,
    Line,
    ListQuery,
    Moment,
    Ref,
    Resource,
    Slug,
    Text,
    unset,
)
from apps.orgs.types import Role

from ..scopes import MAX_SCOPES
from ..types import LONGEST_REASON, SHORTEST_REASON, TokenKind


class PrincipalOut(Resource):
    """Somebody or something that acts."""

    kind: PrincipalKind
    id: str
    name: str


class HeldRole(Resource):
    """A role and where it is held."""

    id: UUID
    role: Role
    scope: Ref


class CompanyRef(Ref):
    """A company, such as the caller's."""

    slug: str


class MeOut(Resource):
    """Who the caller is, for whom, and within which limits."""

    principal: PrincipalOut
    on_behalf_of: list[PrincipalOut]
    company: CompanyRef
    channel: Channel
    is_platform: bool
    scopes: list[str] | None = Field(
        description="The actions that the token is limited to; null without a limit."
    )
    roles: list[HeldRole]


class TokenOut(Resource):
    """A bearer token, without its secret."""

    id: UUID
    kind: TokenKind = Field(description="`p` of a person, `s` of one of their agents.")
    name: str
    agent_id: UUID | None
    tail: str = Field(description="The last characters.")
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class IssuedOut(TokenOut):
    """A token with its text, which is told only this once."""

    token: str | None = Field(description="Null in the replay of an earlier answer.")


class TokenFilter(ListQuery):
    include_ended: Flag = False


class TokenIn(Body):
    """A token to make, of the caller or of one of their agents."""

    name: Line
    expires_at: Moment
    scopes: Annotated[list[Line], Field(min_length=1, max_length=MAX_SCOPES)] = unset(
        description="What to limit it to; left out, it may do what its holder may."
    )
    agent_id: UUID = unset()


class SessionOut(Resource):
    """A browser session; `id` names it and cannot be used to sign in."""

    id: str = Field(validation_alias="session_key")
    method: str
    browser: str
    address: str | None
    created_at: datetime
    expires_at: datetime = Field(validation_alias="expire_date")


class TenantOut(Resource):
    """A company of this installation."""

    id: UUID
    name: str
    slug: str
    created_at: datetime


class TenantList(Resource):
    """The companies of this installation, by name."""

    results: list[TenantOut]


class TenantIn(Body):
    """A company to open, with the person who will administer it."""

    name: Line
    slug: Slug
    admin_name: Line
    admin_email: Annotated[Text, StringConstraints(min_length=3, max_length=254)]


class EntryIn(Body):
    """Why a platform administrator enters a company; its own reviewers read it.

    Afterwards requests with the header `Aeterna-Company: {slug}` act there, for an hour.
    """

    reason: Annotated[
        Text, StringConstraints(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)
    ]


class EntryOut(Resource):
    """A stay in a company that is not the caller's."""

    company: CompanyRef
    reason: str
    entered_at: datetime
    expires_at: datetime
    left_at: datetime | None
