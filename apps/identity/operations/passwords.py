"""Passwords, which serve only the first administrator and the demo."""

from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from apps.events.operations import emit
from apps.kernel.authorization import authorize
from apps.kernel.errors import Invalid
from apps.kernel.operation import operation
from apps.orgs.queries import get_user


@operation("password.set")
def set_password(*, user_id: UUID, password: str) -> None:
    """Give a person a local password; Invalid if it is short or common. Its hash is argon2."""
    user = get_user(user_id, for_update=True)
    authorize("password.set", user.as_resource())
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(fields={"password": list(error.messages)}) from error
    user.set_password(password)
    user.save(update_fields=["password"])
    emit("password.set", resource=user.as_resource())
