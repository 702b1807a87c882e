"""Where e-mail goes out, read from one address such as smtps://user:password@host:465."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

PORTS = {"smtp": 25, "smtps": 465}
FORM = "smtp://user:password@host:port, smtp://…?tls=starttls or smtps://…"


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server and how the portal speaks to it."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False
    is_starttls: bool = False

    @property
    def tells_password(self) -> bool:
        """Tell whether the password would cross the network in the clear."""
        return bool(self.password) and not (self.is_tls or self.is_starttls)


def read_mail_server(url: str) -> MailServer:
    """Return the server that `url` names; ValueError, without the password, if it names none."""
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    tls = options.pop("tls", [""])[0]
    is_wrong = parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/")
    if is_wrong or options or parts.fragment or tls not in ("", "starttls"):
        raise ValueError(f"must look like {FORM}")
    return MailServer(
        host=str(parts.hostname),
        port=parts.port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=parts.scheme == "smtps",
        is_starttls=parts.scheme == "smtp" and tls == "starttls",
    )
