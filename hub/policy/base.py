"""What the values of policies are made of: frozen models, names, texts in both languages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

# JupyterHub 6 accepts as a named server: at most 30 characters, lower case, digits, single hyphens.
ProjectId = Annotated[str, StringConstraints(pattern=r"^[a-z](?:-?[a-z0-9])*$", max_length=30)]
PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,31}$")]
# Names of sources, tables and columns: they become file names, SQL identifiers and labels.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Frozen(BaseModel):
    """A value read from a file: unknown keys refused, never changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Title(Frozen):
    """A name for people, in both languages."""

    en: Text
    fr: Text
