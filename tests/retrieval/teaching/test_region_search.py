from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.teaching.region_search import Found, search_region

GRID, CHANNELS = 6, 12
EVERYWHERE = (slice(None), slice(None))
CORNER = (slice(3, 6), slice(2, 5))


def pictures(
    of: list[str], where: tuple[slice, slice], strength: float = 1.0, seed: int = 0
) -> np.ndarray:
    """Features of random pictures; in some cells those with the same text are alike."""
    rng = np.random.default_rng(seed)
    cells = rng.random((GRID, GRID, len(of), CHANNELS), np.float32)
    names, own = np.unique(of, return_inverse=True)
    cells[where] += strength * rng.random((len(names), CHANNELS), np.float32)[own]
    return cells


def ids(count: int, each: int) -> np.ndarray:
    return np.repeat([f"animal{n}" for n in range(count)], each)


def search(cells: np.ndarray, who: np.ndarray, bursts: np.ndarray | None = None) -> Found:
    alone = np.array([str(n) for n in range(len(who))])
    return search_region(cells, who, alone if bursts is None else bursts)


def test_the_part_that_tells_animals_apart_is_found() -> None:
    who = ids(40, 3)
    found = search(pictures(list(who), CORNER, 0.4), who)
    assert found and 0 < found.low <= found.gain <= found.high
    xmin, ymin, xmax, ymax = found.best
    assert xmin <= 2.5 / 6 and xmax >= 4.5 / 6 and ymin <= 3.5 / 6 and ymax >= 5.5 / 6
    assert (xmax - xmin) * (ymax - ymin) < 0.5 and found.precision > found.whole
    assert found.region == pytest.approx(
        (max(xmin - 1 / 6, 0), max(ymin - 1 / 6, 0), min(xmax + 1 / 6, 1), min(ymax + 1 / 6, 1))
    )
    assert found.images == 120


@pytest.mark.parametrize("strength", [0.0, 0.15])
@pytest.mark.parametrize("seed", range(3))
def test_no_part_is_found_where_none_tells_more_than_the_whole(strength: float, seed: int) -> None:
    who = ids(40, 3)
    found = search(pictures(list(who), EVERYWHERE, strength, seed), who)
    assert not found and found.low <= 0


def test_images_that_were_taken_together_do_not_answer_for_each_other() -> None:
    """In the corner only pictures of one burst are alike, such as by their light."""
    who, bursts = ids(40, 4), np.array([f"burst{n // 2}" for n in range(160)])
    cells = pictures(list(bursts), CORNER, 0.8)
    assert search(cells, who).precision > 0.9
    assert search(cells, who, bursts).precision < 0.2


def test_empty_pictures_find_nothing() -> None:
    found = search(np.zeros((GRID, GRID, 12, CHANNELS), np.float32), ids(6, 2))
    assert not found and found.gain == 0
