"""A change of the rules under which changes are approved, decided under the rules in force."""

from typing import TYPE_CHECKING, Any

from apps.kernel.authorization import Resource
from apps.kernel.errors import Invalid
from apps.orgs import queries as orgs
from apps.orgs.governance import Setting, Terms, terms_from
from apps.orgs.governance_checks import clean_setting
from apps.orgs.operations import configure_governance, require_changeable, require_place
from apps.orgs.types import Role, Severity

from ..types import ProposalKind
from . import registry
from .base import Kind, Row

if TYPE_CHECKING:
    from ..models import Proposal

TITLES = {
    Setting.PRESET: "Governance preset",
    Setting.RULE: "Governance rule",
    Setting.RULE_REMOVED: "Governance rule removed",
    Setting.ROLE_RESOLUTION: "Which role counts",
}
TERMS = {
    "required_approvals": "Approvals needed",
    "approver_role": "Lowest role that may approve",
    "auto_approve_role": "Applied at once when proposed by",
    "allows_direct": "May be done without a proposal",
    "review_hours": "Hours for a decision (0: the level's default)",
    "reminder_percents": "Reminders, in percent of that time",
    "escalates": "Goes to the next level when nobody decides",
    "expiry_hours": "Hours until it expires",
    "agent_max_severity": "Agents may propose up to",
    "agents_may_approve": "An agent's approval counts",
}
CHOICES = ("preset", "role_resolution")


class GovernanceSetting(Kind):
    """Payload: `setting` and `value`, as `governance.configure` takes them."""

    name = ProposalKind.GOVERNANCE_SETTING
    lowest_role = Role.ADMIN

    def clean(self, *, scope: Any, payload: dict[str, Any]) -> dict[str, Any]:
        setting, value = clean_setting(str(payload.get("setting", "")), payload.get("value"))
        require_place(scope, setting)
        kind = value.get("kind", "")
        ruled = [known.name for known in registry.list_ruled_kinds()]
        if kind and kind not in ruled:
            names = ", ".join(ruled)
            raise Invalid(fields={"kind": [f"Leave it empty or choose one of {names}."]})
        if setting == Setting.RULE:
            require_changeable(scope, value)
        return {"setting": setting.value, "value": value}

    def take(self, proposal: "Proposal") -> None:
        setting, value = Setting(proposal.payload["setting"]), proposal.payload["value"]
        place = f"{value.get('kind', '')}:{value.get('severity_floor', '')}"
        is_rule = setting in (Setting.RULE, Setting.RULE_REMOVED)
        what = f"rule:{place}" if is_rule else setting
        proposal.subject = f"governance:{proposal.scope_id}:{what}"
        proposal.title = f"{TITLES[setting]} of {proposal.scope.name}"
        proposal.severity = Severity.BLOCK

    def content(self, proposal: "Proposal") -> dict[str, Any]:
        return {"kind": self.name, "scope": str(proposal.scope_id), **proposal.payload}

    def authority(self, proposal: "Proposal") -> tuple[str, Resource]:
        return "governance.configure", proposal.scope.as_resource()

    def rows(self, proposal: "Proposal") -> list[Row]:
        setting, value = Setting(proposal.payload["setting"]), proposal.payload["value"]
        where = Row("Where", f"{proposal.scope.name} and everything below")
        if setting in (Setting.PRESET, Setting.ROLE_RESOLUTION):
            (chosen,) = value.values()
            return [where, Row(TITLES[setting], _words(chosen), before=_now(setting))]
        about = [
            where,
            Row("Kind of change", _kind_title(value["kind"])),
            Row("From severity", value["severity_floor"]),
        ]
        if setting == Setting.RULE_REMOVED:
            return [*about, Row("Rule", "none: what is inherited holds")]
        return [*about, *_term_rows(proposal, value)]

    def apply(self, proposal: "Proposal", *, reason: str) -> None:
        del reason
        configure_governance(scope_id=proposal.scope_id, **proposal.payload)


def _term_rows(proposal: "Proposal", value: dict[str, Any]) -> list[Row]:
    now = orgs.effective_rule(
        scope_id=str(proposal.scope_id),
        kind=value["kind"],
        severity=value["severity_floor"],
    ).terms
    after = terms_from(value["terms"])
    return [
        Row(words, term_words(after, name), before=_changed(now, after, name))
        for name, words in TERMS.items()
    ]


def term_words(terms: Terms, name: str) -> str:
    """Return one of the terms as people read it."""
    value = getattr(terms, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return _words(str(value)) or "no role"


def _changed(now: Terms, after: Terms, name: str) -> str:
    before = term_words(now, name)
    return before if before != term_words(after, name) else ""


def _words(value: str) -> str:
    return value.replace("_", " ")


def _now(setting: Setting) -> str:
    company = orgs.get_company()
    is_preset = setting == Setting.PRESET
    return _words(company.governance_preset if is_preset else company.role_resolution)


def _kind_title(name: str) -> str:
    kind = registry.find_kind(name)
    return kind.title if kind else "Any kind of change"
