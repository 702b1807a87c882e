"""The bases of what is taken from callers and answered to them."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from .fields import Text, unset

REASON_LENGTH = 1000


class Resource(BaseModel):
    """A representation, read from a row's attributes."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Ref(Resource):
    """Something else, by id and name."""

    id: UUID
    name: str


class PersonRef(Ref):
    """A person, by id and name."""


class Body(BaseModel):
    """A JSON object from a caller: exact types, no members but the known ones."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Patch(Body):
    """Members to change; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Give at least one member to change.")
        return self


class Reason(Body):
    """Why, in a few words, for whoever reads the audit log later."""

    reason: Annotated[Text, StringConstraints(max_length=REASON_LENGTH)] = unset()


class Query(BaseModel):
    """The parameters of an address: each at most once, none but the known ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def optional_query(**constraints: Any) -> Any:
    """Return a parameter that does not filter when it is left out."""
    return Field(default=None, json_schema_extra=_only_given, **constraints)


def _only_given(schema: dict[str, Any]) -> None:
    # A parameter cannot be null: it is left out.
    schema.pop("default", None)
