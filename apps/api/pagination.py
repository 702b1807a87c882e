"""Lists as pages with an opaque cursor."""

from rest_framework.pagination import CursorPagination


class CursorEnvelope(CursorPagination):
    """`{next, previous, results}`; `limit` from 1 to 200, newest first unless a view says else."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-id"
