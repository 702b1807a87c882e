"""Work that needs transactions of its own: it is done when the request's own has ended."""

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBase


class Afterwards(HttpResponse):
    """Stands for an answer that `work` makes once the request's scope has closed.

    `work` opens its own scopes. An error in it is nobody's but the server's.
    """

    def __init__(self, work: Callable[[], HttpResponseBase]) -> None:
        super().__init__()
        self.work = work

    def finish(self) -> HttpResponseBase:
        """Do the work and return its answer, with the headers that were set on this one."""
        response = self.work()
        for name, value in self.headers.items():
            if name not in ("Content-Type", "Content-Length"):
                response.headers.setdefault(name, value)
        response.cookies.update(self.cookies)
        return response


def finished(response: HttpResponseBase) -> HttpResponseBase:
    """Return an answer, doing first what was left for afterwards."""
    return response.finish() if isinstance(response, Afterwards) else response
