"""A story as it travels: from the model to the events, the artifact and the pictures."""

from pydantic import BaseModel, ConfigDict, Field


class Page(BaseModel):
    """One page: what it says, and what its picture shows."""

    model_config = ConfigDict(frozen=True)

    number: int = Field(ge=1, description="Position in the book, from 1.")
    text: str = Field(min_length=1, description="The page's text; ends at a sentence.")
    illustration: str = Field(min_length=1, description="The prompt its picture is drawn from.")


class Story(BaseModel):
    """A title and its pages, in order."""

    model_config = ConfigDict(frozen=True)

    title: str = Field(min_length=1)
    pages: tuple[Page, ...] = Field(min_length=1)
