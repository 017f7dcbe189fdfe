"""One photograph: true boxes, and nothing of the individual outside the animal."""

from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.catalogue.pod.drawn_animal import place_fin
from tf_happywhale.catalogue.pod.drawn_photograph import draw_photograph, draw_view, jpeg_quality
from tf_happywhale.catalogue.pod.fin import SPECIES, Fin, draw_fin

SIZE = {"width": 450, "height": 300}


def fin(species: int, seed: int) -> Fin:
    return draw_fin("00917", SPECIES[species], np.random.default_rng(seed))


def changed(seed: int, species: int) -> tuple[np.ndarray, dict]:
    """Where the animal changes the picture, [h, w] bool, and the boxes."""
    one = fin(species, seed)
    picture, boxes = draw_photograph(one, seed=[9, seed], **SIZE)
    empty, _ = draw_photograph(one, seed=[9, seed], **SIZE, with_animal=False)
    return np.abs(picture.astype(int) - empty).max(axis=-1) > 24, boxes


def test_a_photograph_is_the_same_every_time() -> None:
    first, boxes = draw_photograph(fin(0, 1), seed=[9, 1], **SIZE)
    draw_photograph(fin(0, 1), seed=[9, 2], **SIZE)
    again, same = draw_photograph(fin(0, 1), seed=[9, 1], **SIZE)
    assert first.shape == (300, 450, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again) and boxes == same


def test_without_the_animal_nothing_of_the_individual_remains() -> None:
    empty = [
        draw_photograph(fin(species, species), seed=[9, 3], **SIZE, with_animal=False)[0]
        for species in range(len(SPECIES))
    ]
    for other in empty[1:]:
        assert np.array_equal(empty[0], other)


def test_boxes_do_not_depend_on_the_individual() -> None:
    found = [
        draw_photograph(fin(species, species), seed=[9, 4], **SIZE)[1]
        for species in range(len(SPECIES))
    ]
    assert all(boxes == found[0] for boxes in found)
    assert set(found[0]) == {"backfin", "fullbody"}


@pytest.mark.parametrize("seed", range(10))
def test_the_fin_is_in_its_box(seed: int) -> None:
    where, boxes = changed(seed, seed % len(SPECIES))
    left, top, right, bottom = (int(v) for v in boxes["backfin"])
    assert not where[: max(top - 1, 0)].any()
    assert where[top:bottom, left:right].mean() > 0.08
    upper = where[top : (top + bottom) // 2]  # below, the back goes on to both sides
    assert upper[:, left:right].sum() >= 0.98 * upper.sum()


@pytest.mark.parametrize("seed", range(10))
def test_the_box_is_tight_in_one_direction_at_least(seed: int) -> None:
    view = draw_view(np.random.default_rng([9, seed, 0]), **SIZE)
    one = fin(seed % len(SPECIES), seed)
    points = one.outline[one.outline[:, 1] > 0.03]
    seen = np.c_[points, np.ones(len(points))] @ place_fin(one, view.pose).T
    seen = seen[:, :2] / seen[:, 2:]
    low, high = seen.min(axis=0), seen.max(axis=0)
    pose = view.pose
    assert low[0] >= pose.left - 0.1 and high[0] <= pose.right + 0.1 and low[1] >= pose.top - 0.1
    assert abs(low[1] - pose.top) < 0.1 or abs((high - low)[0] - (pose.right - pose.left)) < 0.1
    box = view.boxes["backfin"]
    assert pose.top - box[1] < 0.2 * (box[3] - box[1])


def test_boxes_lie_in_the_picture_and_the_fin_in_the_animal() -> None:
    for seed in range(60):
        boxes = draw_view(np.random.default_rng(seed), 900, 600).boxes
        for xmin, ymin, xmax, ymax in boxes.values():
            assert 0 <= xmin < xmax <= 900 and 0 <= ymin < ymax <= 600
        fin_box, body = boxes["backfin"], boxes["fullbody"]
        assert body[0] <= fin_box[0] and body[1] <= fin_box[1]
        assert body[2] >= fin_box[2] and body[3] >= fin_box[3]


def test_the_other_side_shows_the_fin_mirrored() -> None:
    view = draw_view(np.random.default_rng(5), 900, 600)
    one = fin(0, 1)
    tips = []
    for side in (1, -1):
        pose = type(view.pose)(**{**vars(view.pose), "side": side, "roll": 0.0, "lean": 0.0})
        matrix = place_fin(one, pose)
        front, back = (matrix @ [x, 0.0, 1.0] for x in (0.0, 1.0))
        tips.append(back[0] / back[2] - front[0] / front[2])
    assert tips[0] > 0 > tips[1]


def test_sea_and_pose_vary_between_photographs() -> None:
    views = [draw_view(np.random.default_rng(seed), 900, 600) for seed in range(80)]
    assert len({view.weather.name for view in views}) >= 5
    assert {view.pose.side for view in views} == {-1, 1}
    assert any(view.pose.rise < 0 for view in views) and any(view.pose.rise > 0 for view in views)
    qualities = {jpeg_quality([7, seed]) for seed in range(80)}
    assert min(qualities) >= 60 and max(qualities) <= 95 and len(qualities) > 10
