"""What the tests of shadow mode share."""

from datetime import UTC, datetime, timedelta

from apps.fleet.operations import enroll_agent
from apps.kernel import clock
from apps.proposals.models import Shadow
from apps.proposals.operations import start_shadow
from apps.proposals.replay import shadowing
from tests.factories.decisions import record, who

START = datetime.now(UTC) - timedelta(days=3)
HOUR = 60


def enrolled(company, name="edge"):
    with company.acting("admin"):
        return enroll_agent(name=name)[0]


def at(minute):
    return clock.at(START + timedelta(minutes=minute))


def tell(company, agent, minute, *actions, by="developer", decided=None, **more):
    """Have an agent tell at a minute what it decided then, or at the minute `decided`."""
    moment = START + timedelta(minutes=minute if decided is None else decided)
    with at(minute):
        values = {"at": moment, **more}
        record(company, agent, *[(who(company, by), action, values) for action in actions])


def begin(company, proposal, by="architect", minute=0, **values):
    with at(minute), company.acting(by):
        return start_shadow(proposal_id=proposal.id, **values)


def run(company, shadow, minute):
    with at(minute):
        return shadowing.run_shadow(tenant_id=company.tenant_id, shadow_id=shadow.id)


def kept(company, shadow):
    with company.acting("admin"):
        return Shadow.objects.get(id=shadow.id)


def counted(company, shadow):
    counts = kept(company, shadow).report.get("counts", {})
    return {name: count for name, count in counts.items() if count}
