"""What somebody was told in the portal, how they want to be told, and the letters they get."""

from typing import Any, Self

from django.db import models

from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet

from .types import DIGEST_HOUR, TIME_ZONE, Choice, LetterState


class Letter(TenantModel):
    """One e-mail to one person, once for each `key`; it carries the notifications that name it."""

    recipient = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey("events.Event", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=120)
    is_digest = models.BooleanField(default=False)
    state = models.CharField(
        max_length=8,
        choices=[(state.value, state.value) for state in LetterState],
        default=LetterState.PENDING,
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.CharField(max_length=500, default="", blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "key"], name="letter_once")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="letter_due",
                condition=models.Q(state="pending"),
            )
        ]

    def __str__(self) -> str:
        return self.key


class NotificationQuerySet(TenantQuerySet["Notification"]):
    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Notification(TenantModel):
    """One thing that one person is told, once for each `dedupe_key`; `path` is where it leads."""

    recipient = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=80)
    subject = models.CharField(max_length=300)
    path = models.CharField(max_length=300)
    payload = models.JSONField(default=dict, blank=True)
    dedupe_key = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    told_by = models.CharField(
        max_length=8,
        choices=[(choice.value, choice.value) for choice in Choice],
        default=Choice.PORTAL,
        db_default=Choice.PORTAL,
    )
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, null=True, related_name="+")

    objects: Any = TenantManager.from_queryset(NotificationQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "recipient", "dedupe_key"], name="notified_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "recipient", "id"], name="notification_newest"),
            models.Index(
                fields=["tenant_id", "recipient"],
                name="notification_for_digest",
                condition=models.Q(told_by="digest", letter__isnull=True),
            ),
            models.Index(fields=["tenant_id", "letter"], name="notification_of_letter"),
        ]

    def __str__(self) -> str:
        return self.subject


class Preference(TenantModel):
    """How one person wants to be told; `choices` holds only the groups they chose for."""

    user = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    choices = models.JSONField(default=dict, blank=True)
    digest_hour = models.PositiveSmallIntegerField(default=DIGEST_HOUR)
    time_zone = models.CharField(max_length=64, default=TIME_ZONE)
    next_digest_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "user"], name="preference_once_per_user"),
            models.CheckConstraint(
                condition=models.Q(digest_hour__lte=23), name="digest_hour_of_a_day"
            ),
        ]
        indexes = [models.Index(fields=["next_digest_at"], name="digest_due")]

    def __str__(self) -> str:
        return str(self.user_id)
