"""The session store: rows are found by the hash of the cookie, so a leaked table opens nothing."""

import hashlib
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from .models import Session


def hashed(key: str) -> str:
    """Return the hex SHA-256 under which the session of a cookie is stored."""
    return hashlib.sha256(key.encode()).hexdigest()


class SessionStore(DatabaseStore):
    """Django's database sessions under a hashed key, with who is signed in beside the data."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Any:
        key, self._session_key = self._session_key, hashed(self._session_key or "")
        try:
            return super()._get_session_from_db()  # type: ignore[misc]
        finally:
            self._session_key = key

    def exists(self, session_key: str) -> bool:
        return super().exists(hashed(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            super().delete(hashed(key))

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        return Session(
            session_key=hashed(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            tenant_id=data.get("tenant_id"),
            user_id=data.get("user_id"),
            issuer=data.get("issuer", ""),
            subject=data.get("subject", ""),
            sid=data.get("sid", ""),
        )
