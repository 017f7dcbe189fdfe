"""An individual: its outline, nicks and scars."""

from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.catalogue.pod.fin import SPECIES, Fin, draw_fin


def fin(species: int, seed: int) -> Fin:
    return draw_fin("00917", SPECIES[species], np.random.default_rng(seed))


def test_there_are_at_least_four_species_with_different_names() -> None:
    assert len({species.name for species in SPECIES}) == len(SPECIES) >= 4


@pytest.mark.parametrize("species", range(len(SPECIES)))
def test_an_individual_is_the_same_every_time(species: int) -> None:
    first, second = fin(species, 3), fin(species, 3)
    assert np.array_equal(first.outline, second.outline)
    assert len(first.marks) == len(second.marks)
    for one, other in zip(first.marks, second.marks, strict=True):
        assert np.array_equal(one.points, other.points)


@pytest.mark.parametrize("species", range(len(SPECIES)))
@pytest.mark.parametrize("seed", range(6))
def test_a_fin_stands_on_the_back_with_its_tip_at_height_one(species: int, seed: int) -> None:
    outline = fin(species, seed).outline
    assert outline.dtype == np.float32
    assert np.isfinite(outline).all()
    assert 0.75 < outline[:, 1].max() <= 1.0 + 1e-6
    assert outline[0, 1] < 0 and outline[-1, 1] < 0
    assert outline[0, 0] < outline[-1, 0]


@pytest.mark.parametrize("species", range(len(SPECIES)))
def test_individuals_of_a_species_have_their_own_trailing_edge(species: int) -> None:
    heights = np.linspace(0.25, 0.85, 40)
    edges = []
    for seed in range(5):
        outline = fin(species, seed).outline
        trailing = outline[int(np.argmax(outline[:, 1])) :]
        edges.append(np.interp(heights, trailing[::-1, 1], trailing[::-1, 0]))
    for i in range(5):
        for j in range(i):
            assert np.abs(edges[i] - edges[j]).max() > 0.04


@pytest.mark.parametrize("species", range(len(SPECIES)))
def test_nicks_are_deep_enough_to_be_seen(species: int) -> None:
    depths = []
    for seed in range(8):
        outline = fin(species, seed).outline
        trailing = outline[int(np.argmax(outline[:, 1])) :]
        heights = np.linspace(0.15, 0.9, 200)
        edge = np.interp(heights, trailing[::-1, 1], trailing[::-1, 0])
        smooth = np.polyval(np.polyfit(heights, edge, 3), heights)
        depths.append((smooth - edge).max())
    assert np.mean(depths) > 0.02
    assert max(depths) > 0.03


def test_rissos_dolphins_are_the_most_scarred() -> None:
    scars = {
        species.name: np.mean([len(fin(number, seed).marks) for seed in range(10)])
        for number, species in enumerate(SPECIES)
    }
    assert max(scars, key=scars.__getitem__) == "rissos_dolphin"
