"""The identifier: one or several trained models that embed shots of animals together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.boxes.box import WHOLE
from tf_happywhale.config import Experiment, Rank
from tf_happywhale.disk.hashes import digest
from tf_happywhale.galleries.embedding_cache import EmbeddingCache
from tf_happywhale.inference.embedding.embed_shots import embed_shots
from tf_happywhale.inference.embedding.shots import Shot
from tf_happywhale.inference.which_model.new_individuals import learned_of
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.inference.which_model.which_model import (
    check_unchanged,
    find_models,
    model_for,
    not_named,
)
from tf_happywhale.places import embeddings_home
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ranking.learned import Learned
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.teaching.members import WIDTHS

OUTPUT = "identified"  # the output folder if none is named; it is never the model's own
WITHOUT_EFFECT = {  # settings of `rank`: the values that are fine with a gallery, and why no other
    "preset": (("default",), "the original's rules are for one fixed catalogue"),
    "mirrored": (("none",), "a gallery keeps one embedding of each picture"),
    "centre_share": ((0,), "a gallery may know individuals that no model was trained on"),
    "ensemble": (("join",), "a gallery keeps the models' embeddings as one row"),
    "new": (
        ("p_new", "first_or_second", "column", "target_share"),
        "one threshold is kept, as with new=column",
    ),
}

OF_CAMERA = ("date", "time", "latitude", "longitude", "camera", "lens")  # columns by EXIF


@dataclass(frozen=True)
class Identifier:
    """One or several trained models that embed together.

    The embeddings of several models are L2-normalised, scaled by the square root of the model's
    share, and joined to one row. The cosine of two such rows is the weighted mean of the models'
    cosines.

    Attributes:
        models: the models.
        learned: their shares, and what they were taught about new individuals.
        home: the folder in which embeddings are kept.
        batch_size: pictures in each step.
        unknown: why P(new) is not known; empty if it is.
    """

    models: tuple[TrainedModel, ...]
    learned: Learned
    home: Path
    batch_size: int
    unknown: str = ""

    @property
    def about(self) -> dict[str, str]:
        """What the embeddings are made by (see `TrainedModel.about`). It differs for other models
        and for other shares."""
        if len(self.models) == 1:
            return self.models[0].about
        each = [model.about for model in self.models]
        shares = [f"{share:.6g}" for share in self.learned.shares]
        return {
            "model": digest([[about["model"] for about in each], shares]),
            "view": "original",
            **{fact: ", ".join(about[fact] for about in each) for fact in ("source", "preprocess")},
        }

    @property
    def sources(self) -> list[str]:
        """The boxes whose crops the models embed."""
        return list(dict.fromkeys(source for model in self.models for source in model.sources))

    @property
    def stand_ins(self) -> list[str]:
        """More boxes, which are cropped if a photograph has none of `sources`."""
        more = (m.primary for m in self.models if set(m.sources) != {WHOLE})
        return [source for source in dict.fromkeys(more) if source not in self.sources]

    def embed(
        self, shots: Sequence[Shot], individual_ids: Sequence[str], label: str
    ) -> tuple[Embeddings, dict[str, str]]:
        """Embed shots; embeddings that were kept are not computed again.

        Args:
            shots: animals in photographs.
            individual_ids: of each of them; empty if it is not known.
            label: the text of the progress bar.

        Returns:
            The embeddings of the shots that can be read, with the columns picture, content, those
            of `OF_CAMERA` (by EXIF), box, side (of the box, in pixels), sharpness, damage and
            confidence; and why the others cannot be read, by image.
        """
        failed: dict[str, str] = {}
        caches = [EmbeddingCache(self.home, model.about) for model in self.models]
        for model, cache in zip(self.models, caches, strict=True):
            failed |= embed_shots(model, shots, cache, self.batch_size, label)
        kept = [n for n, shot in enumerate(shots) if shot.image not in failed]
        good = [shots[n] for n in kept]
        rows, columns = [], {}
        for model, cache in zip(self.models, caches, strict=True):
            found, facts = cache.get([shot.key(model) for shot in good])
            rows.append(found)
            columns = columns or facts
        columns |= {
            "picture": _text(str(shot.path) for shot in good),
            "content": _text(shot.content for shot in good),
            **{name: _text(getattr(s.camera, name) for s in good) for name in OF_CAMERA},
            "confidence": _text(f"{shot.confidence:.4f}" for shot in good),
        }
        about, embedding = self.about, rows[0]
        if len(rows) > 1:
            embedding = stack(rows, weights=self.learned.shares).tile(slice(None))
            about = about | {WIDTHS: " ".join(str(part.shape[1]) for part in rows)}
        who = _text(individual_ids[n] for n in kept)
        images = _text(shot.image for shot in good)
        return Embeddings(embedding, images, who, about, columns=columns), failed

    def remarks(self, rank: Rank) -> list[str]:
        """Return sentences on what is unusual: settings without effect, and several models.
        What cannot be told about new individuals is said after the ranking."""
        said = [
            f"rank.{name}={getattr(rank, name)} does not count here: {why}."
            for name, (usual, why) in WITHOUT_EFFECT.items()
            if getattr(rank, name) not in usual
        ]
        if len(self.models) > 1:
            said.append(f"{len(self.models)} models identify together")
        return said


def load_identifier(
    model: str | Path | None, overrides: Sequence[str], gallery: Path | None = None
) -> tuple[Experiment, Identifier]:
    """Return the settings, and the models that the word MODEL of a command stands for as one.

    The settings `rank.members` and `rank.weights` choose among the models, unless the models' own
    catalogue has taught nothing. Then all models count as they are weighted.

    Args:
        model: see `find_models`; None: the gallery's own model, or if it has none because it is a
            catalogue folder, the one that nobody taught.
        overrides: `key=value`, which change the settings.
        gallery: a saved gallery or a catalogue folder; needed without a model.

    Raises:
        InputError: there is no such model, or it is no longer the one that embedded the gallery.
    """
    if model is None:
        word, kept = model_for(gallery)
        experiment, models = find_models(word, [f"output={OUTPUT}", *kept, *overrides])
        print(not_named(word, gallery, experiment.match))
    else:
        experiment, models = find_models(model, [f"output={OUTPUT}", *overrides])
    rank, home = experiment.rank, embeddings_home(experiment)
    learned, unknown = learned_of(models, rank)
    if unknown and len(models) > 1 and (rank.members or rank.weights == "chosen"):
        unknown += " So all models count, by the weights that are given."
    taken = [n for n, share in enumerate(learned.shares) if share > 0]
    learned = replace(learned, shares=tuple(learned.shares[n] for n in taken))
    chosen = tuple(models[n] for n in taken)
    found = Identifier(chosen, learned, home, experiment.embed.batch_size, unknown)
    if model is None:
        check_unchanged(gallery, word, found.about)
    return experiment, found


def of_camera(images: Embeddings) -> dict[str, list[str]]:
    """Return what EXIF says of images that an identifier has just embedded, by column."""
    return {name: images.column(name).tolist() for name in OF_CAMERA}


def damage_sentences(images: Embeddings) -> list[str]:
    """Return a sentence for each image whose file is damaged, in the decoder's words."""
    pairs = zip(images.image.tolist(), images.column("damage").tolist(), strict=True)
    return [f"{image}: {damage}" for image, damage in pairs if damage]


def _text(values) -> np.ndarray:
    return np.array(list(values), dtype=np.str_)
