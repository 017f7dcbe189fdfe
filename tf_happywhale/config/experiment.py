"""The whole experiment: its own keys, its sections, and what they must agree on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.fields import FieldInfo

from tf_happywhale.config.augment import Augment
from tf_happywhale.config.curate import Curate
from tf_happywhale.config.data import Data
from tf_happywhale.config.detect import Detect
from tf_happywhale.config.download import Download
from tf_happywhale.config.embed import Embed
from tf_happywhale.config.exchange import Exchange
from tf_happywhale.config.export import Export
from tf_happywhale.config.history import History
from tf_happywhale.config.identify import Identify
from tf_happywhale.config.match import Match
from tf_happywhale.config.member import MemberPath
from tf_happywhale.config.model import Model
from tf_happywhale.config.pod import Pod
from tf_happywhale.config.pseudo import Pseudo
from tf_happywhale.config.quality import Quality
from tf_happywhale.config.rank import Rank
from tf_happywhale.config.records import Records
from tf_happywhale.config.report import Report
from tf_happywhale.config.section import Section
from tf_happywhale.config.server import Server
from tf_happywhale.config.train import Train


class Experiment(Section):
    """Everything that an experiment depends on."""

    name: str = Field(
        "experiment",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="its name",
    )
    output: str = Field("output", description="folder for everything the experiment writes")
    seed: int = Field(42, ge=0, le=2**31 - 1, description="the random seed")
    image_size: int = Field(512, ge=32, le=4096, description="side of the model's input, pixels")
    fold: Annotated[int, Field(ge=0)] | Literal["all"] = Field(
        0, description="the fold that a model is validated on, or all: one model for each fold"
    )
    derive: bool = Field(
        False,
        description="true: settings that neither the config nor the command line gives are derived "
        "from the catalogue and the machine, printed with the reason, and kept in "
        "<output>/derived.yaml; false: they have the defaults of this page",
    )
    members: tuple[MemberPath, ...] = Field(
        (),
        description="trained models that rank together, such as [{path: RUN_FOLDER, weight: 2}]; "
        "[]: those of the folds",
    )
    variants: tuple[dict[str, str | None], ...] = Field(
        (),
        description="experiments to train in place of this one; they rank together. Each lists the "
        "keys in which it differs, such as {name: b0, model.backbone: b0}; keys on the command "
        "line change all of them; []: this experiment alone",
    )
    beam_options: tuple[str, ...] = Field(
        (),
        description="options of Apache Beam (the extra `beam`), such as [--runner=FlinkRunner, "
        "--flink_master=HOST:8081], whose workers then do what tfrecords, embed and rank compute; "
        "the command line takes them as they are: embed CONFIG --runner=FlinkRunner …; []: this "
        "machine does it",
    )
    data: Data = Data()
    pod: Pod = Pod()
    detect: Detect = Detect()
    records: Records = Records()
    augment: Augment = Augment()
    model: Model = Model()
    train: Train = Train()
    embed: Embed = Embed()
    pseudo: Pseudo = Pseudo()
    rank: Rank = Rank()
    report: Report = Report()
    identify: Identify = Identify()
    match: Match = Match()
    quality: Quality = Quality()
    curate: Curate = Curate()
    history: History = History()
    export: Export = Export()
    download: Download = Download()
    exchange: Exchange = Exchange()
    server: Server = Server()

    @model_validator(mode="after")
    def _name_is_free(self) -> Experiment:
        if self.name in ("pod", "records", "report", "detector"):
            raise ValueError(f"name is {self.name!r}, a folder of the output: take another name")
        if re.search(r"-round\d+$", self.name):
            raise ValueError(
                f"name is {self.name!r}, which ends as the folders of pseudo.rounds do: take "
                "another name"
            )
        return self

    @model_validator(mode="after")
    def _output_is_named(self) -> Experiment:
        if not self.output:
            raise ValueError("output is empty: name a folder, such as output/whales")
        return self

    @model_validator(mode="after")
    def _fold_exists(self) -> Experiment:
        if self.fold != "all" and self.fold >= self.data.folds:
            raise ValueError(f"fold {self.fold} does not exist: data.folds is {self.data.folds}")
        return self

    @model_validator(mode="after")
    def _drawn_crops_are_kept(self) -> Experiment:
        for source in self.augment.crops:
            if source not in self.records.sources:
                raise ValueError(
                    f"augment.crops names {source!r}, which is not kept: add it to "
                    "records.more_sources"
                )
        return self

    @model_validator(mode="after")
    def _original_rules_on_one_machine(self) -> Experiment:
        if self.beam_options and self.rank.preset == "original":
            raise ValueError(
                "rank.preset is original, which scikit-learn searches for on one machine: leave "
                "beam_options (--runner) out"
            )
        return self

    @model_validator(mode="after")
    def _mixed_once(self) -> Experiment:
        if self.train.embedding_mixup and self.augment.mixup_p:
            raise ValueError(
                f"train.embedding_mixup is {self.train.embedding_mixup:g} and augment.mixup_p "
                f"{self.augment.mixup_p:g}, which do not go together: set one to 0"
            )
        return self

    @model_validator(mode="after")
    def _frozen_weights_are_worth_it(self) -> Experiment:
        if self.train.freeze_epochs and self.model.weights == "none":
            raise ValueError(
                f"train.freeze_epochs is {self.train.freeze_epochs}, but model.weights=none starts "
                "from random weights, of which nothing can be learned while they are frozen: set "
                "train.freeze_epochs=0, or other model.weights"
            )
        return self

    @property
    def folds(self) -> list[int]:
        """The folds that the experiment trains a model for."""
        return list(range(self.data.folds)) if self.fold == "all" else [self.fold]

    @property
    def round(self) -> int:
        """Number of this training: 0 on the catalogue alone, then on confident predictions too."""
        return self.pseudo.rounds if self.pseudo.round is None else self.pseudo.round

    def in_round(self, number: int, fold: int | None = None) -> Experiment:
        """Return the experiment of another training, with its own models, for one fold if given."""
        pseudo = self.pseudo.model_copy(update={"round": number})
        alone = {} if fold is None else {"fold": fold, "members": ()}
        return self.model_copy(update={"pseudo": pseudo, **alone})


def keys(section: type[Section] = Experiment, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield each key of the experiment, such as `train.epochs`, with its pydantic field."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from keys(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field
