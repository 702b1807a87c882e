"""The organization as REST tells and takes it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.kernel.entrypoints.rest import (
    Body,
    Flag,
    Line,
    ListQuery,
    Moment,
    Patch,
    PersonRef,
    Query,
    Ref,
    Resource,
    Slug,
    Text,
    optional_query,
    unset,
)

from ..checks import TEXT_LENGTH
from ..governance import Preset
from ..types import (
    MAX_DELEGATION_DEPTH,
    GrantSource,
    Role,
    RoleResolution,
    ScopeKind,
    Severity,
)

Description = Annotated[Text, StringConstraints(max_length=TEXT_LENGTH)]
Search = Annotated[Text, StringConstraints(max_length=200)]


class ScopeOut(Resource):
    """A place in the organization."""

    id: UUID
    kind: ScopeKind
    parent_id: UUID | None
    path: list[UUID] = Field(description="From the company down to this scope.")
    slug: str
    name: str
    description: str
    created_at: datetime
    archived_at: datetime | None
    version: int


class ScopeNode(Resource):
    """A scope with what is below it."""

    scope: ScopeOut
    children: list["ScopeNode"]


class ScopeTree(Resource):
    """The visible scopes; one whose parent is not visible stands at the top."""

    roots: list[ScopeNode]


class ScopeFilter(ListQuery):
    kind: ScopeKind | None = optional_query()
    parent_id: UUID | None = optional_query()
    include_archived: Flag = False


class TreeQuery(Query):
    include_archived: Flag = False


class SearchQuery(Query):
    q: Annotated[Search, StringConstraints(min_length=1)]


class OrganizationIn(Body):
    """A new organization."""

    name: Line
    slug: Slug
    description: Description = unset()


class BelowIn(OrganizationIn):
    """A new team of an organization, or a new project of a team."""

    parent_id: UUID


class ScopePatch(Patch):
    """What to change about a scope."""

    name: Line = unset()
    description: Description = unset()


class ShareOut(Resource):
    """A person who may read a scope whatever their roles are."""

    user: PersonRef


class ShareIn(Body):
    """With whom to share."""

    user_id: UUID


class UserOut(Resource):
    """A person."""

    id: UUID
    email: str
    name: str
    title: str
    is_active: bool
    is_platform_admin: bool
    created_at: datetime
    deactivated_at: datetime | None
    version: int


class UserFilter(ListQuery):
    q: Search = ""
    include_deactivated: Flag = False


class UserIn(Body):
    """A new person, without any role."""

    email: Annotated[Text, StringConstraints(max_length=254, min_length=3)]
    name: Line
    title: Annotated[Text, StringConstraints(max_length=120)] = unset()


class UserPatch(Patch):
    """What to change about a person."""

    name: Line = unset()
    title: Annotated[Text, StringConstraints(max_length=120)] = unset()


class PlaceFilter(ListQuery):
    """Who, where."""

    scope_id: UUID | None = optional_query()
    user_id: UUID | None = optional_query()


class MembershipOut(Resource):
    """A person belongs to a scope; grants nothing."""

    id: UUID
    user: PersonRef
    scope: Ref
    created_at: datetime


class MembershipIn(Body):
    """Who shall belong where."""

    user_id: UUID
    scope_id: UUID


class RoleGrantOut(Resource):
    """A role that a person holds at a scope and everything below it."""

    id: UUID
    user: PersonRef
    scope: Ref
    role: Role
    source: GrantSource
    granted_at: datetime
    revoked_at: datetime | None


class RoleGrantIn(Body):
    """Which role to give to whom, and where."""

    user_id: UUID
    scope_id: UUID
    role: Role


class AgentOut(Resource):
    """Software that acts for a person, limited to capabilities at a scope."""

    id: UUID
    name: str
    owner: PersonRef
    parent_id: UUID | None = Field(description="The agent that delegated to it, if one did.")
    scope: Ref
    capabilities: list[str]
    max_severity: Severity
    depth: int
    max_depth: int
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class AgentFilter(ListQuery):
    owner_id: UUID | None = optional_query()
    include_ended: Flag = False


class AgentDelegateIn(Body):
    """An agent that gets part of what its delegator holds, for no longer."""

    name: Line
    scope_id: UUID = unset()
    capabilities: Annotated[list[Line], Field(min_length=1, max_length=200)]
    expires_at: Moment
    max_severity: Severity = unset()


class AgentIn(Body):
    """An agent of the person who asks."""

    name: Line
    scope_id: UUID
    capabilities: Annotated[list[Line], Field(min_length=1, max_length=200)]
    expires_at: Moment
    max_severity: Severity = unset()
    max_depth: Annotated[int, Field(ge=1, le=MAX_DELEGATION_DEPTH)] = unset()


class Found(Resource):
    """What a search found, at most 20 of each kind."""

    scopes: list[ScopeOut]
    users: list[UserOut]
    agents: list[AgentOut]


class CompanyOut(Resource):
    """The company and its rules."""

    id: UUID
    name: str
    slug: str
    is_demo: bool
    role_resolution: RoleResolution
    governance_preset: Preset
    created_at: datetime
    version: int
