"""Forms that propose another preset, another rule, or a role for somebody."""

from typing import Any

from django import forms

from apps.kernel.entrypoints.form import PageForm
from apps.orgs.governance import Preset, Setting, Terms
from apps.orgs.queries import list_users
from apps.orgs.types import ROLE_ORDER, ROLE_TITLES, Severity
from apps.proposals.kinds import list_ruled_kinds
from apps.proposals.types import REASON_LENGTH

PRESETS = {
    Preset.PERMISSIVE: "Permissive: Architects and above apply lighter changes at once",
    Preset.STANDARD: "Standard: somebody else approves every change",
    Preset.STRICT: "Strict: two approve a policy, and roles need a proposal",
}
ROLES = [(role.value, ROLE_TITLES[role]) for role in ROLE_ORDER]
SEVERITIES = [(one.value, one.value.capitalize()) for one in Severity]
TERM_NAMES = tuple(Terms.__dataclass_fields__)


def _why() -> forms.CharField:
    return forms.CharField(
        label="Why",
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": REASON_LENGTH}),
        strip=True,
    )


class PresetForm(PageForm):
    """The preset that the company should follow."""

    preset = forms.ChoiceField(
        label="Preset", choices=[(preset.value, text) for preset, text in PRESETS.items()]
    )
    justification = _why()

    def payload(self) -> dict[str, Any]:
        """Return what is proposed."""
        return {"setting": Setting.PRESET, "value": {"preset": self.cleaned_data["preset"]}}


class RuleForm(PageForm):
    """A rule for a kind of change at a scope, field by field."""

    kind = forms.ChoiceField(label="Kind of change", required=False)
    severity_floor = forms.ChoiceField(label="From severity", choices=SEVERITIES)
    required_approvals = forms.IntegerField(label="Approvals needed", min_value=1, max_value=10)
    approver_role = forms.ChoiceField(
        label="Lowest role that may approve",
        required=False,
        choices=[("", "Whoever may by the permissions"), *ROLES],
    )
    auto_approve_role = forms.ChoiceField(
        label="Applied at once when proposed by",
        required=False,
        choices=[("", "Nobody"), *ROLES],
    )
    review_hours = forms.IntegerField(
        label="Hours for a decision",
        min_value=0,
        help_text="0: 24 at projects and teams, 48 at organizations, 72 at the company.",
    )
    reminder_percents = forms.CharField(
        label="Reminders, in percent of that time", required=False, help_text="For example 50, 90."
    )
    expiry_hours = forms.IntegerField(label="Hours until it expires", min_value=1)
    agent_max_severity = forms.ChoiceField(label="Agents may propose up to", choices=SEVERITIES)
    escalates = forms.BooleanField(
        label="When nobody decides, ask the next level too", required=False
    )
    allows_direct = forms.BooleanField(
        label="Roles: an Admin may do it without a proposal", required=False
    )
    agents_may_approve = forms.BooleanField(label="An agent's approval counts", required=False)
    justification = _why()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind.name, kind.title) for kind in list_ruled_kinds()]
        self.fields["kind"].choices = [("", "Any kind of change"), *kinds]  # type: ignore[attr-defined]

    def clean_reminder_percents(self) -> list[int]:
        """Return the numbers between the commas."""
        parts = self.cleaned_data["reminder_percents"].replace(" ", "").split(",")
        try:
            return [int(part) for part in parts if part]
        except ValueError as error:
            raise forms.ValidationError("Whole numbers with commas between them.") from error

    def payload(self) -> dict[str, Any]:
        """Return what is proposed."""
        given = self.cleaned_data
        value = {name: given[name] for name in ("kind", "severity_floor")}
        terms = {name: given[name] for name in TERM_NAMES}
        return {"setting": Setting.RULE, "value": {**value, "terms": terms}}


class RoleForm(PageForm):
    """A role that somebody should hold at a scope and below it."""

    user_id = forms.ChoiceField(label="Person")
    role = forms.ChoiceField(label="Role", choices=ROLES)
    justification = _why()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(user.id), f"{user.name}, {user.email}") for user in list_users()]
        self.fields["user_id"].choices = people  # type: ignore[attr-defined]

    def payload(self) -> dict[str, Any]:
        """Return what is proposed."""
        return {name: self.cleaned_data[name] for name in ("user_id", "role")}
