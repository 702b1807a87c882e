"""The page that exports the policies of a scope as one file."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from apps.kernel.entrypoints.pages import signed_in, submit
from apps.orgs import queries as orgs

from ..bundles import file_name
from ..operations import export_policies
from .scopes import require_somewhere, scope_labels


class ExportForm(forms.Form):
    """Which policies to export."""

    scope_id = forms.UUIDField(label="Scope")
    include_below = forms.BooleanField(
        label="With the scopes below",
        required=False,
        help_text="They go to the same places below the scope that the file is imported into.",
        widget=forms.CheckboxInput(attrs={"class": "checkbox"}),
    )

    def __init__(self, *args: object, scopes: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        widget = forms.Select(attrs={"class": "select"}, choices=scopes)
        self.fields["scope_id"].widget = widget


@require_http_methods(["GET", "POST"])
@signed_in
def export(request: HttpRequest) -> HttpResponse:
    """Ask which policies to export, and hand them out as a file."""
    require_somewhere("policy.export")
    permitted = orgs.permitted_scope_ids("policy.export")
    scopes = scope_labels(orgs.list_scopes().filter(id__in=permitted))
    initial = {"scope_id": request.GET.get("scope", "") or str(orgs.get_root().id)}
    form = ExportForm(request.POST or None, scopes=scopes, initial=initial)
    bundle, status = submit(form, export_policies) if request.method == "POST" else (None, 200)
    if bundle is None:
        return render(request, "policies/export.html", {"form": form}, status=status)
    slug = orgs.get_scope(form.cleaned_data["scope_id"]).slug
    response = HttpResponse(bundle.content, content_type="application/zip")
    name = file_name(bundle, slug=slug)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
