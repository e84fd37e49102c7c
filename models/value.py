"""The base of every value in the house."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value; unknown keys are ignored so that older code reads newer data."""

    model_config = ConfigDict(frozen=True, extra="ignore")
