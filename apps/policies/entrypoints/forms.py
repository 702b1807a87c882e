"""Forms for writing a policy."""

from typing import Any

from django import forms

from apps.kernel.errors import Invalid
from apps.orgs.checks import TEXT_LENGTH

from ..rules import dump_rules, parse_text
from ..types import (
    MAX_ROLLBACK_HOURS,
    MERGES,
    MODES,
    SEVERITIES,
    MergeStrategy,
    PolicyMode,
    Severity,
)


def _select(label: str, words: dict[Any, str], initial: str) -> forms.ChoiceField:
    options = [(value.value, text) for value, text in words.items()]
    widget = forms.Select(attrs={"class": "select"})
    return forms.ChoiceField(label=label, choices=options, initial=initial, widget=widget)


class PolicyForm(forms.Form):
    """The settings and text of a policy's working copy."""

    name = forms.CharField(
        widget=forms.TextInput(
            attrs={"class": "input", "maxlength": 120, "placeholder": "no-secrets-for-agents"}
        )
    )
    description = forms.CharField(
        label="What it is for",
        required=False,
        widget=forms.Textarea(attrs={"class": "textarea min-h-16", "rows": 2, "maxlength": 1000}),
    )
    severity = _select("Severity", SEVERITIES, Severity.WARN)
    mode = _select("Mode", MODES, PolicyMode.OPTIONAL)
    merge_strategy = _select("With what is inherited", MERGES, MergeStrategy.MERGE)
    cedar = forms.CharField(
        label="Policy text in Cedar", required=False, strip=False, widget=forms.Textarea
    )
    rules = forms.CharField(
        label="Rules for projects, in JSON",
        required=False,
        help_text="What a project's dependencies, files, code and configuration are checked for.",
        widget=forms.Textarea(
            attrs={"class": "textarea font-mono", "rows": 10, "spellcheck": "false"}
        ),
    )

    def clean_cedar(self) -> str:
        # Browsers send every line end as CRLF.
        return str(self.cleaned_data["cedar"]).replace("\r\n", "\n")

    def clean_rules(self) -> list[dict[str, Any]]:
        try:
            return dump_rules(parse_text(self.cleaned_data["rules"]))
        except Invalid as error:
            raise forms.ValidationError(error.fields["rules"]) from error


class DraftForm(PolicyForm):
    """A new policy, with the scope that will hold it."""

    scope_id = forms.UUIDField(label="Scope")
    field_order = ("scope_id", "name", "description")

    def __init__(self, *args: Any, scopes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scope_id"]
        field.widget = forms.Select(attrs={"class": "select"}, choices=scopes)
        field.help_text = "It reaches this scope and everything below."


class EditForm(PolicyForm):
    """The working copy as somebody saw it: `expected_version` says which one that was."""

    expected_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def see_version(self, version: int) -> None:
        """Let the next sending of this form be about `version`."""
        self.data = {**self.data.dict(), "expected_version": str(version)}  # type: ignore[attr-defined]


class RestoreForm(forms.Form):
    """Whether the working copy is still the one that was on the page."""

    expected_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class RollbackForm(RestoreForm):
    """Why an earlier version must be in force at once, and for how long without a second person."""

    reason = forms.CharField(
        label="What goes wrong now",
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 3, "autofocus": True}),
    )
    hours = forms.IntegerField(
        label="Hours it may stand unconfirmed",
        min_value=1,
        max_value=MAX_ROLLBACK_HOURS,
        widget=forms.NumberInput(attrs={"class": "input"}),
    )


class ManyFiles(forms.ClearableFileInput):
    """A file input that takes several."""

    allow_multiple_selected = True


class TextFiles(forms.FileField):
    """Several text files, cleaned to what each says by its name."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> dict[str, str]:
        """Return the texts by name; ValidationError names a file that is not UTF-8 text."""
        given = data if isinstance(data, list) else [data] if data else []
        texts = {}
        for file in given:
            super().clean(file, initial)
            try:
                texts[str(file.name)] = file.read().decode("utf-8")
            except UnicodeDecodeError as error:
                raise forms.ValidationError(f"{file.name} is not text in UTF-8.") from error
        return texts


class CheckForm(forms.Form):
    """A project to check: a manifest as text, files to read, and the paths of all its files."""

    manifest_name = forms.CharField(
        label="Manifest",
        initial="package.json",
        max_length=500,
        help_text="Its path in the project, such as package.json, requirements.txt or go.mod.",
        widget=forms.TextInput(attrs={"class": "input"}),
    )
    manifest = forms.CharField(
        label="What it says",
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"class": "textarea font-mono", "rows": 10, "spellcheck": "false"}
        ),
    )
    uploads = TextFiles(
        label="Or choose files",
        required=False,
        help_text="Manifests, lock files, and whatever code or configuration is to be read.",
        widget=ManyFiles(attrs={"class": "input"}),
    )
    paths = forms.CharField(
        label="Paths of all files",
        required=False,
        help_text="One a line, as git ls-files prints them. Left empty, no file is called missing.",
        widget=forms.Textarea(
            attrs={"class": "textarea font-mono", "rows": 5, "spellcheck": "false"}
        ),
    )
    policy_id = forms.ChoiceField(
        label="As if in force",
        required=False,
        widget=forms.Select(attrs={"class": "select"}),
        help_text="The working copy of a policy that reaches this place.",
    )

    def __init__(self, *args: Any, policies: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["policy_id"].choices = [("", "Nothing: as it is"), *policies]  # type: ignore[attr-defined]

    def clean_paths(self) -> list[str] | None:
        lines = [line.strip() for line in self.cleaned_data["paths"].splitlines()]
        return [line for line in lines if line] or None
