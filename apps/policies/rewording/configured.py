"""The model that this installation's settings name."""

from importlib import import_module
from typing import cast

from django.conf import settings

from .client import ModelClient, ModelFailed


def configured_model() -> ModelClient:
    """Return the model of the settings; ModelFailed if there is none."""
    environment = settings.ENVIRONMENT
    if environment.model_url is None:
        raise ModelFailed("This installation has no model.")
    # Its libraries take seconds to load, which only the worker that asks should wait for.
    maker = import_module("apps.policies.rewording.openai").OpenAICompatible
    key = environment.model_api_key
    made = maker(
        url=str(environment.model_url),
        name=environment.model_name,
        key=key.get_secret_value() if key else "",
        seconds=environment.model_seconds,
    )
    return cast("ModelClient", made)
