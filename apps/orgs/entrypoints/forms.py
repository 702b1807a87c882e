"""Forms of the organization's pages; what is typed is judged by the operations."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms

from apps.kernel import clock
from apps.kernel.authorization import agent_actions
from apps.kernel.entrypoints.form import PageForm, ReasonForm

from .. import queries
from ..checks import NAME_LENGTH, TEXT_LENGTH
from ..types import MAX_DELEGATION_DEPTH, ROLE_ORDER, ROLE_TITLES, Severity

__all__ = [
    "AgentForm",
    "DelegateForm",
    "GrantForm",
    "MemberForm",
    "PersonEditForm",
    "PersonForm",
    "ReasonForm",
    "ScopeEditForm",
    "ScopeForm",
]
SEVERITIES = [(one.value, one.value.capitalize()) for one in Severity]
LIFETIMES = {"1": "a day", "7": "a week", "30": "30 days", "90": "90 days", "365": "a year"}


class PersonField(forms.CharField):
    """A person of the company, chosen by e-mail address; cleans to their id."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"list": "people", "autocomplete": "off", "placeholder": "name@company.example"}
        super().__init__(max_length=254, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Any:
        """Return the id of the active person with this e-mail address."""
        email = super().clean(value)
        user = queries.list_visible_users().filter(email__iexact=email).first()
        if user is None:
            raise forms.ValidationError("Nobody here has this e-mail address.")
        return user.id


class ScopeField(forms.TypedChoiceField):
    """A live scope the actor may view, shown with the way to it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=UUID, choices=scope_choices, **kwargs)


def scope_choices() -> list[tuple[str, str]]:
    """Return the live visible scopes as (id, names from the top), in order of the tree."""
    scopes = list(queries.list_scopes())
    names = {scope.id: scope.name for scope in scopes}
    ways = [(str(s.id), [names[one] for one in s.path if one in names]) for s in scopes]
    return [(key, " / ".join(way)) for key, way in sorted(ways, key=lambda item: item[1])]


class ScopeForm(PageForm):
    """A new organization, team or project."""

    name = forms.CharField(max_length=NAME_LENGTH)
    slug = forms.CharField(
        max_length=63,
        help_text="Its short name in paths: a-z, 0-9 and dashes. It cannot be changed later.",
    )
    description = forms.CharField(
        max_length=TEXT_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class ScopeEditForm(PageForm):
    """Another name or description, with the version the person saw."""

    name = forms.CharField(max_length=NAME_LENGTH)
    description = forms.CharField(
        max_length=TEXT_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    expected_version = forms.IntegerField(widget=forms.HiddenInput)


class PersonForm(PageForm):
    """A person who is new to the company."""

    email = forms.EmailField(label="E-mail", max_length=254)
    name = forms.CharField(max_length=NAME_LENGTH)
    title = forms.CharField(max_length=NAME_LENGTH, required=False, help_text="What they do here.")


class PersonEditForm(PageForm):
    """Another name or title, with the version seen."""

    name = forms.CharField(max_length=NAME_LENGTH)
    title = forms.CharField(max_length=NAME_LENGTH, required=False)
    expected_version = forms.IntegerField(widget=forms.HiddenInput)


class MemberForm(PageForm):
    """Somebody who belongs to a place, or with whom it is shared."""

    user_id = PersonField(label="Person")


class GrantForm(PageForm):
    """A role for somebody at a place and everything below it."""

    user_id = PersonField(label="Person")
    role = forms.ChoiceField(choices=[(role.value, ROLE_TITLES[role]) for role in ROLE_ORDER])


class DelegateForm(PageForm):
    """What an agent is given: a name, a place, capabilities, a limit and an end."""

    name = forms.CharField(max_length=NAME_LENGTH)
    scope_id = ScopeField(label="Works in", help_text="Here and below, nowhere else.")
    capabilities = forms.MultipleChoiceField(
        label="May", widget=forms.CheckboxSelectMultiple, choices=[]
    )
    max_severity = forms.ChoiceField(
        label="Highest severity it may propose", choices=SEVERITIES, initial=Severity.INFO
    )
    expires_at = forms.TypedChoiceField(
        label="Ends after", choices=list(LIFETIMES.items()), coerce=int, initial="7"
    )

    def __init__(
        self, *args: Any, capabilities: Iterable[str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        offered = sorted(agent_actions() if capabilities is None else capabilities)
        self.fields["capabilities"].choices = [(one, one) for one in offered]  # type: ignore[attr-defined]

    def clean_expires_at(self) -> Any:
        """Return the moment that lies the chosen number of days ahead."""
        return clock.now() + timedelta(days=self.cleaned_data["expires_at"])


class AgentForm(DelegateForm):
    """A new agent of one's own, which may be allowed to delegate further."""

    max_depth = forms.TypedChoiceField(
        label="May delegate",
        choices=[
            (n, "no further" if n == 1 else f"{n - 1} deep")
            for n in range(1, MAX_DELEGATION_DEPTH + 1)
        ],
        coerce=int,
        initial=1,
    )
