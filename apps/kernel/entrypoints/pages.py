"""What every page view shares: who asks, what the address says, and forms that meet operations."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from ..actor import Actor
from ..errors import Conflict, DomainError, Invalid, NotFound, Stale, Unauthenticated

R = TypeVar("R")
MAX_TEXT = 200


class View(Protocol):
    """A function that answers a request."""

    __name__: str

    def __call__(self, request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse: ...


def signed_in(view: View) -> View:
    """Make a view raise Unauthenticated unless somebody is signed in."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require_actor(request)
        return view(request, *args, **kwargs)

    return guarded


def require_actor(request: HttpRequest) -> Actor:
    """Return who sent `request`; raise Unauthenticated when nobody is signed in."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise Unauthenticated
    return actor


def text_param(request: HttpRequest, name: str) -> str:
    """Return a text of the address without surrounding blanks; Invalid if it cannot be searched."""
    text = request.GET.get(name, "").strip()
    if len(text) > MAX_TEXT:
        raise Invalid(fields={name: [f"At most {MAX_TEXT} characters; these are {len(text)}."]})
    if not text.isprintable():
        raise Invalid(fields={name: ["Control characters are not allowed."]})
    return text


def choice_param(request: HttpRequest, name: str, options: Mapping[str, str]) -> str:
    """Return one of `options`, or nothing when the address does not say; Invalid otherwise."""
    value = request.GET.get(name, "")
    if value and value not in options:
        raise Invalid(fields={name: [f"Choose one of {', '.join(options)}."]})
    return value


def uuid_param(request: HttpRequest, name: str) -> UUID | None:
    """Return an id of the address, or None when it does not say; Invalid if it is not one."""
    value = request.GET.get(name, "")
    try:
        return UUID(value) if value else None
    except ValueError as error:
        raise Invalid(fields={name: ["This is not an id."]}) from error


def submit(form: forms.Form, call: Callable[..., R], **fixed: Any) -> tuple[R | None, int]:
    """Run `call` with the form's cleaned values; return its result and 200.

    What the operation finds wrong with the input becomes errors of the form, with the status
    422, 409, 412 or 404; a denial is raised, for its own page.
    """
    if not form.is_valid():
        return None, Invalid.status
    try:
        return call(**fixed, **form.cleaned_data), 200
    except (Invalid, Conflict, Stale, NotFound) as error:
        add_problems(form, error)
        return None, error.status


def add_problems(form: forms.Form, error: DomainError) -> None:
    """Write a domain error into a form: at the fields it names, else above them."""
    for name, texts in error.fields.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)
    if not form.errors:
        form.add_error(None, error.detail)


def form_page(
    request: HttpRequest,
    form_class: Callable[..., forms.Form],
    template: str,
    call: Callable[..., R],
    *,
    done: Callable[[R], tuple[str, str]],
    context: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Show a form, or take it: `done` turns the operation's result into (address, notice)."""
    if request.method != "POST":
        form = form_class(initial=initial)
        return render(request, template, {**(context or {}), "form": form})
    form = form_class(request.POST)
    result, status = submit(form, call)
    if result is None:
        return render(request, template, {**(context or {}), "form": form}, status=status)
    url, notice = done(result)
    messages.success(request, notice)
    return HttpResponseRedirect(url)


def act(
    request: HttpRequest, call: Callable[[], object], *, done: str, next_url: str
) -> HttpResponse:
    """Do one thing that has no form page, say how it went in a notice, and go on to `next_url`."""
    try:
        call()
    except (Invalid, Conflict, Stale) as error:
        texts = [text for texts in error.fields.values() for text in texts]
        messages.error(request, " ".join([error.detail, *texts]) if texts else error.detail)
    else:
        messages.success(request, done)
    return HttpResponseRedirect(next_url)
