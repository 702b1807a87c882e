"""The address that e-mail programs call to end an e-mail."""

from django.urls import path

from . import unsubscribe

app_name = "unsubscribe"
urlpatterns = [path("<str:token>/", unsubscribe.unsubscribe, name="unsubscribe")]
