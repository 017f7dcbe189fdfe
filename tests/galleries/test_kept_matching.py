"""What a gallery keeps of local matching."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.galleries.test_point_store import points
from tf_happywhale.galleries.gallery_faults import damaged_files
from tf_happywhale.galleries.gallery_folder import make_gallery
from tf_happywhale.galleries.kept_matching import bring_matching, matching_faults
from tf_happywhale.galleries.pair_store import PairStore
from tf_happywhale.galleries.point_store import PointStore, point_key
from tf_happywhale.retrieval.embeddings import Embeddings

CONTENTS = ["aa", "bb", "cc"]
KEYS = [point_key(content, "fin 1 2 30 40") for content in CONTENTS]


def gallery(folder: Path):
    return make_gallery(
        folder,
        Embeddings(
            np.ones((2, 3), np.float32),
            np.array(["a.jpg", "b.jpg"]),
            np.array(["x", "y"]),
            {"model": "m"},
            columns={"content": np.array(CONTENTS[:2]), "box": np.full(2, "fin 1 2 30 40")},
        ),
    )


def known(home: Path) -> None:
    """What was found about three animals, of which two are in the gallery."""
    store = PointStore(home / "points" / "one")
    store.add({key: points(5, n) for n, key in enumerate(KEYS)})
    pairs = [(0, 1), (0, 2), (1, 2)]
    PairStore(home / "pairs" / "two").add(
        {(KEYS[a], KEYS[b]): np.array([a, b, 0], np.float32) for a, b in pairs}
    )


def test_what_is_known_about_a_gallerys_images_is_brought_to_it(tmp_path: Path) -> None:
    known(tmp_path / "home")
    mine = gallery(tmp_path / "whales")
    for _ in range(2):
        bring_matching(tmp_path / "home", mine)
    store = PointStore(mine.folder / "points" / "one")
    assert [key in store for key in KEYS] == [True, True, False]
    pairs = PairStore(mine.folder / "pairs" / "two")
    assert len(pairs) == 1 and pairs.get(KEYS[1], KEYS[0]).tolist() == [0, 1, 0]
    assert len(store.files.files()) == len(pairs.files.files()) == 1
    assert not damaged_files(mine.folder)


def test_without_matching_nothing_is_made(tmp_path: Path) -> None:
    mine = gallery(tmp_path / "whales")
    bring_matching(tmp_path / "home", mine)
    assert not (mine.folder / "points").exists()
    assert not list(matching_faults(mine.folder))


def test_damage_is_found(tmp_path: Path) -> None:
    known(tmp_path / "home")
    mine = gallery(tmp_path / "whales")
    bring_matching(tmp_path / "home", mine)
    for kind in ("points", "pairs"):
        file = next((mine.folder / kind).rglob("*.npz"))
        whole = bytearray(file.read_bytes())
        place = whole.index(b"NUMPY") + 130  # among the numbers
        whole[place] ^= 0xFF
        file.write_bytes(whole)
        assert any(kind in sentence for sentence in damaged_files(mine.folder))
        file.write_bytes(whole[:90])
        assert any("damaged" in sentence for sentence in damaged_files(mine.folder))
        file.unlink()
        assert not damaged_files(mine.folder)
