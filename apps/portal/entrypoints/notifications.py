"""Settings, Notifications: how one wants to be told."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.kernel.entrypoints.form import PageForm
from apps.kernel.entrypoints.pages import form_page, signed_in
from apps.notifications import queries
from apps.notifications.operations import update_preferences
from apps.notifications.queries import Wishes
from apps.notifications.types import CHOICE_TITLES, DEFAULTS, GROUP_HELP, GROUP_TITLES, Group

from ..settings_tabs import tabs


class PreferencesForm(PageForm):
    """One choice for each group that may be chosen, and when the digest comes."""

    digest_hour = forms.TypedChoiceField(
        label="The digest comes at",
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in range(24)],
    )
    time_zone = forms.ChoiceField(label="In the time zone", choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted(available_timezones())
        self.fields["time_zone"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        for group in DEFAULTS:
            self.fields[group.value] = forms.ChoiceField(
                label=GROUP_TITLES[group],
                help_text=GROUP_HELP[group],
                choices=[(choice.value, title) for choice, title in CHOICE_TITLES.items()],
                widget=forms.Select(attrs={"class": "select"}),
            )

    @property
    def groups(self) -> list[Any]:
        """Return the fields of the groups, in order."""
        return [self[group.value] for group in DEFAULTS]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def notifications(request: HttpRequest) -> HttpResponse:
    """Show how one is told, and take other wishes."""
    if request.entry is not None:  # type: ignore[attr-defined]
        return redirect("portal:company.configure")
    wishes = queries.get_own_wishes()
    chosen = {group.value: wishes.choice_for(group).value for group in DEFAULTS}
    when = {"digest_hour": wishes.digest_hour, "time_zone": wishes.time_zone}
    context = {
        "is_email_on": settings.IS_EMAIL_ON,
        "emergency": (GROUP_TITLES[Group.EMERGENCY], GROUP_HELP[Group.EMERGENCY]),
        **tabs("notifications"),
    }
    return form_page(
        request,
        PreferencesForm,
        "portal/notifications.html",
        _save,
        done=lambda _: (reverse("portal:notifications"), "Saved."),
        context=context,
        initial={**chosen, **when},
    )


def _save(*, digest_hour: int, time_zone: str, **choices: str) -> Wishes:
    return update_preferences(choices=choices, digest_hour=digest_hour, time_zone=time_zone)
