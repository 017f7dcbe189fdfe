"""`rank` with embeddings that another program made."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tf_happywhale import evaluate, rank
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.photographs.photo_files import list_images
from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError


@pytest.fixture
def member(pod: Path, tmp_path: Path):
    """An experiment whose only member is a folder of two small files; rows are one-hot, so that a
    photograph named like `0007-3.jpg` is nearest to its own individual by hand."""
    data, folder = tmp_path / "data", tmp_path / "megadescriptor"
    shutil.copytree(pod, data)
    folder.mkdir()
    catalogue = read_catalogue(data / "train.csv")
    order = sorted(set(catalogue["individual_id"]))
    rows = np.eye(len(order))[[order.index(who) for who in catalogue["individual_id"]]]
    images, tests = list(catalogue["image"]), list_images(data / "test_images")
    asked = np.eye(len(order))[np.arange(len(tests)) % len(order)]

    def made(*overrides: str, **more: np.ndarray):
        np.savez(folder / "train.npz", embedding=rows * 9, image=images, **more)
        np.savez(folder / "test.npz", embedding=asked, image=tests, **more)
        places = [f"data.root={data}", f"output={tmp_path / 'out'}", "records.source=whole"]
        return load_experiment(None, [*places, f"members=[{{path: {folder}}}]", *overrides])

    made.firsts = {name: order[n % len(order)] for n, name in enumerate(tests)}
    made.data, made.output, made.folder = data, tmp_path / "out", folder
    return made


def first(output: Path) -> dict[str, str]:
    with (output / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return {r["image"]: r["individual_id"] for r in csv.DictReader(file) if r["rank"] == "1"}


def test_foreign_embeddings_rank_as_they_are_and_new_comes_last(member, capsys) -> None:
    experiment = member()
    before = [(member.folder / name).read_bytes() for name in ("train.npz", "test.npz")]
    rank.main(experiment)
    assert "new_individual comes last. Save trained_on='nothing'" in capsys.readouterr().out
    assert first(member.output) == member.firsts
    evaluate.main(experiment)
    assert "do not say what it was trained on" in capsys.readouterr().out
    assert before == [(member.folder / n).read_bytes() for n in ("train.npz", "test.npz")]


def test_a_model_that_says_it_saw_nothing_teaches_a_threshold(member, capsys) -> None:
    rank.main(member(trained_on=np.array("nothing")))
    assert "comes last" not in capsys.readouterr().out
    evaluate.main(member(trained_on=np.array("nothing")))
    assert "out of fold" in capsys.readouterr().out


def test_the_submission_has_the_samples_names_and_order(member) -> None:
    sample = member.data / "sample_submission.csv"
    head, *rows = sample.read_text(encoding="utf-8").splitlines()
    sample.write_text("\n".join([head, *reversed(rows)]) + "\n", encoding="utf-8")
    rank.main(member())
    with (member.output / "submission.csv").open(encoding="utf-8") as file:
        written = [row["image"] for row in csv.DictReader(file)]
    assert written == [row.split(",")[0] for row in reversed(rows)]


def test_embeddings_of_other_images_say_how_many_and_which(member) -> None:
    experiment = member()
    with np.load(member.folder / "train.npz") as file:
        np.savez(member.folder / "train.npz", **{k: file[k][1:] for k in file.files})
    with pytest.raises(InputError, match="they lack 1 image"):
        rank.main(experiment)


def test_an_excel_catalogue_of_few_individuals_whose_ids_have_spaces_is_ranked(
    member, capsys: pytest.CaptureFixture
) -> None:
    experiment = member(
        "data.catalogue=seals.xlsx", "data.columns={individual_id: Who}", trained_on="nothing"
    )
    table = pd.read_csv(member.data / "train.csv", dtype=str)
    names = {who: f"Old Tom {n % 3}" for n, who in enumerate(sorted(set(table["individual_id"])))}
    table["Who"] = table.pop("individual_id").map(names)
    table["image"] = [image.rpartition(".")[0] for image in table["image"]]
    table.to_excel(member.data / "seals.xlsx", index=False)
    with pytest.raises(InputError, match=r"sample_submission\.csv asks .*'Old Tom 0' holds one"):
        rank.main(experiment)
    assert not (member.output / "predictions.csv").exists()
    (member.data / "sample_submission.csv").unlink()
    rank.main(experiment)
    said = capsys.readouterr().out
    assert "there is no submission: a submission separates ids by spaces, and 'Old Tom 0'" in said
    assert first(member.output) == {image: names[who] for image, who in member.firsts.items()}
    assert not (member.output / "submission.csv").exists()
    evaluate.main(experiment)
    rank.main(experiment)
    assert "rank: up to date" in capsys.readouterr().out
