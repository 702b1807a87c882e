"""Filters and tags that the portal's templates share."""

from django import template

register = template.Library()
