"""The models that rank together, and their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.catalogue.dataset import DataSet
from tf_happywhale.config import Experiment, variants_of
from tf_happywhale.errors import InputError
from tf_happywhale.places import output_folder, run_folder
from tf_happywhale.retrieval.embeddings import check_embeddings, load_embeddings
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings, make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.run_folders.published_folder import fetched, read_published


@dataclass(frozen=True)
class Member:
    """A model of an ensemble.

    Attributes:
        folder: the folder of its embeddings files.
        weight: its share of the score, against the others'.
        published: the folder of a published model; None: it was trained here.
    """

    folder: Path
    weight: float
    published: Path | None = None

    @property
    def run(self) -> Path:
        """The folder of its model, or a folder that holds embeddings only."""
        if self.published is not None:
            return self.published
        return self.folder.parent if self.folder.name == "embeddings" else self.folder

    @property
    def name(self) -> str:
        """The name for a person: the last two folders of `run`, such as `demo/fold0`; of a
        published model that model's."""
        parts = self.run.parts[-2:] if self.published is None else self.folder.parts[-2:-1]
        return "/".join(parts)

    def file(self, split: str, view: str = "original") -> Path:
        """Return its embeddings of a split (train or test) and view (original or mirrored)."""
        return self.folder / f"{split}{'' if view == 'original' else f'-{view}'}.npz"


def find_members(experiment: Experiment) -> list[Member]:
    """Return the experiment's `members`; if it names none, the models of its variants' folds: the
    last round of each, or all rounds if `rank.rounds` says so and no round is named.

    The embeddings of a published model are in the experiment's output, in a folder of its name.

    Raises:
        InputError: a member is an embeddings file of another name than train.npz.
    """
    if not experiment.members:
        return [
            Member(run_folder(variant.in_round(number), fold) / "embeddings", 1.0)
            for variant in variants_of(experiment)
            for number in _rounds(variant)
            for fold in variant.folds
        ]
    found = []
    for member in experiment.members:
        path = Path(member.path).expanduser()
        home = path if path.exists() else fetched(member.path) or path
        if facts := read_published(home):
            own = output_folder(experiment) / facts.name / "embeddings"
            found.append(Member(own, member.weight, home))
            continue
        if path.suffix == ".npz" and path.name != "train.npz":
            raise InputError(
                f"A member is a folder with train.npz and test.npz, or its train.npz, not {path}."
            )
        folder = path.parent if path.suffix == ".npz" else path
        inside = folder / "embeddings"
        found.append(Member(inside if inside.is_dir() else folder, member.weight))
    return found


def _rounds(variant: Experiment) -> list[int]:
    """Return the numbers of the trainings that rank."""
    every = variant.rank.rounds == "all" and variant.pseudo.round is None
    return list(range(variant.round + 1)) if every else [variant.round]


def member_files(experiment: Experiment, splits: Sequence[str]) -> list[Path]:
    """Return every file that ranking reads.

    Raises:
        InputError: one is missing.
    """
    mirrored = experiment.rank.mirrored != "none"
    views = ("original", "mirrored") if mirrored else ("original",)
    members = find_members(experiment)
    files = [member.file(split, view) for member in members for view in views for split in splits]
    for file in files:
        check_embeddings(file)
    return files


def load_ensemble(experiment: Experiment, split: str, images: Sequence[str]) -> EnsembleEmbeddings:
    """Return a split's images with all members' embeddings, in the order asked for.

    Raises:
        InputError: a file is missing or damaged, or is of other images.
    """
    members = find_members(experiment)
    found = [load_embeddings(member.file(split)) for member in members]
    mirrored = []
    if experiment.rank.mirrored != "none":
        mirrored = [load_embeddings(member.file(split, "mirrored")) for member in members]
    return make_ensemble(found, images, mirrored)


def load_labelled_gallery(experiment: Experiment, data: DataSet) -> LabelledGallery:
    """Return the catalogue with all members' embeddings; errors: see `load_ensemble`."""
    embeddings = load_ensemble(experiment, "train", data.images)
    return LabelledGallery(embeddings, data.individual_ids, data.fold_of)
