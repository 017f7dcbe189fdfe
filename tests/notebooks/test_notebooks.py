"""The notebooks: as they lie in git, and executed without Jupyter on something like Kaggle."""

from __future__ import annotations

import ast
import csv
import importlib
import json
import shlex
from pathlib import Path

import pytest

from tests import small_network
from tests.conftest import QUICK

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TINY = [
    *QUICK, "pod.individuals=6", "pod.new_individuals=2", "pod.singletons=1",
    "pod.mean_images=5", "pod.width=300", "pod.height=200", "train.validate_every=1",
]  # fmt: skip


def cells(notebook: Path, kind: str = "code") -> list[dict]:
    """The cells of one kind, as they lie in the file."""
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def test_there_are_the_four() -> None:
    names = [notebook.stem for notebook in NOTEBOOKS]
    assert names == ["01_crop", "02_tfrecords", "03_train_tpu", "04_embed_rank_submit"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_kept(notebook: Path) -> None:
    for cell in cells(notebook):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_compiles_and_what_it_imports_exists(notebook: Path) -> None:
    ours = 0
    for cell in cells(notebook):
        for node in ast.walk(ast.parse(source(cell))):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(node.module)
                for alias in node.names:
                    if not hasattr(module, alias.name):
                        importlib.import_module(f"{node.module}.{alias.name}")
                ours += node.module.startswith("tf_happywhale")
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    importlib.import_module(alias.name)
    assert ours >= 3


def test_the_first_cells_are_the_same_in_all() -> None:
    for place in (0, 1):
        assert len({source(cells(notebook)[place]) for notebook in NOTEBOOKS}) == 1
    for place in (1, 2):  # the prose above them; before it stands each one's own
        assert len({source(cells(notebook, "markdown")[place]) for notebook in NOTEBOOKS}) == 1


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, dict]]:
    """Each notebook executed on a machine of its own, those before attached to it; their working
    folders, and the variables they end with."""
    done: list[tuple[Path, dict]] = []
    with pytest.MonkeyPatch.context() as patch:
        from tf_happywhale.training import trainer

        patch.setattr(trainer, "build_embedder", small_network.build)
        patch.setenv("MPLBACKEND", "Agg")
        patch.setenv("HAPPYWHALE_CONFIG", "demo")
        patch.setenv("HAPPYWHALE_KEYS", shlex.join(TINY))
        patch.chdir(ROOT)
        for notebook in NOTEBOOKS:
            kaggle = tmp_path_factory.mktemp(notebook.stem)
            (kaggle / "working").mkdir()
            attached = kaggle / "input" / "notebooks" / "somebody"
            attached.mkdir(parents=True)
            for earlier, (working, _) in zip(NOTEBOOKS, done, strict=False):
                (attached / earlier.stem).symlink_to(working)
            patch.setenv("HAPPYWHALE_KAGGLE", str(kaggle))
            variables: dict = {"__name__": notebook.stem}
            for cell in cells(notebook):
                exec(compile(source(cell), str(notebook), "exec"), variables)
            variables["plt"].close("all")
            done.append((kaggle / "working", variables))
    return done


def test_the_last_one_leaves_a_submission_where_kaggle_looks_for_it(sessions) -> None:
    working, variables = sessions[-1]
    with (working / "submission.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    data = variables["data"]
    assert [row["image"] for row in rows] == data.test_images
    for row in rows:
        assert len(set(row["predictions"].split(" "))) == 5
        assert set(row["predictions"].split(" ")) <= {*data.order, "new_individual"}
    assert 0 < variables["metrics"]["test"]["map5"] <= 1


def test_no_notebook_does_the_work_of_another_again(sessions) -> None:
    homes = [working / "quick" for working, _ in sessions]
    assert [(home / "records").is_dir() for home in homes] == [False, True, False, False]
    model = "quick/fold0/model.keras"
    assert [(home / model).is_file() for home in homes] == [False, False, True, True]
    assert (homes[2] / model).read_bytes() == (homes[3] / model).read_bytes()
    assert (homes[3] / "report.html").is_file()


def test_pictures_are_drawn_of_what_there_is(sessions) -> None:
    shown = [variables["shown"] for _, variables in (sessions[0], sessions[3])]
    assert [len(images) for images in shown] == [6, 5]
    crops = [axis for axis in sessions[0][1]["axes"][1] if axis.images]
    assert [axis.images[0].get_array().shape for axis in crops] == [(32, 32, 3)] * 6
    boxed = [axis for axis in sessions[0][1]["axes"][0] if axis.patches]
    assert len(boxed) == 6  # every photograph of the pod has a box
