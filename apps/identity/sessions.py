"""The session store: a row is found by the hash of the cookie and read only with the cookie."""

import base64
import hashlib
from datetime import datetime
from typing import Any, cast

from asgiref.sync import sync_to_async
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.serializers import JSONSerializer

from apps.kernel import clock

from .models import Session


def hashed(key: str) -> str:
    """Return the hex SHA-256 under which the session of a cookie is stored."""
    return hashlib.sha256(key.encode()).hexdigest()


class SessionStore(DatabaseStore):
    """Django's database sessions, hashed and encrypted, with who is signed in beside the data.

    The key of the encryption comes from SECRET_KEY and the cookie, which is stored nowhere: a
    leaked table opens nothing and tells nothing.
    """

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return the session's data, readable only with the cookie."""
        return self._cipher().encrypt(JSONSerializer().dumps(session_dict)).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Return the session's data, or nothing if it was made under another key."""
        try:
            plain = self._cipher().decrypt(session_data)
        except InvalidToken:
            return {}
        return cast(dict[str, Any], JSONSerializer().loads(plain))

    def exists(self, session_key: str) -> bool:
        return self.get_model_class().objects.filter(session_key=hashed(session_key)).exists()

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            self.get_model_class().objects.filter(session_key=hashed(key)).delete()

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        started_at = data.get("started_at")
        return Session(
            session_key=hashed(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            created_at=datetime.fromisoformat(started_at) if started_at else clock.now(),
            **{name: data[name] for name in COLUMNS if name in data},
        )

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        return await sync_to_async(self.create_model_instance)(data)

    def _get_session_from_db(self) -> Session | None:
        rows = self.get_model_class().objects.filter(expire_date__gt=clock.now())
        row = rows.filter(session_key=hashed(self.session_key or "")).first()
        if row is None:
            # A key that the server did not make, or has ended, is never taken up again.
            self._session_key = None
        return row

    async def _aget_session_from_db(self) -> Session | None:
        return await sync_to_async(self._get_session_from_db)()

    def _cipher(self) -> Fernet:
        key = self._get_or_create_session_key()  # type: ignore[attr-defined]
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"aeterna.session")
        material = f"{settings.SECRET_KEY}:{key}".encode()
        return Fernet(base64.urlsafe_b64encode(derive.derive(material)))


COLUMNS = (
    "tenant_id", "user_id", "issuer", "subject", "sid", "method", "browser", "address",
)  # fmt: skip
"""Which of the session's data are columns too, so that the portal can end it without the cookie."""
