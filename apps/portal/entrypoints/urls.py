"""Addresses of the shell: home, palette, settings, health."""

from django.urls import path

from . import governance, health, notifications, settings, tokens, web, web_companies, webhooks

app_name = "portal"
urlpatterns = [
    path("", web.home, name="home"),
    path("palette/", web.palette, name="palette"),
    path("settings/", settings.account, name="account"),
    path("settings/notifications/", notifications.notifications, name="notifications"),
    path("settings/tokens/", tokens.index, name="tokens"),
    path("settings/tokens/new/", tokens.create, name="token.create"),
    path("settings/tokens/<uuid:token_id>/rotate/", tokens.rotate, name="token.rotate"),
    path("settings/tokens/<uuid:token_id>/revoke/", tokens.revoke, name="token.revoke"),
    path("settings/sessions/", tokens.sessions, name="sessions"),
    path("settings/sessions/<slug:session_id>/end/", tokens.end_session, name="session.end"),
    path("settings/company/", settings.company, name="company.configure"),
    path("settings/governance/", governance.index, name="governance"),
    path(
        "settings/governance/<uuid:scope_id>/<slug:what>/",
        governance.propose,
        name="governance.propose",
    ),
    path("settings/companies/", web_companies.index, name="companies"),
    path("settings/companies/new/", web_companies.create, name="tenant.create"),
    path("settings/companies/<slug:slug>/enter/", web_companies.enter, name="tenant.enter"),
    path("settings/companies/<slug:slug>/leave/", web_companies.leave, name="tenant.leave"),
    path("settings/webhooks/", webhooks.index, name="webhooks"),
    path("settings/webhooks/new/", webhooks.create, name="webhook.create"),
    path("settings/webhooks/<uuid:webhook_id>/", webhooks.show, name="webhook"),
    path("settings/webhooks/<uuid:webhook_id>/change/", webhooks.update, name="webhook.update"),
    path(
        "settings/webhooks/<uuid:webhook_id>/secret/",
        webhooks.rotate,
        name="webhook.rotate_secret",
    ),
    path("settings/webhooks/<uuid:webhook_id>/test/", webhooks.test, name="webhook.test"),
    path("settings/webhooks/<uuid:webhook_id>/delete/", webhooks.delete, name="webhook.delete"),
    path(
        "settings/webhooks/messages/<uuid:message_id>/replay/",
        webhooks.replay,
        name="webhook.replay",
    ),
    path("settings/about/", settings.about, name="about"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
