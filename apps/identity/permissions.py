"""Django's permission questions, answered by the one decision function."""

from typing import Any

from apps.kernel.authorization import Resource, decide
from apps.kernel.tenancy import find_tenant_id


class CedarBackend:
    """An authentication backend that authenticates nobody and asks Cedar about everything."""

    def authenticate(self, _request: Any, **_credentials: Any) -> None:
        return None

    def get_user(self, _user_id: Any) -> None:
        return None

    def has_perm(self, _user: Any, permission: str, _obj: Any = None) -> bool:
        """Tell whether the actor may look as an operator; nothing may be changed this way."""
        tenant_id = find_tenant_id()
        verb = permission.rsplit(".", 1)[-1].split("_", 1)[0]
        if tenant_id is None or verb != "view":
            return False
        root = Resource(type="Scope", id=str(tenant_id), name="company", scope_id=str(tenant_id))
        return decide("operator.view", root).allowed
