"""Lists as CSV files that a spreadsheet opens without running anything in them."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

Row = Sequence[Any]
R = TypeVar("R", HttpResponse, StreamingHttpResponse)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
TYPE = "text/csv; charset=utf-8"


def is_csv(request: HttpRequest) -> bool:
    """Tell whether the address asks for the list as a file."""
    return request.GET.get("format") == "csv"


def csv_url(request: HttpRequest) -> str:
    """Return this list's address, filters kept, as a file and from its first row."""
    query = request.GET.copy()
    query.pop("cursor", None)
    query["format"] = "csv"
    return f"{request.path}?{query.urlencode()}"


def csv_file(*, name: str, header: Row, rows: Iterable[Row]) -> HttpResponse:
    """Return a whole list as a CSV file."""
    return _attached(HttpResponse(_lines([header, *rows]), content_type=TYPE), name)


def csv_stream(
    *, name: str, header: Row, pages: Callable[[], Iterator[Sequence[Row]]]
) -> StreamingHttpResponse:
    """Return a long list as a CSV file, page by page.

    The response is read after the request's scope has closed: `pages` opens a scope of its own
    for each page and closes it before it yields.
    """
    return _attached(StreamingHttpResponse(_chunks(header, pages), content_type=TYPE), name)


def cell(value: Any) -> str:
    """Return `value` as text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _chunks(header: Row, pages: Callable[[], Iterator[Sequence[Row]]]) -> Iterator[str]:
    yield _lines([header])
    for page in pages():
        yield _lines(page)


def _lines(rows: Iterable[Row]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([cell(v) for v in row] for row in rows)
    return out.getvalue()


def _attached(response: R, name: str) -> R:
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    return response
