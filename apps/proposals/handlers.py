"""What proposals do when something is proposed or comes into force: have it analysed."""

from apps.events.subscriptions import on
from apps.events.types import Happened
from apps.kernel.background import run_soon


@on("policy.proposed", "proposal.revised", "policy.activated", "policy.retired")
def analyze_what_waits(happened: Happened) -> None:
    """Hand the analysis of what waits to the workers; what was analysed already stays so."""
    run_soon("proposals.analyze_waiting", tenant_id=str(happened.tenant_id))
