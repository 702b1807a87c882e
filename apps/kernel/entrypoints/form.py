"""The base of every form of a page: widgets that look like the portal's."""

from typing import Any

from django import forms

STYLES: dict[type[forms.Widget], str] = {
    forms.Textarea: "textarea",
    forms.Select: "select",
    forms.CheckboxInput: "checkbox checkbox-primary",
    forms.CheckboxSelectMultiple: "checkbox checkbox-primary",
    forms.RadioSelect: "radio radio-primary",
}


class PageForm(forms.Form):
    """A form whose fields are drawn by components/field.html."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not field.widget.is_hidden:
                style = STYLES.get(type(field.widget), "input")
                field.widget.attrs.setdefault("class", style)


class ReasonForm(PageForm):
    """Why something consequential is done."""

    reason = forms.CharField(
        label="Reason", max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
