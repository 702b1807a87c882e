"""Forms for proposing, deciding and talking about a proposal."""

from django import forms

from ..types import KIND_TITLES, REASON_LENGTH, ProposalKind

OF_WORKING_COPY = (ProposalKind.ACTIVATE_POLICY, ProposalKind.RETIRE_POLICY)


def _text(
    label: str, *, required: bool = True, placeholder: str = "", is_first: bool = False
) -> forms.CharField:
    attributes = {
        "class": "textarea",
        "rows": 3,
        "maxlength": REASON_LENGTH,
        "placeholder": placeholder,
        # Where a dialog puts the cursor when it opens; a closed one takes none.
        "autofocus": is_first,
    }
    return forms.CharField(label=label, required=required, widget=forms.Textarea(attrs=attributes))


def _seen() -> forms.IntegerField:
    return forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)


class ProposeForm(forms.Form):
    """Why a change is wanted, for whoever decides."""

    kind = forms.ChoiceField(
        label="What should happen",
        choices=[(kind.value, KIND_TITLES[kind]) for kind in OF_WORKING_COPY],
        widget=forms.Select(attrs={"class": "select"}),
    )
    justification = _text("Why", placeholder="What goes wrong without it, and for whom?")


class GoBackForm(forms.Form):
    """Nothing to fill in: the address names the version to go back to."""


class ApproveForm(forms.Form):
    """An approval of the version of the proposal that its reader saw."""

    reason = _text(
        "Note", required=False, placeholder="Anything the author should know", is_first=True
    )
    expected_version = _seen()


class RejectForm(forms.Form):
    """A rejection of the version of the proposal that its reader saw."""

    reason = _text("Reason", placeholder="What would have to change?", is_first=True)
    expected_version = _seen()


class AcceptForm(forms.Form):
    """Why the conflicts that the analysis found may stand."""

    reason = _text("Reason", placeholder="Why may both stand?", is_first=True)


class ReviseForm(forms.Form):
    """The working copy as it is now, with a justification that may have changed too."""

    justification = _text("Why", is_first=True)


class CommentForm(forms.Form):
    """Something said about a proposal."""

    text = _text("Comment", placeholder="Ask, explain, suggest")
    text.widget.attrs |= {"data-key": "c", "data-key-name": "Comment", "aria-keyshortcuts": "c"}


class WithdrawForm(forms.Form):
    """Nothing but the wish to take a proposal back."""
