from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.inference.matched.test_local_matching import SETTINGS, draw, embedded, networks
from tf_happywhale.errors import InputError
from tf_happywhale.inference.matched.crop_points import crops_of
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.review import matched_pairs
from tf_happywhale.review.matched_pairs import common_of


@pytest.fixture
def pictures(tmp_path: Path):
    """Two known animals, the first of them again 9 pixels further right, and a picture that is no
    more what it was."""
    known = embedded(tmp_path / "known", {"a.png": draw(0), "b.png": draw(1)})
    again = embedded(tmp_path / "new", {"a.png": draw(0, shift=9), "lost.png": draw(2)})
    (tmp_path / "new" / "lost.png").write_bytes(b"something else")
    return again, known


def test_two_pictures_of_one_animal_have_most_in_common(pictures, tmp_path: Path) -> None:
    matching = LocalMatching(SETTINGS, [tmp_path / "home"], networks())
    common = common_of(matching, *pictures)
    pairs = [("a.png", "a.png"), ("a.png", "b.png"), ("lost.png", "a.png")]
    words = common.words(pairs)
    assert list(words) == pairs[:2]  # nothing is known of the lost one
    fit = int(words[pairs[0]].split(" matching points, ")[1].split()[0].replace("all", "99"))
    assert "of them fit together" in words[pairs[0]] and fit > 20
    assert matching.networks.matcher.seen == 2
    common.words(pairs)
    assert matching.networks.matcher.seen == 2


def test_what_was_shown_is_not_matched_again(pictures, tmp_path: Path) -> None:
    """The same words and the same picture, and no pair is matched; another picture, box, setting or
    network is."""
    again, known = pictures
    pairs = [("a.png", "a.png"), ("a.png", "b.png")]

    def shown(images=again, settings=SETTINGS, network: str = "test") -> tuple[int, list]:
        made = networks()
        made.matcher.about = made.matcher.about | {"matcher": network}
        common = common_of(LocalMatching(settings, [tmp_path / "home"], made), images, known)
        words = common.words(pairs)
        return made.matcher.seen, [(words[p], common.picture(p).tobytes()) for p in pairs]

    first = shown()
    assert first[0] == 2
    assert shown() == (0, first[1])
    columns = {**again.columns, "box": np.array(["whole 5 5 190 110", ""])}
    assert shown(replace(again, columns=columns))[0] == 2
    assert shown(settings=SETTINGS.model_copy(update={"size": 96}))[0] == 2
    assert shown(network="other")[0] == 2
    assert shown() == (0, first[1])
    other = embedded(tmp_path / "new", {"a.png": draw(0, shift=5)})
    assert shown(other)[0] == 2


def test_what_a_stopped_run_has_matched_is_kept(pictures, tmp_path: Path, monkeypatch) -> None:
    """One of two pairs is matched before it is stopped."""
    again, known = pictures
    pairs = [("a.png", "a.png"), ("a.png", "b.png")]
    monkeypatch.setattr(matched_pairs, "KEEP_AFTER", -1.0)
    matching = LocalMatching(SETTINGS, [tmp_path / "home"], networks())

    def stopped(some, label):
        yield from islice(LocalMatching.matched(matching, some, label), 1)
        raise KeyboardInterrupt

    monkeypatch.setattr(matching, "matched", stopped)
    with pytest.raises(KeyboardInterrupt):
        common_of(matching, again, known).words(pairs)
    going_on = LocalMatching(SETTINGS, [tmp_path / "home"], networks())
    assert len(common_of(going_on, again, known).words(pairs)) == 2
    assert going_on.networks.matcher.seen == 1


def test_lines_end_where_the_marks_are_in_either_order_of_keys(tmp_path: Path, monkeypatch) -> None:
    """The known picture shows the same marks 18 pixels of 200 further left."""
    orders, drawn = set(), []
    monkeypatch.setattr(matched_pairs, "correspondence_pair", lambda *given: drawn.append(given))
    for seed in range(6):
        home = tmp_path / str(seed)
        asked = embedded(home / "q", {"q.png": draw(seed, shift=18)})
        known = embedded(home / "r", {"r.png": draw(seed)})
        matching = LocalMatching(SETTINGS, [home], networks())
        common, pair = common_of(matching, asked, known), ("q.png", "r.png")
        common.words([pair])
        common.picture(pair)
        first, second, found = drawn.pop()
        crops = [crops_of(images)[0] for images in (asked, known)]
        orders.add(crops[0].key < crops[1].key)
        for crop, given in zip(crops, (first, second), strict=True):
            assert (crop.read(SETTINGS) == given).all()
        moved = (found.first - found.second)[found.fit]
        assert len(moved) > 20
        np.testing.assert_allclose(np.median(moved, axis=0), [18 / 200, 0], atol=0.01)
    assert orders == {True, False}


def test_a_picture_that_has_changed_meanwhile_is_not_drawn(pictures, tmp_path: Path) -> None:
    common = common_of(LocalMatching(SETTINGS, [tmp_path / "home"], networks()), *pictures)
    pair = ("a.png", "b.png")
    common.words([pair])
    cv2.imwrite(str(tmp_path / "known" / "b.png"), draw(5))
    with pytest.raises(InputError, match="has changed"):
        common.picture(pair)


def test_the_gallerys_own_pairs_say_how_rare_so_many_matches_are(
    pictures, tmp_path: Path, monkeypatch
) -> None:
    """Ann and Bob have one picture each; of their pairs, and of others, the number that fits is
    known. Only pairs of different animals count."""
    again, known = pictures
    known = replace(known, individual_id=np.array(["ann", "bob"]))
    matching = LocalMatching(SETTINGS, [tmp_path / "home"], networks())
    pair = ("a.png", "a.png")
    alone = common_of(matching, again, known)
    words = alone.words([pair])[pair]
    fit = int(re.search(r"(\d+|all) of them", words)[1].replace("all", words.split()[0]))
    assert "%" not in words + alone.reading
    monkeypatch.setattr(matched_pairs, "ENOUGH", 4)
    ann, bob = (crop.key for crop in crops_of(known))
    for kept, expected in (
        ([(bob, ann, n) for n in (fit - 1, fit, 3, 0)], "as many in 25% of pairs"),
        ([(bob, ann, n) for n in (1, 2, 3, fit - 1)], "as many in less than 1% of pairs"),
        ([(bob, ann, fit)] * 3 + [(ann, ann, fit), ("other", bob, fit)], ""),
    ):
        features = [((one, other), np.float32([0, 0, n])) for one, other, n in kept]
        monkeypatch.setattr(matching, "known_pairs", lambda features=features: iter(features))
        common = common_of(matching, again, known)
        said = common.words([pair])[pair]
        assert said.startswith(words) and expected in said
        assert ("%" in said) == ("percentage" in common.reading) == bool(expected)
