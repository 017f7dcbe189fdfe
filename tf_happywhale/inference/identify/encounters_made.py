"""Encounters of the photographs to identify, made from time and place and shown to the person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.photographs.photos import TIME
from tf_happywhale.catalogue.tables.dates_of_images import day_of
from tf_happywhale.config.identify import Identify
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.encounter_split import TOGETHER
from tf_happywhale.sightings.encounter_table import encounter_lines, write_encounters
from tf_happywhale.sightings.encounters import Moment, encounters_from_time


def with_made_encounters(queries: Embeddings, settings: Identify, output: Path) -> Embeddings:
    """Return the animals with their encounters, if these are made from time and place. The
    encounters are printed and written to `encounters.csv`.

    Nobody is ranked together by them: a meeting may be with several animals. A person who knows
    that an encounter shows one animal says so by giving the table back.

    Args:
        queries: with the columns date, time, latitude, longitude, place and camera.
        settings: the config's section.
        output: the folder of the table.
    """
    if settings.encounters != TIME:
        return queries
    images = [photograph_of(key) for key in queries.image.tolist()]
    moments = dict(zip(images, moments_of(queries), strict=True))
    gap, distance = settings.encounter_gap, settings.encounter_distance
    encounters = encounters_from_time(moments.values(), gap, distance)
    file = write_encounters(output, encounters)
    print("\n".join(encounter_lines(encounters, len(moments))))
    print(
        f"{file} lists them; each photograph is ranked by itself, since a meeting may be with "
        "several animals. Where all photographs of an encounter show one animal, rank them "
        f"together: change the table where it is wrong, and set identify.encounters={file}"
    )
    of = {one.image: e.name for e in encounters for one in e.moments}
    names = np.array([of.get(image, "") for image in images], np.str_)
    alone = {"encounter": names, TOGETHER: np.full(len(images), "")}
    return replace(queries, columns=queries.columns | alone)


def moments_of(queries: Embeddings) -> list[Moment]:
    """Return when and where each animal's photograph was taken."""
    images = [photograph_of(key) for key in queries.image.tolist()]
    names = ("date", "time", "latitude", "longitude", "place", "camera")
    found = []
    for image, date, time, *rest in zip(
        images, *(queries.column(name).tolist() for name in names), strict=True
    ):
        clock = time or date.partition(" ")[2]
        found.append(Moment(image, day_of(date), clock, *rest))
    return found
