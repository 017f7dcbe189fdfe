"""Groups of new animals, named."""

from __future__ import annotations

import numpy as np

from tf_happywhale.galleries.decided_groups import DecidedGroups
from tf_happywhale.galleries.named_groups import NamedGroups, name_groups
from tf_happywhale.retrieval.groups.grouping import join_images
from tf_happywhale.retrieval.groups.links import Links


def test_names_scores_and_what_is_near() -> None:
    similarity = np.eye(4)
    for a, b, value in ((1, 3, 0.8), (0, 2, 0.3), (0, 1, 0.1)):
        similarity[a, b] = similarity[b, a] = value
    links = Links(cannot=[("c.jpg", "a.jpg")])
    groups = join_images(["a.jpg", "b.jpg", "c.jpg", "b.jpg#2"], similarity, links).cut(0.5)
    found = name_groups(groups, DecidedGroups(), "It rests on nothing.")
    assert found.name == {"b.jpg": "new_1", "b.jpg#2": "new_1", "a.jpg": "new_2", "c.jpg": "new_3"}
    assert found.nearest["new_2"] == ["new_1"]  # c.jpg cannot be a.jpg
    assert found.said == (
        "4 pictures show animals that are probably new: 1 group of several (new_1: 2), and 2 "
        "alone.",
        "It rests on nothing.",
    )
    table = found.table()
    assert table["image"].tolist() == ["b.jpg", "b.jpg", "a.jpg", "c.jpg"]
    assert table["box_number"].tolist() == ["1", "2", "1", "1"]
    assert table["score"].tolist() == ["0.8000", "0.8000", "", ""]


def test_no_groups_are_an_empty_table() -> None:
    assert list(NamedGroups().table()) == ["image", "box_number", "group", "score"]
