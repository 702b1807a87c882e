"""What identity does when the organization changes: a person who left is signed out."""

from uuid import UUID

from apps.events.subscriptions import on
from apps.events.types import Happened
from apps.kernel.actor import Channel
from apps.kernel.tenancy import acting_as

from .operations import end_session
from .queries import list_user_sessions
from .service import sign_in_service


@on("user.deactivated")
def end_sessions_of_deactivated(happened: Happened) -> None:
    """End every session of the person; their requests are refused from the event on anyway."""
    with acting_as(sign_in_service(happened.tenant_id, channel=Channel.TASK)):
        for row in list(list_user_sessions(UUID(happened.resource_id))):
            end_session(session_id=row.session_key, reason="The account was deactivated.")
