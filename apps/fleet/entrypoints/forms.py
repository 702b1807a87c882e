"""Forms for enrolling and ending Cedar agents."""

from django import forms

from apps.kernel.entrypoints.form import PageForm

from ..types import AgentProtocol

PROTOCOLS = [
    (AgentProtocol.AETERNA, "The portal's own agent"),
    (AgentProtocol.OPAL, "A stock OPAL client with a Cedar store"),
]


class EnrollForm(forms.Form):
    """A name by which people recognise the agent."""

    name = forms.CharField(
        label="Name",
        help_text="Where it runs, so that you know it again: laptop-ann, ci-eu-1.",
        widget=forms.TextInput(
            attrs={"class": "input", "maxlength": 120, "autofocus": True, "placeholder": "ci-eu-1"}
        ),
    )

    protocol = forms.TypedChoiceField(
        label="What runs there",
        choices=PROTOCOLS,
        coerce=AgentProtocol,
        initial=AgentProtocol.AETERNA,
        required=False,
        empty_value=AgentProtocol.AETERNA,
        help_text="An OPAL client reports what it saved, not what it enforces, and knows no lease.",
        widget=forms.Select(attrs={"class": "select"}),
    )

    works_offline = forms.BooleanField(
        label="It works offline",
        required=False,
        help_text="For laptops: it decides for hours without the portal instead of a minute.",
        widget=forms.CheckboxInput(attrs={"class": "checkbox"}),
    )


class RevokeForm(forms.Form):
    """Why an agent is ended."""

    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea(
            attrs={
                "class": "textarea",
                "rows": 3,
                "maxlength": 1000,
                "autofocus": True,
                "placeholder": "The machine is gone; the token leaked; …",
            }
        ),
    )


class RotateForm(forms.Form):
    """Nothing but the wish for a new token."""


class RotateKeyForm(forms.Form):
    """Why the signing key is replaced."""

    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 3, "maxlength": 1000}),
    )


LOCAL = "%Y-%m-%dT%H:%M"
DECISIONS = {"Allow": "Allowed", "Deny": "Denied"}


def _moment(label: str) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
    formats = [LOCAL, "%Y-%m-%d"]
    return forms.DateTimeField(required=False, label=label, input_formats=formats, widget=widget)


def _text(label: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "input", "autocomplete": "off"})
    return forms.CharField(required=False, label=label, max_length=512, widget=widget)


class DecisionCriteriaForm(PageForm):
    """The filters of the decision log; times are in UTC."""

    principal = _text("Principal")
    action = _text("Action")
    resource = _text("Resource")
    decision = forms.ChoiceField(choices=[("", ""), *DECISIONS.items()], required=False)
    agent = forms.UUIDField(required=False)
    since = _moment("From")
    until = _moment("Until")


class DecisionLogForm(forms.Form):
    """What the company wants of its agents' decision log."""

    sample_percent = forms.FloatField(
        label="Decisions that are logged, in percent",
        help_text="100 logs every decision, 0 none.",
        widget=forms.NumberInput(attrs={"class": "input", "min": 0, "max": 100, "step": "any"}),
    )
    keep_days = forms.IntegerField(
        label="Days they are kept",
        help_text="Older ones are removed each night.",
        widget=forms.NumberInput(attrs={"class": "input", "min": 1, "max": 3650}),
    )
    masked = forms.CharField(
        label="Masked members",
        required=False,
        help_text="Names of members of contexts and entities, one a line. Agents mask them, and"
        " whatever is named like a secret, before anything leaves their machine.",
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 5}),
    )

    def clean_masked(self) -> list[str]:
        """Return the names, one of each line."""
        return _lines(self.cleaned_data["masked"])


class LeaseForm(forms.Form):
    """How long agents decide without word from the portal."""

    lease_seconds = forms.IntegerField(
        label="Seconds until decisions are stale",
        help_text="They are still made, and say that they are stale. Agents ask every 5 seconds.",
        widget=forms.NumberInput(attrs={"class": "input", "min": 10}),
    )
    limit_seconds = forms.IntegerField(
        label="Seconds until they are expired",
        help_text="From then on everything is denied until the portal is back.",
        widget=forms.NumberInput(attrs={"class": "input", "min": 10}),
    )
    limits = forms.CharField(
        label="Other limits for single actions",
        required=False,
        help_text="An action and its seconds, one a line: deploy 20.",
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 4}),
    )
    readable = forms.CharField(
        label="Actions that never expire",
        required=False,
        help_text="One a line: what may go on by the last known policies, such as read_file.",
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 4}),
    )
    offline_hours = forms.IntegerField(
        label="Hours for agents that work offline",
        help_text="Their limit instead of the seconds above; limits of single actions hold too.",
        widget=forms.NumberInput(attrs={"class": "input", "min": 1}),
    )

    out_of_date_seconds = forms.IntegerField(
        label="Seconds until an agent that is behind is told of",
        help_text="Administrators hear of it once. One that refuses the newest revision, or is"
        " silent beyond its limit, is told of at once.",
        widget=forms.NumberInput(attrs={"class": "input", "min": 5}),
    )

    def clean_limits(self) -> dict[str, int]:
        """Return seconds by action."""
        found: dict[str, int] = {}
        for line in _lines(self.cleaned_data["limits"]):
            name, _, seconds = line.rpartition(" ")
            if not name.strip() or not seconds.isdecimal():
                raise forms.ValidationError(f"{line}: write an action and its seconds.")
            found[name.strip()] = int(seconds[:9])
        return found

    def clean_readable(self) -> list[str]:
        """Return the actions, one of each line."""
        return _lines(self.cleaned_data["readable"])


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
