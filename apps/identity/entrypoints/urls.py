"""Addresses of sign-in and sign-out."""

from django.urls import path

from . import oidc, web

app_name = "identity"
urlpatterns = [
    path("sign-in/", web.sign_in, name="sign-in"),
    path("sign-in/<slug:provider>/", oidc.start, name="start"),
    path("sign-in/<slug:provider>/callback/", oidc.callback, name="callback"),
    path("sign-out/", web.sign_out, name="sign-out"),
    path(
        "sign-out/<slug:provider>/backchannel/", oidc.backchannel_logout, name="backchannel-logout"
    ),
]
