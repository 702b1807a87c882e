"""Rules for the input of operations on the organization."""

import re
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.kernel.errors import Conflict, Invalid

from .models import Scope
from .types import SLUG_PATTERN, Role, Severity

NAME_LENGTH = 120
TEXT_LENGTH = 1000


def clean_text(value: str, *, field: str, limit: int = NAME_LENGTH, required: bool = True) -> str:
    """Return `value` stripped; Invalid if empty, too long or holding control characters."""
    value = value.strip()
    if required and not value:
        raise Invalid(fields={field: ["This is needed."]})
    if len(value) > limit:
        raise Invalid(fields={field: [f"At most {limit} characters; these are {len(value)}."]})
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", value):
        raise Invalid(fields={field: ["Control characters are not allowed."]})
    return value


def clean_slug(value: str) -> str:
    """Return `value` if it is a slug; Invalid otherwise."""
    if not re.fullmatch(SLUG_PATTERN, value):
        raise Invalid(
            fields={"slug": ["Use 1 to 63 of a-z, 0-9 and -, starting with a letter or digit."]}
        )
    return value


def clean_email(value: str) -> str:
    """Return the e-mail address in lower case; Invalid if it is not one."""
    value = value.strip()
    try:
        validate_email(value)
    except ValidationError as error:
        raise Invalid(fields={"email": ["This is not an e-mail address."]}) from error
    return value.lower()


def clean_role(value: str) -> Role:
    """Return the role named `value`; Invalid, naming the roles, if there is none."""
    try:
        return Role(value)
    except ValueError as error:
        names = ", ".join(Role)
        raise Invalid(fields={"role": [f"Choose one of {names}."]}) from error


def clean_severity(value: str, *, field: str = "severity") -> Severity:
    """Return the severity named `value`; Invalid, naming them, if there is none."""
    try:
        return Severity(value)
    except ValueError as error:
        names = ", ".join(Severity)
        raise Invalid(fields={field: [f"Choose one of {names}."]}) from error


def require_live(scope: Scope) -> Scope:
    """Return the scope unless it is archived; Conflict then."""
    if scope.archived_at is not None:
        raise Conflict(f"{scope.name} is archived.", fields={"scope_id": ["It is archived."]})
    return scope


def is_within(scope: Scope, ancestor_id: UUID) -> bool:
    """Tell whether `scope` is, or lies below, the scope `ancestor_id`."""
    return ancestor_id in scope.path
