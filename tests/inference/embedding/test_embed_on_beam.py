"""Shards embedded one by one are what one machine embeds; without Beam, in this process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.config import Embed, Experiment, load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.inference.embedding import embed_on_beam as beam
from tf_happywhale.inference.embedding.embedded_records import embed_shards
from tf_happywhale.records.manifest import read_manifest

ABOUT = {"model": "content", "view": "original"}


@dataclass(frozen=True)
class Toy:
    """A model whose embedding is the mean colour, and that of the left half."""

    folder: Path
    experiment: Experiment
    embed: Embed
    about: dict

    def load(self):
        def forward(pictures: np.ndarray) -> np.ndarray:
            whole, left = pictures.mean((1, 2)), pictures[:, :, :16].mean((1, 2))
            return np.concatenate([whole, left], 1).astype(np.float32)

        return forward


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    settings = ["image_size=32", "embed.batch_size=5", "records.source=whole"]
    experiment = load_experiment(None, settings)
    return Toy(tmp_path, experiment, experiment.embed, ABOUT)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are written by workers, in this process, the last piece first."""
    written = []

    def here(pieces, work, options, label, load) -> None:
        missing = [piece for piece in pieces if not piece.file.is_file()]
        loaded = load() if missing else None
        for piece in reversed(missing):
            work(piece, loaded)
            written.append(piece.file.name)

    monkeypatch.setattr(beam, "do_pieces", here)
    return written


@pytest.mark.parametrize("view", ["original", "mirrored"])
def test_shards_are_joined_to_what_one_machine_embeds(squares, toy, done, tmp_path, view) -> None:
    target, about = tmp_path / "train.npz", {**ABOUT, "view": view}
    parts = beam.make_parts(toy, squares.records, "train", about, target)
    wanted = squares.images[1:]  # one image of the records is no longer in the catalogue
    embedding, images = beam.embed_on_beam(parts, wanted, [], "embedding")
    assert len(done) == len(read_manifest(squares.records)["shards"]) > 1
    alone, names = embed_shards(
        toy.load(), toy.experiment, squares.records, "train", wanted, None, view == "mirrored"
    )
    np.testing.assert_array_equal(images, names)
    np.testing.assert_allclose(embedding, alone, rtol=1e-6)
    beam.remove_parts(target)
    assert not list(tmp_path.glob(".*"))


def test_only_a_missing_shard_is_embedded_again(squares, toy, done, tmp_path) -> None:
    parts = beam.make_parts(toy, squares.records, "train", ABOUT, tmp_path / "train.npz")
    first, _ = beam.embed_on_beam(parts, squares.images, [], "embedding")
    done.clear()
    parts.parts[1].file.unlink()
    again, _ = beam.embed_on_beam(parts, squares.images, [], "embedding")
    assert done == [parts.parts[1].file.name]
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(
    ("engine", "loads"),
    [("auto", 1), ("keras", 1), ("openvino", 2), ("onnx", 2), ("litert", 2)],
)
def test_a_model_is_converted_before_workers_load_it(
    squares, toy, done, tmp_path, monkeypatch, engine: str, loads: int
) -> None:
    """Or each of them would convert it into the folder that they share."""
    seen, load = [], Toy.load
    monkeypatch.setattr(Toy, "load", lambda self: seen.append(len(done)) or load(self))
    model = replace(toy, embed=Embed(engine=engine))
    parts = beam.make_parts(model, squares.records, "train", ABOUT, tmp_path / "train.npz")
    beam.embed_on_beam(parts, squares.images, [], "embedding")
    assert seen == [0] * loads


def test_parts_of_another_model_or_view_are_others(squares, toy, tmp_path) -> None:
    def first(about: dict, split: str = "train") -> Path:
        target = tmp_path / f"{split}.npz"
        return beam.make_parts(toy, squares.records, split, about, target).parts[0].file

    names = [first(ABOUT), first({**ABOUT, "model": "other"}), first({**ABOUT, "view": "mirrored"})]
    assert len(set(names)) == 3
    assert first(dict(ABOUT)) == names[0]


def test_an_image_that_the_records_lack_is_said(squares, toy, done, tmp_path) -> None:
    parts = beam.make_parts(toy, squares.records, "train", ABOUT, tmp_path / "train.npz")
    with pytest.raises(InputError, match="hold 22 of the 23 images"):
        beam.embed_on_beam(parts, [*squares.images, "lost.png"], [], "embedding")


def test_a_split_without_images_has_no_parts(squares, toy, done, tmp_path) -> None:
    parts = beam.make_parts(toy, squares.records, "test", ABOUT, tmp_path / "test.npz")
    embedding, images = beam.embed_on_beam(parts, [], [], "embedding")
    assert len(parts.parts) == len(images) == len(embedding) == 0
