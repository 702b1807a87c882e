"""Addresses of the organization's pages; what changes something is named after its operation."""

from django.urls import path

from .web import access, agents, people, scopes, tree

app_name = "orgs"
urlpatterns = [
    path("", tree.tree, name="tree"),
    path("branch/<uuid:scope_id>/", tree.branch, name="branch"),
    path("new/", scopes.create_organization, name="org.init"),
    path("scopes/<uuid:scope_id>/", scopes.show, name="scope"),
    path("scopes/<uuid:scope_id>/teams/new/", scopes.create_team, name="team.create"),
    path("scopes/<uuid:scope_id>/projects/new/", scopes.create_project, name="project.init"),
    path("scopes/<uuid:scope_id>/edit/", scopes.update, name="scope.update"),
    path("scopes/<uuid:scope_id>/archive/", scopes.archive, name="scope.archive"),
    path("scopes/<uuid:scope_id>/restore/", scopes.restore, name="scope.restore"),
    path("scopes/<uuid:scope_id>/members/new/", access.add_member, name="member.add"),
    path("scopes/<uuid:scope_id>/roles/new/", access.grant_role, name="role.grant"),
    path("scopes/<uuid:scope_id>/shares/new/", access.share, name="scope.share"),
    path("scopes/<uuid:scope_id>/shares/<uuid:user_id>/end/", access.unshare, name="scope.unshare"),
    path("scopes/<uuid:scope_id>/<slug:section>/", scopes.show, name="section"),
    path("members/<uuid:membership_id>/remove/", access.remove_member, name="member.remove"),
    path("roles/<uuid:grant_id>/revoke/", access.revoke_role, name="role.revoke"),
    path("people/", people.index, name="people"),
    path("people/new/", people.register, name="user.register"),
    path("people/<uuid:user_id>/", people.show, name="person"),
    path("people/<uuid:user_id>/edit/", people.update, name="user.update"),
    path("people/<uuid:user_id>/deactivate/", people.deactivate, name="user.deactivate"),
    path("people/<uuid:user_id>/reactivate/", people.reactivate, name="user.reactivate"),
    path("agents/", agents.index, name="agents"),
    path("agents/new/", agents.register, name="agent.register"),
    path("agents/<uuid:agent_id>/", agents.show, name="agent"),
    path("agents/<uuid:agent_id>/delegate/", agents.delegate, name="agent.delegate"),
    path("agents/<uuid:agent_id>/revoke/", agents.revoke, name="agent.revoke"),
]
