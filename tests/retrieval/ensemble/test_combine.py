from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.combine import rank_by_ensemble
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings, make_ensemble

IMAGES = [f"g{n}" for n in range(80)]
IDS = [f"{n:02d}" for n in np.random.default_rng(0).integers(0, 25, 80)]
ASKED = [f"q{n}" for n in range(12)]


def side(images: list[str], ids: list[str], seed: int, members: int = 2) -> EnsembleEmbeddings:
    rng = np.random.default_rng(seed)

    def embed(view: str = "original") -> Embeddings:
        rows = rng.normal(size=(len(images), 6)).astype(np.float32)
        turned = rng.permutation(len(images))  # every member has its own order
        about = {"view": view}
        made = Embeddings(rows, np.array(images), np.array(ids), about).take(turned)
        centre = rng.normal(size=(25, 6)).astype(np.float32)
        return replace(made, centre=centre, centre_id=np.array([f"{n:02d}" for n in range(25)]))

    originals = [embed() for _ in range(members)]
    return make_ensemble(originals, images, [embed("mirrored") for _ in range(members)])


GALLERY, QUERIES = side(IMAGES, IDS, 1), side(ASKED, [""] * 12, 2)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def rows(of: EnsembleEmbeddings, member: int, mirrored: bool = False) -> np.ndarray:
    members = of.mirrored if mirrored else of.members
    places = of.mirrored_rows if mirrored else of.rows
    return unit(members[member].embedding[places[member]].astype(float))


def cosines(member: int, ask_mirrored: bool = False, know_mirrored: bool = False) -> np.ndarray:
    return rows(QUERIES, member, ask_mirrored) @ rows(GALLERY, member, know_mirrored).T


def by_individual(score: np.ndarray) -> np.ndarray:
    names = np.unique(IDS)
    return np.stack([score[:, np.array(IDS) == name].max(axis=1) for name in names], axis=1)


def expect(best: np.ndarray, shares: list[float] | None = None, **settings) -> None:
    """rank_by_ensemble finds the five best of a table of scores [queries, individuals]."""
    found = rank_by_ensemble(QUERIES, GALLERY, IDS, 5, shares or [1.0, 1.0], Rank(**settings))
    order = np.argsort(-best, axis=1)[:, :5]
    assert (found.individual_id == np.unique(IDS)[order]).all()
    np.testing.assert_allclose(found.score, np.take_along_axis(best, order, axis=1), atol=1e-6)
    assert (np.array(IDS)[found.reference] == found.individual_id).all()


def test_joined_members_agree_on_an_image() -> None:
    expect(by_individual(0.75 * cosines(0) + 0.25 * cosines(1)), [3.0, 1.0])


def test_averaged_members_each_take_their_own_image() -> None:
    best = 0.75 * by_individual(cosines(0)) + 0.25 * by_individual(cosines(1))
    expect(best, [3.0, 1.0], ensemble="average")


def test_mirrored_pictures_joined_to_the_originals() -> None:
    both = [(cosines(n) + cosines(n, True, True)) / 2 for n in (0, 1)]
    expect(by_individual((both[0] + both[1]) / 2), mirrored="joined")


def test_mirrored_pictures_as_further_images_of_both_sides() -> None:
    views = [
        (cosines(0, ask, know) + cosines(1, ask, know)) / 2
        for ask in (False, True)
        for know in (False, True)
    ]
    expect(by_individual(np.max(views, axis=0)), mirrored="images")


@pytest.mark.parametrize("ensemble", ["join", "average"])
def test_centres_blended_in(ensemble: str) -> None:
    place = np.array([int(identity) for identity in IDS])
    mixed = []
    for n in (0, 1):
        logits = rows(QUERIES, n) @ unit(GALLERY.members[n].centre.astype(float)).T
        mixed.append(0.5 * cosines(n) + 0.5 * logits[:, place])
    if ensemble == "join":
        expect(by_individual((mixed[0] + mixed[1]) / 2), centre_share=0.5)
    else:
        best = (by_individual(mixed[0]) + by_individual(mixed[1])) / 2
        expect(best, centre_share=0.5, ensemble="average")


def test_a_centre_faces_both_views() -> None:
    place = np.array([int(identity) for identity in IDS])
    mixed = []
    for n in (0, 1):
        centre = unit(GALLERY.members[n].centre.astype(float))[place]
        near = (cosines(n) + cosines(n, True, True)) / 2
        logits = (rows(QUERIES, n) + rows(QUERIES, n, True)) @ centre.T / 2
        mixed.append(0.7 * near + 0.3 * logits)
    expect(by_individual((mixed[0] + mixed[1]) / 2), centre_share=0.3, mirrored="joined")


def test_an_individual_without_a_centre_is_named() -> None:
    few = [
        replace(member, centre=member.centre[:3], centre_id=member.centre_id[:3])
        for member in GALLERY.members
    ]
    with pytest.raises(InputError, match=r"has no centre for .*centre_share=0"):
        rank_by_ensemble(
            QUERIES, replace(GALLERY, members=tuple(few)), IDS, 5, [1.0, 1.0],
            Rank(centre_share=0.5),
        )  # fmt: skip
