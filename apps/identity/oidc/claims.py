"""What a provider's claims say about a person: who they are, and which groups and roles."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.kernel.environment import OidcProvider

from .errors import BadToken, SignInFailed

EMAIL_CLAIMS = ("email", "preferred_username", "upn")
NAME_LENGTH = 120
JOINT = ":"


@dataclass(frozen=True, slots=True)
class Values:
    """The groups and roles of a person; unless `is_complete`, there may be others."""

    known: frozenset[str]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Described:
    """What a new person is called."""

    email: str
    name: str


def subject_of(provider: OidcProvider, claims: Mapping[str, Any]) -> str:
    """Return what the provider calls the person for good (Entra ID: `tid:oid`), else BadToken."""
    values = [claims.get(name) for name in provider.subject_claims]
    if not values or any(not isinstance(value, str) or not value for value in values):
        raise BadToken(f"The token lacks {' or '.join(provider.subject_claims)}.")
    parts = [str(value) for value in values]
    if len(parts) > 1 and any(JOINT in part for part in parts):
        raise BadToken("The token's subject is ambiguous.")
    return JOINT.join(parts)


def values_of(provider: OidcProvider, claims: Mapping[str, Any]) -> Values:
    """Return the values of the provider's group and role claims.

    Entra ID leaves out groups that are too many and says so in `_claim_names` or `hasgroups`:
    that is not the same as belonging to none.
    """
    elsewhere = claims.get("_claim_names")
    names = set(elsewhere) if isinstance(elsewhere, Mapping) else set()
    is_overage = bool(names & set(provider.claims)) or claims.get("hasgroups") in (True, "true")
    found: set[str] = set()
    for name in provider.claims:
        value = claims.get(name)
        items = value if isinstance(value, list) else [value]
        found |= {item for item in items if isinstance(item, str) and item}
    return Values(known=frozenset(found), is_complete=not is_overage)


def described_by(claims: Mapping[str, Any]) -> Described:
    """Return the e-mail address and name of a new person; SignInFailed without an address."""
    email = next((e for name in EMAIL_CLAIMS if (e := _email(claims.get(name)))), None)
    if email is None:
        raise SignInFailed("The identity provider does not tell your e-mail address.")
    if claims.get("email_verified") is False:
        raise SignInFailed("Your e-mail address is not verified at the identity provider.")
    name = str(claims.get("name") or "").strip()
    printable = "".join(letter for letter in name if letter.isprintable())[:NAME_LENGTH]
    return Described(email=email, name=printable or email.partition("@")[0])


def _email(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        validate_email(value)
    except ValidationError:
        return None
    return value.lower()
