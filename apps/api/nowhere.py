"""The answer at every address of the interface that leads nowhere."""

from django.http import HttpRequest, HttpResponseBase
from django.views import View

from .problems import not_found


class Nowhere(View):
    """Answer 404 as a problem, whatever the method, also for ids that are none."""

    def dispatch(self, request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponseBase:
        return not_found(request)
