"""New animals grouped by what a gallery teaches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.inference.matched.test_match_gallery import animals, matching
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.decided_groups import DecidedGroups
from tf_happywhale.inference.identify.grouped_animals import Teachers, group_animals, one_a_sighting
from tf_happywhale.inference.matched.match_gallery import match_gallery
from tf_happywhale.retrieval.embeddings import Embeddings


def embedded(seed: int, count: int, each: int, start: int = 0) -> Embeddings:
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count), each)
    rows = rng.normal(size=(count, 16))[who] + 0.3 * rng.normal(size=(len(who), 16))
    names = [f"{start + n:03d}.jpg" for n in range(len(who))]
    ids = np.array([f"id{start + n}" for n in who])
    return Embeddings(rows.astype(np.float32), np.array(names), ids)


def groups_of(name: dict[str, str]) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for image, group in name.items():
        found.setdefault(group, set()).add(image)
    return set(map(frozenset, found.values()))


def test_a_gallery_teaches_where_groups_end() -> None:
    gallery, queries = embedded(0, 8, 3), embedded(1, 4, 3, 100)
    teachers, new = Teachers(gallery, np.ones(24, bool)), np.ones(12, bool)
    found = group_animals(queries, new, teachers, DecidedGroups())
    names = queries.image.tolist()
    assert groups_of(found.name) == {frozenset(names[n : n + 3]) for n in range(0, 12, 3)}
    assert "learned from 8 known individuals" in found.said[1]
    new[:3] = False
    assert len(group_animals(queries, new, teachers, DecidedGroups()).name) == 9


def test_without_teachers_it_is_a_guess_and_says_so() -> None:
    queries = embedded(1, 12, 3, 100)
    teachers = Teachers(embedded(0, 2, 3), np.ones(6, bool))
    found = group_animals(queries, np.ones(36, bool), teachers, DecidedGroups())
    assert len(groups_of(found.name)) == 12
    assert "is a guess" in found.said[1]


def test_decisions_and_encounters_hold() -> None:
    queries = embedded(1, 2, 2, 100)
    teachers = Teachers(embedded(0, 8, 3), np.ones(24, bool))
    decided = DecidedGroups(name={"100.jpg": "Ann", "102.jpg": "Ann"}, apart={"101.jpg": "Ann"})
    found = group_animals(queries, np.ones(4, bool), teachers, decided)
    assert found.name["100.jpg"] == found.name["102.jpg"] == "Ann"
    assert found.name["101.jpg"] != "Ann"
    columns = {"together": np.array(["e", "e", "", ""])}
    together = Embeddings(queries.embedding, queries.image, queries.individual_id, columns=columns)
    with pytest.raises(InputError, match=r"101\.jpg and 100\.jpg were said to show two"):
        group_animals(together, np.ones(4, bool), teachers, decided)


def test_matched_pictures_are_grouped_where_embeddings_are_noise(tmp_path: Path, capsys) -> None:
    gallery, queries = animals(tmp_path / "g", 0, 1, 3), animals(tmp_path / "new", 11, 2, 2)
    queries.columns["date"][:] = "2026-05-01"  # photographs of one day are matched too
    compares = matching(tmp_path)
    matched = match_gallery(queries, gallery, compares)
    teachers = Teachers(gallery, matched.asked, matched, compares)
    found = group_animals(queries, np.ones(10, bool), teachers, DecidedGroups())
    names = queries.image.tolist()
    assert groups_of(found.name) == {frozenset(names[n : n + 2]) for n in range(0, 10, 2)}


def test_one_image_of_a_sighting_teaches() -> None:
    images = embedded(0, 2, 3)
    columns = {
        "encounter": np.array(["e", "e", "", "e", "", ""]),
        "date": np.array(["", "", "2020-01-01", "", "2020-01-01", "2020-01-01 10:00:00"]),
    }
    images = Embeddings(images.embedding, images.image, images.individual_id, columns=columns)
    assert one_a_sighting(images, np.arange(6)).tolist() == [0, 2, 3, 4, 5]
    assert one_a_sighting(images, np.arange(6), days=True).tolist() == [0, 2, 3, 4]
