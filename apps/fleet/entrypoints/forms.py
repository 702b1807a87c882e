"""Forms for enrolling and ending Cedar agents."""

from django import forms


class EnrollForm(forms.Form):
    """A name by which people recognise the agent."""

    name = forms.CharField(
        label="Name",
        help_text="Where it runs, so that you know it again: laptop-ann, ci-eu-1.",
        widget=forms.TextInput(
            attrs={"class": "input", "maxlength": 120, "autofocus": True, "placeholder": "ci-eu-1"}
        ),
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
