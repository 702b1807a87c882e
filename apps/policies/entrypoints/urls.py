"""Addresses of the policy pages."""

from django.urls import path

from . import (
    places,
    web,
    web_analysis,
    web_break_glass,
    web_bundles,
    web_intents,
    web_playground,
    web_rollbacks,
    web_tests,
)

app_name = "policies"
urlpatterns = [
    path("", web.index, name="list"),
    path("new/", web.draft, name="draft"),
    path("say/", web_intents.say, name="say"),
    path("export/", web_bundles.export, name="export"),
    path("break-glasses/", web_break_glass.index, name="break_glasses"),
    path("break-glasses/open/", web_break_glass.create, name="break_glass.open"),
    path("break-glasses/<uuid:glass_id>/", web_break_glass.show, name="break_glass"),
    path("break-glasses/<uuid:glass_id>/end/", web_break_glass.end, name="break_glass.end"),
    path(
        "break-glasses/<uuid:glass_id>/review/", web_break_glass.review, name="break_glass.review"
    ),
    path("playground/", web_playground.show, name="playground"),
    path("validate/", web.validate, name="validate"),
    path("effective/<uuid:scope_id>/", places.effective, name="effective"),
    path("check/<uuid:scope_id>/", places.check, name="check"),
    path("<uuid:policy_id>/", web.show, name="view"),
    path("<uuid:policy_id>/tests/", web_tests.show, name="tests"),
    path("<uuid:policy_id>/tests/keep/", web_playground.keep, name="test.keep"),
    path("tests/<uuid:test_id>/remove/", web_tests.remove, name="test.remove"),
    path("<uuid:policy_id>/edit/", web.edit, name="edit"),
    path("<uuid:policy_id>/analysis/", web_analysis.show, name="analysis"),
    path("<uuid:policy_id>/impact/", web_analysis.impact, name="impact"),
    path("<uuid:policy_id>/analyze/", web_analysis.analyze, name="analyze"),
    path("<uuid:policy_id>/approvers/", web.approvers, name="approvers"),
    path("<uuid:policy_id>/versions/<int:number>/", web.show_version, name="version"),
    path("<uuid:policy_id>/versions/<int:number>/restore/", web.restore, name="restore"),
    path(
        "<uuid:policy_id>/versions/<int:number>/roll-back/",
        web_rollbacks.roll_back,
        name="rollback",
    ),
    path("rollbacks/<uuid:rollback_id>/confirm/", web_rollbacks.confirm, name="rollback.confirm"),
    path("rollbacks/<uuid:rollback_id>/end/", web_rollbacks.end, name="rollback.end"),
]
