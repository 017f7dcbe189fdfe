"""Encounters made from time and place: photographs that follow one another closely.

Such an encounter is a meeting with animals, perhaps with several. So its photographs are not ranked
together; only a person can say that they show one animal.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tf_happywhale.catalogue.photographs.when_and_where import metres


@dataclass(frozen=True)
class Moment:
    """When and where a photograph was taken; empty where it is not known.

    Attributes:
        image: the photograph's name.
        date: ISO day.
        time: `10:22`, `10:22:59` or `10:22:59+02:00`.
        latitude, longitude: decimal degrees as text.
        place: its name.
        camera: which camera; the clocks of two cameras may differ.
    """

    image: str
    date: str = ""
    time: str = ""
    latitude: str = ""
    longitude: str = ""
    place: str = ""
    camera: str = ""

    @property
    def local(self) -> datetime.datetime | None:
        """When it was taken by the camera's clock; None if day or time of day is not known."""
        if not (self.date and self.time):
            return None
        moment = datetime.datetime.fromisoformat(f"{self.date} {self.time}")
        return moment.replace(tzinfo=None)

    @property
    def universal(self) -> datetime.datetime | None:
        """The same in UTC; None without an offset."""
        if not (self.date and self.time):
            return None
        moment = datetime.datetime.fromisoformat(f"{self.date} {self.time}")
        return None if moment.tzinfo is None else moment.astimezone(datetime.UTC)

    @property
    def where(self) -> tuple[str, str] | None:
        """Latitude and longitude; None if they are not known."""
        return (self.latitude, self.longitude) if self.latitude and self.longitude else None


@dataclass(frozen=True)
class Encounter:
    """Photographs that follow one another closely in time and place, in the order of their times.

    Attributes:
        name: when it began: `2021-04-03 10:22:59`, with a number behind it if another one began in
            the same second.
        moments: its photographs.
    """

    name: str
    moments: tuple[Moment, ...]

    @property
    def places(self) -> list[tuple[str, str]]:
        """Where its photographs were taken, as far as it is known."""
        return [moment.where for moment in self.moments if moment.where]

    @property
    def across(self) -> float | None:
        """The largest distance between two of its photographs in metres; None if fewer than two say
        where they were taken."""
        places = sorted(set(self.places))
        if len(self.places) < 2:
            return None
        pairs = ((one, two) for n, one in enumerate(places) for two in places[n + 1 :])
        return max((metres(*pair) for pair in pairs), default=0.0)


def encounters_from_time(moments: Iterable[Moment], gap: float, distance: float) -> list[Encounter]:
    """Return the encounters of photographs, in the order in which they began.

    A photograph belongs to the encounter of the one before it by the same camera if not more than
    `gap` minutes lie between them, and not more than `distance` metres between it and the last one
    of the encounter that says where it was taken. Photographs with different names of their places
    are never in one encounter. One without a day or a time of day is in none.

    Args:
        moments: of the photographs, in any order.
        gap: minutes.
        distance: metres.
    """
    of: dict[tuple[str, str], list[Moment]] = {}
    for moment in moments:
        if moment.local is not None:
            of.setdefault((moment.camera, moment.place.strip().casefold()), []).append(moment)
    groups = [group for own in of.values() for group in _groups(own, gap, distance)]
    groups.sort(key=lambda group: (group[0].local, group[0].camera, group[0].image))
    names: dict[str, int] = {}
    found = []
    for group in groups:
        name = str(group[0].local)
        names[name] = names.get(name, 0) + 1
        found.append(Encounter(name + f" ({names[name]})" * (names[name] > 1), tuple(group)))
    return found


def _groups(moments: Sequence[Moment], gap: float, distance: float) -> list[list[Moment]]:
    """Return the photographs of one camera in the groups that follow one another closely."""
    universal = all(moment.universal is not None for moment in moments)

    def when(moment: Moment) -> datetime.datetime:
        return moment.universal if universal else moment.local

    groups: list[list[Moment]] = []
    here: tuple[str, str] | None = None
    for moment in sorted(moments, key=lambda one: (when(one), one.image)):
        near = not (here and moment.where) or metres(here, moment.where) <= distance
        soon = groups and (when(moment) - when(groups[-1][-1])).total_seconds() <= gap * 60
        if soon and near:
            groups[-1].append(moment)
            here = moment.where or here
        else:
            groups.append([moment])
            here = moment.where
    return groups
