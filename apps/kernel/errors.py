"""The one family of errors that operations raise and doors translate."""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal the caller can act on; `fields` maps a field name to what is wrong with it."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be carried out"
    status: ClassVar[int] = 400

    def __init__(self, detail: str = "", *, fields: Mapping[str, list[str]] | None = None) -> None:
        self.detail = detail or self.title
        self.fields = dict(fields or {})
        super().__init__(self.detail)

    def extra(self) -> dict[str, Any]:
        """Return members that this kind of error adds to its problem document."""
        return {}


class NotFound(DomainError):
    """The thing does not exist for this caller, whether missing or another tenant's."""

    code = "not_found"
    title = "Not found"
    status = 404


class Unauthenticated(DomainError):
    """The caller did not prove who they are."""

    code = "unauthenticated"
    title = "Sign-in required"
    status = 401


class Forbidden(DomainError):
    """Cedar denied the action; carries the decision so that the caller can see why."""

    code = "forbidden"
    title = "Not allowed"
    status = 403

    def __init__(self, detail: str = "", *, decision: Any = None) -> None:
        super().__init__(detail)
        self.decision = decision
        self.is_recorded = False

    def extra(self) -> dict[str, Any]:
        policies = list(self.decision.policies) if self.decision else []
        return {"policies": policies}


class Invalid(DomainError):
    """The input is malformed or breaks a rule; `fields` names each culprit."""

    code = "invalid"
    title = "The input is not valid"
    status = 422


class Conflict(DomainError):
    """The state of the thing does not permit this now, or a name is taken."""

    code = "conflict"
    title = "Conflict with the current state"
    status = 409


class Stale(DomainError):
    """Somebody changed the thing since the caller read it."""

    code = "stale"
    title = "Changed by somebody else meanwhile"
    status = 412


class RateLimited(DomainError):
    """Too many requests; `retry_after` is in seconds."""

    code = "rate_limited"
    title = "Too many requests"
    status = 429

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after

    def extra(self) -> dict[str, Any]:
        return {"retry_after": self.retry_after}


class Unavailable(DomainError):
    """Something this depends on does not answer; trying again later may work."""

    code = "unavailable"
    title = "Temporarily unavailable"
    status = 503


class ProgrammingError(RuntimeError):
    """A rule of the house was broken by code, not by a caller."""


class NoActor(ProgrammingError):
    """Tenant data was touched outside `acting_as(actor)`."""


class TenantSwitch(ProgrammingError):
    """A scope of one tenant was opened inside another tenant's."""


class MissingDecision(ProgrammingError):
    """An operation returned without asking `authorize`."""


class MissingEvent(ProgrammingError):
    """An operation returned without leaving an event."""
