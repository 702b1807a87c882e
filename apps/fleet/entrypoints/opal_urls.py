"""Addresses that stock OPAL clients ask, relative to their OPAL_SERVER_URL."""

from django.urls import path

from . import opal

app_name = "opal"
urlpatterns = [
    path("policy", opal.policy, name="policy"),
    path("data/config", opal.data_config, name="data_config"),
    path("data/entities", opal.entities, name="entities"),
    path("data/callback_report", opal.callback_report, name="callback_report"),
    path("scopes/<str:scope>/policy", opal.policy, name="scope_policy"),
    path("scopes/<str:scope>/data", opal.data_config, name="scope_data"),
    path("loadlimit", opal.loadlimit, name="loadlimit"),
]
