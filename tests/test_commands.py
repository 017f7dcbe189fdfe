"""The commands, end to end on a small pod: in process, and each once as a person starts it."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from tests import small_network
from tests.conftest import QUICK
from tf_happywhale import evaluate, run, tfrecords
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.errors import HappywhaleError, InputError
from tf_happywhale.pictures.pixels import read_picture
from tf_happywhale.retrieval.embeddings import load_embeddings
from tf_happywhale.retrieval.evaluation.metric_lines import naive_sentence
from tf_happywhale.review.experiment_report import summary_rows
from tf_happywhale.training import trainer

CONFIGS = Path(__file__).parents[1] / "configs"
COMMANDS = [
    "download", "detect", "tfrecords", "train", "embed", "pseudo", "rank", "evaluate", "report",
    "run", "demo", "identify", "gallery", "export", "why",
]  # fmt: skip
STAGES = {
    "train": "train quick fold 0",
    "embed train": "embed quick fold 0 train",
    "embed test": "embed quick fold 0 test",
    "rank": "rank",
    "evaluate": "evaluate",
    "report": "report",
}


class Work:
    """An experiment of its own on a copy of a data folder, run in process; on a copy of what a
    finished one has written, if there is one."""

    def __init__(self, data: Path, folder: Path, written: Path | None = None) -> None:
        self.data, self.output = folder / "pod", folder / "out"
        shutil.copytree(data, self.data)
        if written:
            shutil.copytree(written, self.output)

    def experiment(self, *overrides: str) -> Experiment:
        places = [f"data.root={self.data}", f"output={self.output}"]
        return load_experiment(None, [*QUICK, *places, *overrides])

    def run(self, *overrides: str) -> set[str]:
        """Run everything; which stages had something to do."""
        said = StringIO()
        with redirect_stdout(said):
            run.main(self.experiment(*overrides))
        lines = said.getvalue().splitlines()
        done = {stage for stage, name in STAGES.items() if f"{name} …" in lines}
        idle = {stage for stage, name in STAGES.items() if f"{name}: up to date" in lines}
        assert done | idle == set(STAGES)
        if not any(line.startswith("tfrecords: up to date") for line in lines):
            done.add("tfrecords")
        return done

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.output / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def work(pod: Path, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Work:
    """The whole road, gone once."""
    return Work(pod, tmp_path_factory.mktemp("work"), finished)


@pytest.fixture(scope="module")
def small(pod: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Work, set[str]]:
    """The same with a small network, and the stages that had something to do; not to be changed."""
    made = Work(pod, tmp_path_factory.mktemp("small"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_embedder", small_network.build)
        return made, made.run()


@pytest.fixture
def copied(small: tuple[Work, set[str]], tmp_path: Path) -> Work:
    """A copy of it, to be changed."""
    made, _ = small
    return Work(made.data, tmp_path / "copied", made.output)


def test_the_submission_answers_every_image_with_five_ids(work: Work) -> None:
    with (work.data / "sample_submission.csv").open(encoding="utf-8") as file:
        asked = [row["image"] for row in csv.DictReader(file)]
    rows = work.rows("submission.csv")
    assert [row["image"] for row in rows] == asked
    with (work.data / "train.csv").open(encoding="utf-8") as file:
        known = {row["individual_id"] for row in csv.DictReader(file)} | {"new_individual"}
    for row in rows:
        ids = row["predictions"].split(" ")
        assert len(set(ids)) == 5
        assert set(ids) <= known


def test_predictions_and_submission_agree(work: Work) -> None:
    ranked: dict[str, list[str]] = {}
    for row in work.rows("predictions.csv"):
        ranked.setdefault(row["image"], []).append(row["individual_id"])
        assert (row["reference_image"] == "") == (row["individual_id"] == "new_individual")
    submitted = {row["image"]: row["predictions"].split(" ") for row in work.rows("submission.csv")}
    assert ranked == submitted


def test_metrics_count_every_query(work: Work) -> None:
    metrics = json.loads((work.output / "metrics.json").read_text())
    assert metrics["out_of_fold"]["queries"] == sum(
        metrics["fold0"][f"queries_{kind}"] for kind in ("known", "new")
    )
    answers = len(list(csv.DictReader((work.data / "answers.csv").open(encoding="utf-8"))))
    assert metrics["test"]["queries"] == answers
    assert 0 <= metrics["fold0"]["map5_known"] <= 1


def test_dates_show_what_a_split_that_ignores_them_promises(
    work: Work, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    shutil.copytree(work.data, tmp_path / "pod")
    shutil.copytree(work.output, tmp_path / "out")
    places = [f"data.root={tmp_path / 'pod'}", f"output={tmp_path / 'out'}"]
    experiment = load_experiment(None, [*QUICK, *places])
    evaluate.main(experiment)
    assert "promise" not in capsys.readouterr().out
    table = tmp_path / "pod" / "train.csv"
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    dated = [f"{row},2021-05-{1 + n % 2:02d}" for n, row in enumerate(rows)]
    table.write_text("\n".join([f"{head},date", *dated]), encoding="utf-8")
    evaluate.main(experiment)
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())["out_of_fold"]
    assert 0 <= found["naive_split"]["honest"] <= found["naive_split"]["naive"] <= 1
    assert naive_sentence(found["naive_split"]) in capsys.readouterr().out
    assert ("Days", naive_sentence(found["naive_split"])) in summary_rows(
        experiment, load_data(experiment)
    )


def test_the_report_is_there(work: Work) -> None:
    page = (work.output / "report.html").read_text(encoding="utf-8")
    for row in work.rows("submission.csv"):
        assert row["image"] in page


def test_a_contact_sheet_shows_what_training_sees(work: Work, capsys) -> None:
    tfrecords.main("sheet", work.experiment())
    file = work.output / "augmented.jpg"
    assert str(file) in capsys.readouterr().out
    height, width, _ = read_picture(file).shape
    assert height == 8 * 196 - 4  # eight images
    assert width == 8 * 196 - 4  # as evaluation sees them, and seven epochs


@pytest.mark.usefixtures("small_network_trained")
def test_records_without_an_unreadable_photograph_train_and_embed(
    pod: Path, tmp_path: Path
) -> None:
    from tf_happywhale import embed, evaluate, rank, train

    work = Work(pod, tmp_path)
    unread = sorted(file.name for file in (work.data / "test_images").iterdir())[1]
    (work.data / "test_images" / unread).write_bytes(b"no picture either")
    table = (work.data / "train.csv").read_text(encoding="utf-8").splitlines()
    broken = table[3].split(",")[0]
    (work.data / "train_images" / broken).write_bytes(b"no picture")
    with pytest.raises(InputError, match="cannot be read"):
        tfrecords.main("write", work.experiment())
    experiment = work.experiment("records.skip_unreadable=true")
    tfrecords.main("write", experiment)
    train.main(experiment)
    embed.main(experiment)
    embedded = load_embeddings(work.output / "quick" / "fold0" / "embeddings" / "train.npz")
    assert sorted(embedded.image) == sorted(
        line.split(",")[0] for line in table[1:] if not line.startswith(broken)
    )
    rank.main(experiment)
    evaluate.main(experiment)
    answers = {row["image"]: row["predictions"].split(" ") for row in work.rows("submission.csv")}
    assert set(answers) == {file.name for file in (work.data / "test_images").iterdir()}
    assert len(set(answers[unread])) == 5
    assert unread not in {row["image"] for row in work.rows("predictions.csv")}


def test_nothing_is_done_twice_and_a_lost_output_costs_what_depends_on_it(
    copied: Work,
) -> None:
    work = copied
    assert work.run() == set()
    (work.output / "predictions.csv").unlink()
    assert work.run() == {"rank"}  # the same predictions again: evaluate and report stay
    embeddings = work.output / "quick" / "fold0" / "embeddings" / "test.npz"
    embeddings.unlink()
    assert work.run() == {"embed test"}
    shutil.rmtree(work.output / "records")
    assert work.run() == {"tfrecords"}  # the same bytes again


@pytest.mark.usefixtures("small_network_trained")
def test_changes_redo_what_depends_on_them(small: tuple[Work, set[str]], copied: Work) -> None:
    assert small[1] == {"tfrecords", *STAGES}
    work = copied
    assert work.run("report.thumbnail=64") == {"report"}
    assert work.run("report.thumbnail=64", "rank.threshold=0.99") == {
        "rank", "evaluate", "report",
    }  # fmt: skip
    (work.output / "figures" / "modes.png").unlink()
    assert work.run("report.thumbnail=64", "rank.threshold=0.99") == {"evaluate"}
    (work.output / "metrics.json").write_text("{", encoding="utf-8")
    assert "evaluate" in work.run("report.thumbnail=64", "rank.threshold=0.99")
    assert work.run("report.thumbnail=64") == {"rank", "evaluate", "report"}
    (work.output / "figures" / "modes.png").unlink()
    assert work.run("report.thumbnail=64") == {"evaluate"}
    assert "tfrecords" not in work.run("train.epochs=2")
    boxes = work.data / "boxes.csv"
    lines = boxes.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if ",backfin," in line)
    image = lines[place].split(",")[0]
    lines[place] = f"{image},backfin,10,10,60,60,1,manual\n"
    boxes.write_text("".join(lines), encoding="utf-8")
    assert {"tfrecords", "train"} <= work.run("train.epochs=2")


@pytest.mark.usefixtures("small_network_trained")
def test_another_photograph_to_identify_is_embedded_and_ranked_and_nothing_else(
    copied: Work,
) -> None:
    work = copied
    more = sorted((work.data / "test_images").iterdir())[0]
    shutil.copy(more, more.with_name(f"more{more.suffix}"))
    with (work.data / "sample_submission.csv").open("a", encoding="utf-8") as table:
        table.write(f"more{more.suffix},new_individual\n")
    assert work.run() == {"tfrecords", "embed test", "rank", "evaluate", "report"}


def test_a_corrected_label_writes_no_tfrecords(
    pod: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    work = Work(pod, tmp_path)
    tfrecords.main("write", work.experiment())
    table = work.data / "train.csv"
    first, *rows = table.read_text(encoding="utf-8").splitlines()
    image, species, *rest = rows[0].split(",")
    rows[0] = ",".join([image, species, "00000", *rest[1:]])
    table.write_text("\n".join([first, *rows]) + "\n", encoding="utf-8")
    capsys.readouterr()
    tfrecords.main("write", work.experiment())
    assert "tfrecords: up to date" in capsys.readouterr().out


@pytest.mark.usefixtures("small_network_trained")
def test_all_folds_are_one_ensemble(pod: Path, tmp_path: Path, capsys) -> None:
    work = Work(pod, tmp_path)
    run.main(work.experiment("fold=all"))
    said = capsys.readouterr().out
    names = [f"quick/fold{fold}" for fold in range(3)]
    assert f"3 of 3 models rank: {', '.join(f'1.00 {name}' for name in names)}\n" in said
    assert all(f"images scored by {name}\n" in said for name in names)
    metrics = json.loads((work.output / "metrics.json").read_text())
    assert set(metrics) == {"fold0", "fold1", "fold2", "out_of_fold", "members", "test"}
    assert metrics["out_of_fold"]["queries"] == sum(
        1 for _ in csv.DictReader((work.data / "train.csv").open(encoding="utf-8"))
    )
    page = (work.output / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png") == 7  # what evaluate drew, and three trainings


def test_an_ensemble_of_run_folders_with_mirrored_pictures(copied: Work, tmp_path: Path) -> None:
    from tf_happywhale import embed, evaluate, rank

    work, output = copied, tmp_path / "ensemble"
    embed.main(work.experiment("embed.mirrored=true"))
    run_folder = work.output / "quick" / "fold0"
    members = f"members=[{{path: {run_folder}, weight: 2}}, {{path: {run_folder}}}]"
    for extra in ("rank.mirrored=joined", "rank.mirrored=images", "rank.centre_share=0.5"):
        experiment = work.experiment(members, f"output={output}", "rank.new=column", extra)
        rank.main(experiment)
        evaluate.main(experiment)
        with (output / "submission.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["image"] for row in rows] == [
            row["image"] for row in work.rows("submission.csv")
        ]


BLOCKED = """
import sys
from importlib.abc import MetaPathFinder

class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
from tf_happywhale import evaluate, rank, run
from tf_happywhale.config import load_experiment
experiment = load_experiment(None, sys.argv[2:])
for command in sys.argv[1].split(","):
    {"rank": rank, "evaluate": evaluate, "run": run}[command].main(experiment)
"""


def without_tensorflow(commands: str, *settings: str) -> str:
    """Do commands, separated by commas, in a process that cannot import TensorFlow."""
    command = [sys.executable, "-c", BLOCKED, commands, *QUICK, *settings]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_rank_and_evaluate_need_no_tensorflow(work: Work, tmp_path: Path) -> None:
    members = f"members=[{{path: {work.output / 'quick' / 'fold0'}}}]"
    said = without_tensorflow(
        "rank,evaluate", f"data.root={work.data}", f"output={tmp_path}", members
    )
    for name in ("rank", "evaluate"):
        assert f"{name}: done in" in said


def test_what_is_up_to_date_needs_no_tensorflow(work: Work) -> None:
    """It takes seconds to import, and a person waits for them."""
    run.main(work.experiment())
    said = without_tensorflow("run", f"data.root={work.data}", f"output={work.output}")
    assert "done in" not in said
    assert said.count("up to date") >= 6


@pytest.mark.usefixtures("small_network_trained")
def test_a_foreign_data_folder_without_boxes_answers_and_sample(pod: Path, tmp_path: Path) -> None:
    work = Work(pod, tmp_path)
    for name in ("boxes.csv", "answers.csv", "sample_submission.csv"):
        (work.data / name).unlink()
    table = work.data / "train.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    kept = [lines[0].split(",").index(name) for name in ("image", "individual_id")]
    rows = [",".join(line.split(",")[n] for n in kept) for line in lines]
    table.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(rows).encode() + b"\r\n")
    run.main(work.experiment())
    assert len(work.rows("submission.csv")) == len(list((work.data / "test_images").iterdir()))


def test_answers_that_were_not_asked_for_do_not_count(pod: Path, tmp_path: Path) -> None:
    from tf_happywhale.catalogue.dataset import load_data

    work = Work(pod, tmp_path)
    answers = work.data / "answers.csv"
    first = answers.read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    answers.write_text(
        f"image,individual_id\n{first},an_animal_nobody_knows\nother.jpg,00001\n", encoding="utf-8"
    )
    assert load_data(work.experiment()).answers == {first: "new_individual"}


@pytest.mark.usefixtures("small_network_trained")
def test_embeddings_say_what_their_model_has_seen_whatever_the_folds_are_now(
    copied: Work,
) -> None:
    from tf_happywhale import embed, evaluate

    work = copied
    file = work.output / "quick" / "fold0" / "embeddings" / "train.npz"
    before = load_embeddings(file)
    other = work.experiment("data.fold_by=open")
    embed.main(other)
    assert load_embeddings(file).about["trained_on"] == before.about["trained_on"]
    with pytest.raises(InputError, match="was trained on other folds than these"):
        evaluate.main(other)
    table = work.data / "train.csv"
    head, first, *rows = table.read_text(encoding="utf-8").splitlines()
    image, species, *rest = first.split(",")
    named = ",".join([image, species, "0", *rest[1:]])  # before all others in a label order
    table.write_text("\n".join([head, named, *rows]) + "\n", encoding="utf-8")
    embed.main(work.experiment())
    again = load_embeddings(file)
    assert again.individual_id[again.image.tolist().index(image)] == "0"
    assert again.centre_id.tolist() == before.centre_id.tolist()


@pytest.mark.usefixtures("small_network_trained")
def test_nobody_to_identify_is_no_reason_to_fail(pod: Path, tmp_path: Path) -> None:
    from tf_happywhale import rank

    work = Work(pod, tmp_path)
    for file in (work.data / "test_images").iterdir():
        file.unlink()
    for name in ("answers.csv", "sample_submission.csv"):
        (work.data / name).unlink()
    run.main(work.experiment())
    assert work.rows("submission.csv") == work.rows("predictions.csv") == []
    rank.main(work.experiment("rank.preset=original"))
    assert work.rows("submission.csv") == []
    assert (work.output / "report.html").is_file()


def test_too_few_individuals_are_refused_before_training(pod: Path, tmp_path: Path) -> None:
    work = Work(pod, tmp_path)
    table = work.data / "train.csv"
    rows = [row.split(",") for row in table.read_text(encoding="utf-8").splitlines()]
    place = rows[0].index("individual_id")
    for row in rows[1:]:
        row[place] = "only"
    table.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"sample_submission\.csv asks .* need at least four"):
        run.main(work.experiment())
    assert not work.output.exists()


@pytest.mark.usefixtures("small_network_trained")
def test_damaged_tfrecords_are_one_sentence(pod: Path, tmp_path: Path) -> None:
    from tf_happywhale import train

    work = Work(pod, tmp_path)
    tfrecords.main("write", work.experiment())
    for shard in work.output.rglob("*.tfrec"):
        shard.write_bytes(shard.read_bytes()[:-7])
    with pytest.raises(InputError, match="is damaged, or it is not a TFRecord file: restore"):
        train.main(work.experiment())


def test_the_report_shows_no_picture_from_outside(pod: Path, tmp_path: Path) -> None:
    from tf_happywhale import report

    work = Work(pod, tmp_path)
    (work.output).mkdir()
    outside = sorted((work.data / "train_images").iterdir())[0]
    shutil.copy(outside, work.data / "private.jpg")
    asked = sorted((work.data / "test_images").iterdir())[0].name
    (work.output / "predictions.csv").write_text(
        "image,rank,individual_id,score,p_new,reference_image\n"
        f"{asked},1,00001,0.5,0.1,../private.jpg\n",
        encoding="utf-8",
    )
    report.main(work.experiment())
    page = (work.output / "report.html").read_text(encoding="utf-8")
    assert "is not an image of train_images" in page
    assert page.count("data:image") == 1  # the query's own


def test_a_missing_stage_is_named_with_its_command(pod: Path, tmp_path: Path) -> None:
    from tf_happywhale import embed, rank, report

    work = Work(pod, tmp_path)
    for command, wanted in ((embed, "train"), (rank, "embed"), (report, "rank")):
        with pytest.raises(InputError, match=f"python -m tf_happywhale.{wanted}` with"):
            command.main(work.experiment())


def test_the_demo_refuses_other_data(pod: Path, tmp_path: Path) -> None:
    from tf_happywhale import demo

    with pytest.raises(HappywhaleError, match=r"leave out data\.root"):
        demo.main(Work(pod, tmp_path).experiment())


def test_the_demo_draws_photographs_alone(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    from tf_happywhale import demo

    small = ["individuals=3", "new_individuals=1", "singletons=1", "mean_images=2", "test_images=1"]
    keys = [f"pod.{key}" for key in (*small, "width=300", "height=200")]
    experiment = load_experiment(CONFIGS / "first_day.yaml", [f"output={tmp_path}", *keys])
    demo.handle("draw", experiment)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"pod", "catalogue", "new_photographs"}
    with (tmp_path / "catalogue" / "train.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    photographs = {path.name for path in (tmp_path / "catalogue" / "train_images").iterdir()}
    assert {row["image"] for row in rows} == photographs
    new = {path.name for path in (tmp_path / "new_photographs").glob("*.jpg")}
    for folder, images in (("catalogue", photographs), ("new_photographs", new)):
        with (tmp_path / folder / "boxes.csv").open(newline="") as file:
            boxes = list(csv.DictReader(file))
        assert {row["source"] for row in boxes} == {"backfin"}
        assert sorted(row["image"] for row in boxes) == sorted(images)
    assert f"new_photographs: {len(new)} photographs\n" in capsys.readouterr().out
    (tmp_path / "catalogue" / "mine.txt").write_text("")
    demo.handle("draw", experiment)
    assert (tmp_path / "catalogue" / "mine.txt").is_file()
    assert "it was there already" in capsys.readouterr().out
    with pytest.raises(HappywhaleError, match=r"leave out data\.root"):
        demo.handle("draw", load_experiment(None, [f"data.root={tmp_path / 'pod'}"]))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_needs_no_tensorflow_and_shows_examples(command: str) -> None:
    code = (
        "import sys, runpy\n"
        f"sys.argv = ['x', '--help']\n"
        "try:\n"
        f"    runpy.run_module('tf_happywhale.{command}', run_name='__main__')\n"
        "except SystemExit as stop:\n"
        "    assert stop.code == 0, stop.code\n"
        "assert not {'tensorflow', 'keras', 'cv2', 'pandas'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"\n  python -m tf_happywhale.{command} " in done.stdout


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("tfrecords", "tfrecords: up to date"),
        ("train", "train quick fold 0: up to date"),
        ("embed", "embed quick fold 0 test: up to date"),
        ("rank", "rank: up to date"),
        ("evaluate", "mAP@5, oracle threshold, column"),
        ("report", "report: up to date"),
        ("run", "submission: "),
    ],
)
def test_each_command_as_a_person_starts_it(work: Work, command: str, says: str) -> None:
    config = work.output.parent / "config.yaml"
    tree: dict = {}
    for override in [*QUICK, f"data.root={work.data}", f"output={work.output}"]:
        key, _, value = override.partition("=")
        *section, name = key.split(".")
        (tree.setdefault(section[0], {}) if section else tree)[name] = value
    config.write_text(json.dumps(tree), encoding="utf-8")  # JSON is YAML
    done = subprocess.run(
        [sys.executable, "-m", f"tf_happywhale.{command}", str(config)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert says in done.stdout


def test_verify_as_a_person_starts_it(work: Work) -> None:
    experiment = [*QUICK, f"data.root={work.data}", f"output={work.output}"]
    config = work.output.parent / "empty.yaml"
    config.write_text("{}", encoding="utf-8")
    arguments = ["verify", str(config), *experiment]
    done = subprocess.run(
        [sys.executable, "-m", "tf_happywhale.tfrecords", *arguments],
        capture_output=True, text=True,
    )  # fmt: skip
    assert "every shard is as it was written" in done.stdout, done.stderr


def test_an_error_is_one_sentence_without_a_traceback(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("train: {epohcs: 3}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tf_happywhale.train", str(config)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == "error: Unknown key 'train.epohcs'; the nearest is 'train.epochs'.\n"
