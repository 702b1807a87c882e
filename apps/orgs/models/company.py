"""The company: a tenant and its settings."""

from django.db import models

from apps.kernel.tenant_model import TenantModel

from ..governance import Preset
from ..types import RoleResolution


class Company(TenantModel):
    """A tenant; its id is the tenant id, its name and slug are its root scope's."""

    is_demo = models.BooleanField(default=False)
    role_resolution = models.CharField(
        max_length=20,
        choices=[(r.value, r.value) for r in RoleResolution],
        default=RoleResolution.MOST_PERMISSIVE,
    )
    governance_preset = models.CharField(
        max_length=10, choices=[(p.value, p.value) for p in Preset], default=Preset.STANDARD
    )
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(id=models.F("tenant_id")), name="company_is_tenant"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
