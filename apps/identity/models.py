"""Sessions, external identities, tokens and entries of platform administrators."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q

from apps.kernel.authorization import Resource
from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet

from .types import LONGEST_REASON, TokenKind


class Session(AbstractBaseSession):
    """A browser session, found by the hash of its key before any tenant is known.

    Not a tenant's table: it holds no key that could be used and nothing of the tenant's data.
    """

    session_key = models.CharField(max_length=64, primary_key=True)
    tenant_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    issuer = models.CharField(max_length=300, default="", blank=True)
    subject = models.CharField(max_length=255, default="", blank=True)
    sid = models.CharField(max_length=255, default="", blank=True)
    method = models.CharField(max_length=40, default="", blank=True)
    browser = models.CharField(max_length=200, default="", blank=True)
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField()

    class Meta(AbstractBaseSession.Meta):
        indexes = [
            models.Index(fields=["issuer", "sid"], name="session_sid"),
            models.Index(fields=["issuer", "subject"], name="session_subject"),
            models.Index(fields=["tenant_id", "user_id"], name="session_user"),
        ]

    def __str__(self) -> str:
        return f"session of {self.user_id}"

    @classmethod
    def get_session_store_class(cls) -> Any:
        from .sessions import SessionStore

        return SessionStore


class Bootstrap(models.Model):
    """The one row that says this installation was bootstrapped; it can only be written once."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    company_id = models.UUIDField()
    user_id = models.UUIDField()
    happened_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="bootstrapped_once")]

    def __str__(self) -> str:
        return f"bootstrap of {self.company_id}"


class ExternalIdentity(TenantModel):
    """A person as one identity provider knows them: by issuer and subject, never by e-mail."""

    user = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=40)
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()
    last_sign_in_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "issuer", "subject"], name="identity_once_per_tenant"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class PlatformEntryQuerySet(TenantQuerySet["PlatformEntry"]):
    def live(self, moment: Any) -> Self:
        return self.filter(left_at__isnull=True, expires_at__gt=moment)


class PlatformEntry(TenantModel):
    """A stay of a platform administrator of another company in this one, and why.

    They have no row among this company's people: their id and name are all that is kept of them.
    """

    administrator_id = models.UUIDField()
    administrator_name = models.CharField(max_length=120)
    reason = models.CharField(max_length=LONGEST_REASON)
    entered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    objects: Any = TenantManager.from_queryset(PlatformEntryQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "administrator_id"],
                condition=Q(left_at__isnull=True),
                name="entered_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gte=F("entered_at")), name="entry_ends_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.administrator_name} since {self.entered_at}"


class ApiTokenQuerySet(TenantQuerySet["ApiToken"]):
    def live(self, moment: Any) -> Self:
        return self.filter(revoked_at__isnull=True, expires_at__gt=moment)


class ApiToken(TenantModel):
    """A bearer token of a person, or of one of their agents; only its hash is kept."""

    kind = models.CharField(max_length=1, choices=[(k.value, k.name.lower()) for k in TokenKind])
    user = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey("orgs.Agent", on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    tail = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=80), default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects: Any = TenantManager.from_queryset(ApiTokenQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "digest"], name="token_once"),
            models.CheckConstraint(
                condition=Q(kind=TokenKind.PERSONAL, agent__isnull=True)
                | Q(kind=TokenKind.SERVICE, agent__isnull=False),
                name="service_token_has_agent",
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "user"], name="token_user")]

    def __str__(self) -> str:
        return self.name

    def as_resource(self) -> Resource:
        return Resource(
            type="Token",
            id=str(self.id),
            name=self.name,
            scope_id=str(self.tenant_id),
            attributes={"owner": {"__entity": {"type": "Aeterna::User", "id": str(self.user_id)}}},
        )
