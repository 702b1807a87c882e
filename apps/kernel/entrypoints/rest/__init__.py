"""What an app says to have a place in the REST interface; apps/api makes views of it."""

from .fields import Base64, Flag, Limit, Line, Moment, Slug, Text, unset
from .resources import Body, Patch, PersonRef, Query, Reason, Ref, Resource, optional_query
from .routes import Later, ListQuery, Route

__all__ = [
    "Base64",
    "Body",
    "Flag",
    "Later",
    "Limit",
    "Line",
    "ListQuery",
    "Moment",
    "Patch",
    "PersonRef",
    "Query",
    "Reason",
    "Ref",
    "Resource",
    "Route",
    "Slug",
    "Text",
    "optional_query",
    "unset",
]
