"""What agents rely on, over REST: leases and signing keys."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from pydantic import Field

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import Body, Line, ListQuery, Reason, Resource, Route, unset
from apps.orgs.queries import get_root
from apps.policies.operations import rotate_signing_key
from apps.policies.queries import list_signing_keys

from .. import queries
from ..models import LeaseRules
from ..operations import configure_leases
from ..types import (
    MAX_LIMIT_SECONDS,
    MAX_NAMED_ACTIONS,
    MAX_OFFLINE_HOURS,
    MIN_LEASE_SECONDS,
    MIN_OUT_OF_DATE_SECONDS,
)


class LeaseRulesIn(Body):
    """How long agents decide without word from the portal."""

    lease_seconds: int = Field(
        ge=MIN_LEASE_SECONDS, le=MAX_LIMIT_SECONDS, description="Until decisions are stale."
    )
    limit_seconds: int = Field(
        ge=MIN_LEASE_SECONDS, le=MAX_LIMIT_SECONDS, description="Until they are expired: denied."
    )
    limits: dict[Line, int] = Field(
        max_length=MAX_NAMED_ACTIONS, description="Seconds for single actions, by their id."
    )
    readable: list[Line] = Field(
        max_length=MAX_NAMED_ACTIONS, description="Actions decided though all else is expired."
    )
    offline_hours: int = Field(
        ge=1, le=MAX_OFFLINE_HOURS, description="The limit of agents that work offline."
    )
    out_of_date_seconds: int = unset(
        ge=MIN_OUT_OF_DATE_SECONDS,
        le=MAX_LIMIT_SECONDS,
        description="How long an agent may lack the newest revision before that is told.",
    )


class LeaseRulesOut(Resource):
    """The rules of leases in force."""

    lease_seconds: int
    limit_seconds: int
    limits: dict[str, int]
    readable: list[str]
    offline_hours: int
    out_of_date_seconds: int


class SigningKeyOut(Resource):
    """An Ed25519 key of the company; the one that is not retired signs."""

    kid: str = Field(description="Its RFC 7638 thumbprint: what an agent may be told to trust.")
    x: str = Field(description="The public key as RFC 8037 writes it.")
    created_at: datetime
    retired_at: datetime | None


def view_lease_rules() -> LeaseRules:
    """Return how long agents decide without word from the portal."""
    authorize("fleet.view", get_root().as_resource())
    return queries.lease_rules()


def list_keys() -> QuerySet[Any]:
    """List the company's signing keys, newest first."""
    authorize("fleet.view", get_root().as_resource())
    return list_signing_keys()


ROUTES = (
    Route(
        method="GET", path="lease-rules", name="lease.rules", call=view_lease_rules,
        answers=LeaseRulesOut,
    ),
    Route(
        method="POST", path="lease-rules", name="lease.configure", call=configure_leases,
        takes=LeaseRulesIn, answers=LeaseRulesOut,
    ),
    Route(
        method="GET", path="signing-keys", name="signing_key.list", call=list_keys,
        query=ListQuery, answers=SigningKeyOut, order=("-created_at", "-id"),
    ),
    Route(
        method="POST", path="signing-keys", name="signing_key.rotate", call=rotate_signing_key,
        takes=Reason, answers=SigningKeyOut, status=201,
    ),
)  # fmt: skip
