"""The secrets of this agent: read from a file or the environment, never logged."""

import hmac
import re
from dataclasses import dataclass, field
from pathlib import Path

from aeterna_cedar_agent.logs import conceal

_PRINTABLE = re.compile(r"[\x21-\x7e]{1,4096}")
_PRINTABLE_WORDS = re.compile(r"[\x20-\x7e]{1,4096}")


class TokenError(Exception):
    """A token that cannot be read or cannot be a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Where the token comes from; a file wins and is read anew each time, so it can rotate.

    One that `is_header` is all that callers send as Authorization, such as `Bearer …`.
    """

    file: Path | None = None
    is_header: bool = False
    value: str | None = field(default=None, repr=False)

    def read(self) -> str:
        """Return the token as of now; raises TokenError, which never quotes it."""
        text, source = self._text()
        token = text.strip()
        if not token:
            raise TokenError(f"{source} is empty")
        allowed = _PRINTABLE_WORDS if self.is_header else _PRINTABLE
        if not allowed.fullmatch(token):
            raise TokenError(f"{source} holds characters that no token has")
        conceal(token)
        conceal(token.rpartition(" ")[2])
        return token

    def matches(self, header: str | None) -> bool:
        """Compare an Authorization header in constant time, with or without `Bearer `.

        An unreadable token matches nothing.
        """
        try:
            token = self.read().encode()
        except TokenError:
            return False
        given = (header or "").encode("utf-8", "replace")
        bare = hmac.compare_digest(given, token)
        bearer = hmac.compare_digest(given, b"Bearer " + token)
        return bare or bearer

    def _text(self) -> tuple[str, str]:
        if self.file is None:
            return self.value or "", "token"
        try:
            return self.file.read_text(encoding="utf-8"), f"token file {self.file}"
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
            raise TokenError(f"token file {self.file}: {reason}") from error
