"""The commands that are tried, each on a folder in which earlier work lies."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.trial import run

KEYS = [
    "name=quick", "seed=3", "image_size=32", "records.source=backfin", "model.weights=none",
    "model.embedding_size=8", "train.epochs=1", "train.batch_size=4", "embed.batch_size=32",
    "data.folds=2", "data.root=pod", "output=out", "records.dir=records", "records.size=32",
    "records.shard_images=8", "train.device=cpu", "train.checkpoint_minutes=0.000001",
]  # fmt: skip
RUN = "out/quick/fold0"
FOUND = ["output=found", "identify.boxes=pod/boxes.csv"]


class NotUndisturbed(Exception):
    """A command fails without any fault of a file."""


@dataclass(frozen=True)
class Scenario:
    """A command and the folder it is run in.

    Attributes:
        name: as the table shows it.
        command: what is typed after `python -m tf_happywhale.`.
        before: commands that make what lies there already.
        change: what a person changes then, given the folder.
        quick: whether a run takes well under a second, so that the suite tries it.
    """

    name: str
    command: list[str]
    before: list[list[str]] = field(default_factory=list)
    change: Callable[[Path], None] = lambda folder: None
    quick: bool = False


TRAINED = [["tfrecords", "write", *KEYS], ["train", *KEYS]]
EMBEDDED = [*TRAINED, ["embed", *KEYS]]
RANKED = [*EMBEDDED, ["rank", *KEYS]]
BUILT = [*RANKED, ["gallery", "build", RUN, "pod", "whales", "output=cache"]]
IDENTIFIED = [*BUILT, ["identify", RUN, "whales", "trip", *FOUND]]
MATCHED = ["identify", RUN, "whales", "trip", *FOUND, "match.use=always", "match.size=96"]
SENT = ["exchange", "export", "coco", "pod", "sent"]
ADD = ["gallery", "add", "whales", "decisions.csv", *FOUND]


def _another_label(folder: Path) -> None:
    """The last photograph belongs to somebody else."""
    table = folder / "pod" / "train.csv"
    *others, last = table.read_text().splitlines()
    image, species, _ = last.split(",")
    other = others[1].split(",")[2]
    table.write_text("\n".join([*others, f"{image},{species},{other}"]) + "\n")


def _decisions(folder: Path) -> None:
    """Two matches and a new one, of photographs from the trip."""
    rows = (folder / "found" / "photographs.csv").read_text().splitlines()[1:4]
    images = [row.split(",")[0] for row in rows]
    known = (folder / "pod" / "train.csv").read_text().splitlines()[1].split(",")[2]
    decided = ["match", "match", "new"]
    lines = [
        f"{image},{what},{known if what == 'match' else ''}"
        for image, what in zip(images, decided, strict=True)
    ]
    (folder / "decisions.csv").write_text(
        "\n".join(["image,decision,individual_id", *lines]) + "\n"
    )


def _ids(folder: Path) -> tuple[str, str]:
    rows = [row.split(",") for row in (folder / "pod" / "train.csv").read_text().splitlines()[1:]]
    first, second, *_ = sorted({row[2] for row in rows})
    return first, second


def scenarios(drawn: Path) -> list[Scenario]:
    """All of them; `draw` has drawn into the folder `drawn`."""
    first, second = _ids(drawn)
    return [
        Scenario("tfrecords", ["tfrecords", "write", *KEYS]),
        Scenario("tfrecords, again", ["tfrecords", "write", *KEYS, "seed=4"], TRAINED[:1]),
        Scenario("train", ["train", *KEYS], TRAINED[:1]),
        Scenario(
            "train, over a finished run",
            ["train", *KEYS, "train.learning_rate=0.01"],
            RANKED,
        ),
        Scenario("embed", ["embed", *KEYS], TRAINED),
        Scenario("embed, again", ["embed", *KEYS], RANKED, _another_label),
        Scenario("rank", ["rank", *KEYS], EMBEDDED, quick=True),
        Scenario("rank, other key", ["rank", *KEYS, "rank.best_of=2"], RANKED, quick=True),
        Scenario("evaluate", ["evaluate", *KEYS], RANKED),
        Scenario("report", ["report", *KEYS], RANKED, quick=True),
        Scenario("identify", ["identify", RUN, "whales", "trip", *FOUND], BUILT),
        Scenario(
            "identify, again",
            ["identify", RUN, "whales", "trip", *FOUND, "rank.candidates=6"],
            IDENTIFIED,
        ),
        Scenario("identify, matched", MATCHED, BUILT),
        Scenario(
            "gallery build", ["gallery", "build", RUN, "pod", "whales", "output=cache"], RANKED
        ),
        Scenario("gallery add", ADD, IDENTIFIED, _decisions, quick=True),
        Scenario("gallery add, matched", ADD, [*BUILT, MATCHED], _decisions, quick=True),
        Scenario("gallery merge", ["gallery", "merge", "whales", first, second], BUILT, quick=True),
        Scenario("gallery export", ["gallery", "export", "whales", "who.csv"], BUILT, quick=True),
        Scenario("history", ["history", "seen.csv", "output=out"], [], _seen, quick=True),
        Scenario("exchange export", SENT, quick=True),
        Scenario(
            "exchange import", ["exchange", "import", "coco", "sent", "known"], [SENT], quick=True
        ),
        Scenario("export", ["export", RUN, "dolphins"], RANKED),
        Scenario("detect predict", ["detect", "predict", *KEYS]),
        Scenario(
            "detect predict, again",
            ["detect", "predict", *KEYS, "detect.confidence=0.5"],
            [["detect", "predict", *KEYS]],
        ),
    ]


def _seen(folder: Path) -> None:
    """Days and places of the catalogue's photographs, as a table."""
    rows = (folder / "pod" / "train.csv").read_text().splitlines()[1:]
    lines = ["image,individual_id,date,place,latitude,longitude"]
    for n, (image, _, who) in enumerate(row.split(",") for row in rows):
        lines.append(f"{image},{who},2021-0{5 + n % 3}-03,Bay,57.{n},11.8")
    (folder / "seen.csv").write_text("\n".join(lines) + "\n")


def draw(folder: Path) -> None:
    """A tiny pod, its test photographs as those of a trip, and a detector's weights."""
    from tf_happywhale.catalogue.pod.layout import write_pod
    from tf_happywhale.config import Pod

    settings = Pod(
        individuals=4,
        new_individuals=1,
        singletons=1,
        mean_images=4,
        test_images=1.0,
        width=300,
        height=200,
    )
    write_pod(folder / "pod", settings, seed=5, workers=1)
    shutil.copytree(folder / "pod" / "test_images", folder / "trip")
    fold = folder / "out" / "detector" / "fold0"  # `middle_network` stands in for it
    fold.mkdir(parents=True)
    (fold / "weights.pt").write_text("weights")
    (fold / "trained_on.csv").write_text("image\n")


class Folders:
    """The folders that scenarios begin from, each made once by the commands that lead to it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.made: dict[str, Path] = {}

    def before(self, scenario: Scenario) -> Path:
        """The folder as it lies before the scenario's command."""
        mine = self.home / f"before {scenario.name}"
        if not mine.exists():
            shutil.copytree(self._after(scenario.before), mine)
            scenario.change(mine)
        return mine

    def _after(self, commands: list[list[str]]) -> Path:
        key = repr(commands)
        if key not in self.made:
            start = self._after(commands[:-1]) if commands else self.home / "drawn"
            folder = self.home / f"base {len(self.made)}"
            shutil.copytree(start, folder)
            if commands:
                ended = run(commands[-1], folder)
                if ended.status:
                    words = f"{commands[-1]} ended with {ended.status}: {ended.said}"
                    raise NotUndisturbed(words)
            self.made[key] = folder
        return self.made[key]
