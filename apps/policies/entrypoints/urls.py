"""Addresses of the policy pages."""

from django.urls import path

from . import web

app_name = "policies"
urlpatterns = [
    path("", web.index, name="list"),
    path("new/", web.draft, name="draft"),
    path("validate/", web.validate, name="validate"),
    path("<uuid:policy_id>/", web.show, name="view"),
    path("<uuid:policy_id>/edit/", web.edit, name="edit"),
    path("<uuid:policy_id>/approvers/", web.approvers, name="approvers"),
    path("<uuid:policy_id>/versions/<int:number>/", web.show_version, name="version"),
    path("<uuid:policy_id>/versions/<int:number>/restore/", web.restore, name="restore"),
]
