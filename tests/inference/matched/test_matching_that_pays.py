"""Whether pictures are matched beside a model that was trained on the gallery's individuals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.inference.matched.test_match_gallery import animals
from tests.matching_stand_ins import Corners, Neighbours
from tf_happywhale.config import Experiment, Match
from tf_happywhale.inference.matched import local_matching, matching_trial
from tf_happywhale.inference.matched.match_networks import Networks
from tf_happywhale.inference.matched.matching_that_pays import (
    Matchable,
    match_if_it_pays,
    try_before_use,
)
from tf_happywhale.inference.teaching.who_teaches import WhoTeaches
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.training.resume.made_from import MadeFrom, write_made_from

DAYS = 8  # of five animals: 40 images


@dataclass(frozen=True)
class Model:
    folder: Path


@pytest.fixture(scope="module")
def sighted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Embeddings, Embeddings]:
    folder = tmp_path_factory.mktemp("sighted")
    gallery = animals(folder / "gallery", 0, 1, DAYS)
    return animals(folder / "new", 11, 2, 1), gallery


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Networks]:
    """The networks that were loaded."""
    found: list[Networks] = []

    def load(_: object) -> Networks:
        found.append(Networks(Corners(), Neighbours()))
        return found[-1]

    monkeypatch.setattr(local_matching, "load_networks", load)
    monkeypatch.setattr(matching_trial, "weights_here", lambda: True)
    return found


def honest(gallery: Embeddings) -> np.ndarray:
    """Images of five of the eight days are in the fold that the model has left out."""
    return np.arange(len(gallery)) % DAYS >= 3


def matchable(gallery: Embeddings, folder: Path, **settings: object) -> Matchable:
    """A gallery beside a model that was trained on all its individuals."""
    run = folder / "run"
    if not run.is_dir():
        run.mkdir(parents=True)
        parts = zip(gallery.image, gallery.individual_id, honest(gallery), strict=True)
        pictures = tuple((str(i), str(w), "0" if out else "1", "p") for i, w, out in parts)
        write_made_from(run, MadeFrom({}, None, "", None, 0, pictures))
    match = Match(**{"size": 128, "shortlist": 20, **settings})  # these cosines find little
    identifier = SimpleNamespace(models=(Model(run),), home=folder / "home")
    experiment = Experiment(match=match)
    return Matchable(gallery, experiment, identifier, WhoTeaches(None), None)


def known_by_heart(gallery: Embeddings, sure: bool) -> Embeddings:
    """Embeddings of a model that knows the images it was trained on, and others if it is `sure`."""
    who = np.unique(gallery.individual_id, return_inverse=True)[1]
    right = np.eye(8, dtype=np.float32)[who]
    noise = np.random.default_rng(5).normal(size=right.shape).astype(np.float32)
    mixed = np.where((honest(gallery) & (not sure))[:, None], noise, right + 0.05 * noise)
    return replace(gallery, embedding=mixed / np.linalg.norm(mixed, axis=1, keepdims=True))


def test_it_counts_where_left_out_images_are_found_better_with_it(
    sighted, made, tmp_path: Path, capsys
) -> None:
    queries, gallery = sighted
    found = match_if_it_pays(queries, matchable(known_by_heart(gallery, False), tmp_path))
    assert found is not None
    _, matched = found
    assert (matched.asked <= honest(gallery)).all() and matched.asked.sum() == 25
    scores = matched.fused.photographs(np.arange(len(queries)))
    assert gallery.individual_id[scores.argmax(axis=1)].tolist() == [f"id{n}" for n in range(5)]
    said = capsys.readouterr().out
    assert "trying whether local matching helps: 25 of the gallery's images that were left" in said
    assert "Local matching counts beside the trained model: asked about 25 of its own" in said
    assert "(95%: +0." in said and "a photograph takes about" in said


def test_only_left_out_images_say_what_a_cosine_is_worth(sighted, made, tmp_path: Path) -> None:
    """By the images it has learned, the model's cosines would be sure of everything."""
    queries, gallery = sighted
    gallery = known_by_heart(gallery, False)
    by_left_out = match_if_it_pays(queries, matchable(gallery, tmp_path))[1]
    by_all = match_if_it_pays(
        queries,
        replace(
            matchable(gallery, tmp_path / "all"), teacher=WhoTeaches(np.ones(len(gallery), bool))
        ),
    )[1]
    found = [each.fused.photographs.calibrations[0] for each in (by_left_out, by_all)]
    assert found[0].matched.weights[0] < found[1].matched.weights[0]
    assert found[0].alone.weights[0] + 0.2 < found[1].alone.weights[0]


def test_it_is_off_where_cosines_are_right_already_and_says_so(
    sighted, made, tmp_path: Path, capsys
) -> None:
    queries, gallery = sighted
    certain = matchable(known_by_heart(gallery, True), tmp_path)
    assert match_if_it_pays(queries, certain) is None
    said = capsys.readouterr().out
    assert "Matching does not pay beside the trained model" in said
    assert "mAP@5 1.000 without it" in said and "for which a photograph takes about" in said
    assert made[0].extractor.seen == len(gallery)  # no photograph was looked at
    assert match_if_it_pays(queries, certain) is None
    assert len(made) == 1  # what was found out is kept
    assert capsys.readouterr().out in said  # and said again, with its figures


def test_what_was_tried_counts_for_the_same_gallery_only(sighted, made, tmp_path: Path) -> None:
    _, gallery = sighted
    first = try_before_use(matchable(gallery, tmp_path))
    assert try_before_use(matchable(gallery, tmp_path)).matching is None and len(made) == 1
    turned = replace(gallery, embedding=gallery.embedding[::-1].copy())
    again = try_before_use(matchable(turned, tmp_path))
    assert again.name != first.name and len(made) == 2
    assert made[1].matcher.seen < made[0].matcher.seen  # pairs of both are matched once


def test_a_trial_with_an_unreadable_picture_is_made_again(
    sighted, made, tmp_path: Path, capsys
) -> None:
    """Since a disk that is not there today would say for ever that matching finds nothing."""
    _, gallery = sighted
    pictures = gallery.columns["picture"].tolist()
    encoded, lost = Path(pictures[3]).read_bytes(), tmp_path / "lost.png"
    pictures[3] = str(lost)
    gallery = replace(gallery, columns=gallery.columns | {"picture": np.array(pictures)})
    try_before_use(matchable(gallery, tmp_path))
    assert "1 of its pictures cannot be read, so this is tried again" in capsys.readouterr().out
    lost.write_bytes(encoded)
    for loaded in (2, 2):
        try_before_use(matchable(gallery, tmp_path))
        assert len(made) == loaded
    assert made[1].extractor.seen == 1  # the others are known


def test_what_a_person_sets_goes_before(sighted, made, tmp_path: Path, capsys) -> None:
    queries, gallery = sighted
    certain = known_by_heart(gallery, True)
    assert match_if_it_pays(queries, matchable(certain, tmp_path, use="never")) is None
    assert made == [] and capsys.readouterr().out == ""
    found = match_if_it_pays(queries, matchable(certain, tmp_path, use="always"))
    assert found is not None and "does not pay" not in capsys.readouterr().out
    assert (found[1].asked <= honest(gallery)).all()
    noisy = known_by_heart(gallery, False)
    short = match_if_it_pays(queries, matchable(noisy, tmp_path / "short", shortlist=7))
    assert np.diff(short[1].fused.photographs.compared.start).tolist() == [7] * 5


def test_too_few_left_out_images_are_not_tried(sighted, made, tmp_path: Path, capsys) -> None:
    queries, gallery = sighted
    matchable(gallery, tmp_path)  # writes the run folder
    few = gallery.take(np.flatnonzero(~honest(gallery) | (np.arange(len(gallery)) < 8)))
    assert match_if_it_pays(queries, matchable(few, tmp_path)) is None
    assert "only 5 of the gallery's images were left out" in capsys.readouterr().out
    trained = few.take(np.flatnonzero(~honest(gallery)[:8]))
    assert match_if_it_pays(queries, matchable(trained, tmp_path)) is None
    assert "none of its images was left out" in capsys.readouterr().out
    assert made == []


def test_networks_that_are_not_here_are_not_fetched_for_a_trial(
    sighted, made, tmp_path: Path, monkeypatch, capsys
) -> None:
    queries, gallery = sighted
    monkeypatch.setattr(matching_trial, "weights_here", lambda: False)
    assert match_if_it_pays(queries, matchable(gallery, tmp_path)) is None
    assert "not installed: `pip install" in capsys.readouterr().out and made == []
