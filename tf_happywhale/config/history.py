"""The section `history` of the config: capture histories from a gallery."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tf_happywhale.config.section import Positive, Section

Month = Annotated[int, Field(ge=1, le=12)]
Values = tuple[str, ...]


class History(Section):
    """What `history` makes of a gallery: which occasions a capture history has, which sightings
    count, and who was seen together."""

    by: Literal["day", "month", "season", "intervals"] = Field(
        "month",
        description="what an occasion is: a day, month or season in which anything was "
        "photographed, or an interval of history.intervals",
    )
    seasons: dict[str, tuple[Month, ...]] | None = Field(
        None,
        description="the months of each season in their order, such as {summer: [6, 7, 8], "
        "winter: [12, 1, 2]}; months of none do not count; null: quarters, Dec-Feb, Mar-May, "
        "Jun-Aug and Sep-Nov",
    )
    intervals: str | None = Field(
        None,
        description="table of occasions, name,from,to with days such as 2021-04-03, both in the "
        "interval, and session if there are several; for history.by=intervals",
    )
    session: Literal["all", "year", "season"] = Field(
        "all",
        description="which occasions are one session, in which the population is taken as closed: "
        "all, those of a year, or those of a season; a session has its own estimate",
    )
    species: Values = Field((), description="species that count, such as [humpback]; []: any")
    quality: Values = Field(
        (), description="values of the column quality that count, such as [Q1, Q2]; []: any"
    )
    distinctiveness: Values = Field(
        (), description="values of the column distinctiveness that count; []: any"
    )
    viewpoint: Values = Field(
        (), description="sides of the animal that count, such as [left]; []: any"
    )
    group: Literal["encounter", "day_place", "day"] | None = Field(
        None,
        description="which individuals were seen together: those of one encounter, of one day and "
        "place, or of one day; null: of one encounter, or of day and place if no encounter has "
        "several individuals",
    )
    looked: Positive = Field(
        5,
        description="candidates that a person looked at for each photograph; the gallery says what "
        "is missed so",
    )
    missed: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="share of the matches that are missed, if you know it from a trial of your "
        "own; null: what the gallery's images say",
    )

    @model_validator(mode="after")
    def _intervals_are_there(self) -> History:
        if (self.by == "intervals") != (self.intervals is not None):
            raise ValueError(
                f"history.by is {self.by} and history.intervals {self.intervals or 'null'}: set "
                "history.by=intervals and history.intervals=TABLE, or neither"
            )
        return self

    @model_validator(mode="after")
    def _sessions_are_in_the_table(self) -> History:
        if self.by == "intervals" and self.session != "all":
            raise ValueError(
                f"history.session is {self.session}, but sessions of given intervals stand in the "
                "column session of their table: leave out history.session"
            )
        if self.by == "season" and self.session == "season":
            raise ValueError(
                "history.by and history.session are both season, so each session has one occasion, "
                "which says nothing about abundance: set history.by=month or day"
            )
        return self

    @model_validator(mode="after")
    def _months_follow_one_another(self) -> History:
        taken: set[int] = set()
        for name, months in (self.seasons or {}).items():
            following = all((b - a) % 12 == 1 for a, b in pairwise(months))
            if not months or not following:
                raise ValueError(
                    f"history.seasons has {name}: {list(months)}: name months that follow one "
                    "another, such as [12, 1, 2]"
                )
            if taken & set(months):
                raise ValueError(f"history.seasons has a month twice, in {name}: a month is in one")
            taken |= set(months)
        return self
