"""Photographs grouped where nobody is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.inference.identify.test_grouped_animals import groups_of
from tests.inference.matched.test_match_gallery import animals, matching
from tf_happywhale.config import load_experiment
from tf_happywhale.galleries.decided_groups import DecidedGroups
from tf_happywhale.inference.identify import from_nothing
from tf_happywhale.inference.which_model.named_places import read_places


def test_every_animal_is_new_and_the_pictures_of_one_are_a_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = animals(tmp_path / "new", 11, 2, 3)
    queries = replace(queries, individual_id=np.full(len(queries), ""))
    monkeypatch.setattr(from_nothing, "load_matching", lambda *_: matching(tmp_path))
    model = SimpleNamespace(taught=False, folder=tmp_path / "no_run")
    identifier = SimpleNamespace(models=(model,), home=tmp_path, learned=None)
    experiment = load_experiment(None, [])
    found = from_nothing.group_everything(queries, experiment, identifier, DecidedGroups())
    table = found.ranking.table(5)
    assert set(table["individual_id"]) == {"new_individual"}
    assert table["p_new"].tolist() == [1.0] * len(queries)
    names = queries.image.tolist()
    assert groups_of(found.groups.name) == {frozenset(names[n : n + 3]) for n in range(0, 15, 3)}
    assert found.queries.about["gallery"] == "none"
    off = load_experiment(None, ["identify.groups=none"])
    assert not from_nothing.group_everything(queries, off, identifier, DecidedGroups()).groups.name


def test_the_word_none_stands_for_no_gallery(tmp_path: Path) -> None:
    named = read_places(["none", "photos"], "[MODEL] GALLERY PHOTO...")
    assert (named.model, str(named.gallery), named.rest) == (None, "none", ("photos",))
    assert from_nothing.is_nothing(named.gallery)
