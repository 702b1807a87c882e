"""The demo company: complete, plausible, the same every time."""

import pytest

from apps.events.models import Event
from apps.orgs.models import Agent, Scope, User
from apps.policies.models import Policy, Revision
from apps.policies.operations import check_project
from apps.portal.demo.load import load
from apps.proposals.models import Proposal


@pytest.mark.django_db
@pytest.mark.gap("UX-M2")
def test_the_demo_company_has_three_hundred_engineers_and_a_history():
    demo = load()
    with demo.at(41.9, "ruth@meridian.example"):
        assert User.objects.count() == 300
        assert Scope.objects.filter(kind="team").count() == 30
        assert Scope.objects.filter(kind="project").count() == 210
        assert Agent.objects.count() > 60
        assert set(Proposal.objects.values_list("state", flat=True)) == {
            "pending",
            "approved",
            "rejected",
            "withdrawn",
        }
        assert Policy.objects.filter(state="active").count() == 4
        assert Revision.objects.count() == 4
        assert Event.objects.filter(outcome="denied").count() > 10
        times = list(Event.objects.order_by("id").values_list("occurred_at", flat=True))
        assert times == sorted(times)
    # Loading takes long: the same company also shows a project meeting all three levels at once.
    project = next(s for path, s in demo.scopes.items() if path.startswith("platform/gateway/"))
    with demo.at(41.9, "sam@meridian.example"):
        report = check_project(
            scope_id=project.id,
            manifests={"package.json": '{"dependencies": {"lodash": "4.17.20"}}'},
            files=["src/clients/pay.ts"],
            contents={"src/clients/pay.ts": "fetch(url)"},
        )
    assert [(v.severity, v.origin.policy, v.origin.rule_id) for v in report.violations] == [
        ("block", "security-baseline", "no-old-lodash"),
        ("warn", "api-conventions", "client-timeout"),
        ("warn", "platform-standards", "telemetry-npm"),
        ("warn", "security-baseline", "security-file"),
    ]
