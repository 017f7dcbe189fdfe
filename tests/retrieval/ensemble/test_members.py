from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings, save_embeddings
from tf_happywhale.retrieval.ensemble.members import find_members, load_ensemble, member_files
from tf_happywhale.run_folders.published_folder import PublishedFacts, write_published


def write(folder: Path, images: list[str], split: str = "train", value: float = 1.0) -> None:
    rows = np.full((len(images), 2), value, np.float32)
    about = {"view": "mirrored" if split.endswith("mirrored") else "original"}
    made = Embeddings(rows, np.array(images), np.full(len(images), ""), about)
    save_embeddings(folder / f"{split}.npz", made)


def test_without_members_the_folds_rank_together() -> None:
    found = find_members(load_experiment(None, ["fold=all", "data.folds=3"]))
    assert [member.folder.parts[-2:] for member in found] == [
        (f"fold{fold}", "embeddings") for fold in range(3)
    ]
    assert [member.weight for member in found] == [1.0] * 3


def test_all_rounds_rank_together_if_that_is_wanted() -> None:
    keys = ["name=w", "pseudo.rounds=2", "rank.rounds=all"]
    found = find_members(load_experiment(None, keys))
    assert [member.name for member in found] == ["w/fold0", "w-round1/fold0", "w-round2/fold0"]
    last = find_members(load_experiment(None, keys[:2]))
    assert [member.name for member in last] == ["w-round2/fold0"]
    # the labels of a round are predicted by the round before, alone
    one = find_members(load_experiment(None, keys).in_round(1, 0))
    assert [member.name for member in one] == ["w-round1/fold0"]


def test_members_are_run_folders_folders_or_files(tmp_path: Path) -> None:
    run, plain = tmp_path / "run", tmp_path / "plain"
    write(run / "embeddings", ["a", "b"], value=1)
    write(plain, ["b", "a"], value=2)
    config = tmp_path / "ensemble.yaml"
    config.write_text(
        f"name: ensemble\nmembers:\n  - path: {run}\n    weight: 2\n"
        f"  - path: {plain}\n  - path: {plain}/train.npz\n",
        encoding="utf-8",
    )
    read = load_experiment(config)
    assert [member.weight for member in find_members(read)] == [2.0, 1.0, 1.0]
    side = load_ensemble(read, "train", ["a", "b"])
    assert [member.embedding[0, 0] for member in side.members] == [1, 2, 2]
    assert [rows.tolist() for rows in side.rows] == [[0, 1], [1, 0], [1, 0]]


def test_mirrored_files_are_asked_for_where_they_are_used(tmp_path: Path) -> None:
    write(tmp_path / "m", ["a"])
    plain = [f"members=[{{path: {tmp_path / 'm'}}}]"]
    assert [file.name for file in member_files(load_experiment(None, plain), ["train"])] == [
        "train.npz"
    ]
    mirrored = load_experiment(None, [*plain, "rank.mirrored=joined"])
    with pytest.raises(InputError, match=r"train-mirrored\.npz"):
        member_files(mirrored, ["train"])
    write(tmp_path / "m", ["a"], "train-mirrored", 3)
    assert load_ensemble(mirrored, "train", ["a"]).mirrored[0].embedding[0, 0] == 3


def test_a_file_of_another_name_is_not_taken_for_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, ["a"])
    with pytest.raises(InputError, match=r"or its train\.npz, not .*b6\.npz"):
        find_members(load_experiment(None, [f"members=[{{path: {tmp_path}/b6.npz}}]"]))


def test_a_published_models_embeddings_are_in_the_output(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HAPPYWHALE_MODELS", str(tmp_path / "home"))
    facts = PublishedFacts("fins", "0" * 64, 64, "fins", "CC-BY-4.0", "", "hf://a/b")
    for folder in (tmp_path / "home" / "fins", tmp_path / "there"):
        write_published(folder, facts)
        named = "fins" if folder.parent.name == "home" else folder
        read = load_experiment(None, [f"output={tmp_path / 'out'}", f"members=[{{path: {named}}}]"])
        (found,) = find_members(read)
        assert found.folder == tmp_path / "out" / "fins" / "embeddings"
        assert (found.run, found.name) == (folder, "fins")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fins").mkdir()
    (found,) = find_members(load_experiment(None, ["members=[{path: fins}]"]))
    assert found.published is None  # a folder of that name goes before
