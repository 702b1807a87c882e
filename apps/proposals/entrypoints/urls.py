"""Addresses of the proposal pages."""

from django.urls import path

from . import decide, impact, replay, shadow, web, web_imports, web_triage

app_name = "proposals"
urlpatterns = [
    path("", web.index, name="list"),
    path("bulk/", web_triage.decide, name="bulk"),
    path("import/", web_imports.show, name="import"),
    path("about/<uuid:policy_id>/", web.about, name="about"),
    path("about/<uuid:policy_id>/new/", web.propose, name="propose"),
    path("about/<uuid:policy_id>/back/<int:number>/", web.go_back, name="go_back"),
    path("<uuid:proposal_id>/", web.show, name="view"),
    path("<uuid:proposal_id>/approvers/", web.approvers, name="approvers"),
    path("<uuid:proposal_id>/impact/", impact.show, name="impact"),
    path("<uuid:proposal_id>/replay/", replay.start, name="start_replay"),
    path("replays/<uuid:replay_id>/", replay.show, name="replay"),
    path("replays/<uuid:replay_id>/cancel/", replay.cancel, name="cancel_replay"),
    path("<uuid:proposal_id>/shadow/", shadow.start, name="start_shadow"),
    path("shadows/<uuid:shadow_id>/", shadow.show, name="shadow"),
    path("shadows/<uuid:shadow_id>/stop/", shadow.stop, name="stop_shadow"),
    path("<uuid:proposal_id>/decide/<slug:verb>/", decide.confirm, name="confirm"),
    path("<uuid:proposal_id>/approve/", web.approve, name="approve"),
    path("<uuid:proposal_id>/reject/", web.reject, name="reject"),
    path("<uuid:proposal_id>/accept-conflicts/", web.accept, name="accept_conflicts"),
    path("<uuid:proposal_id>/nudge/", web.nudge, name="nudge"),
    path("<uuid:proposal_id>/withdraw/", web.withdraw, name="withdraw"),
    path("<uuid:proposal_id>/revise/", web.revise, name="revise"),
    path("<uuid:proposal_id>/comment/", web.comment, name="comment"),
]
