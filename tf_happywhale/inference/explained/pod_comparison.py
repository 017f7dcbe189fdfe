"""The demo's comparison: the trained model against simpler methods on the synthetic pod."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.dataset import DataSet
from tf_happywhale.catalogue.pod.layout import NO_FIN
from tf_happywhale.config import Experiment
from tf_happywhale.inference.explained import baselines
from tf_happywhale.inference.explained.baselines import chance
from tf_happywhale.models.pretrained import mean_pooled
from tf_happywhale.places import data_root, run_folder
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.trained_on import all_but
from tf_happywhale.retrieval.metrics import mean_average_precision
from tf_happywhale.retrieval.ranking.ranking import rank_queries
from tf_happywhale.run_folders.model_files import load_model


def compare_on_pod(experiment: Experiment, data: DataSet) -> dict:
    """Return mAP@5 on the held-out answers, of the trained model and of simpler methods: the same
    backbone untrained, raw pixels, and the trained model on pictures without the animal."""

    def crops(folder: Path, images: list[str]) -> np.ndarray:
        return baselines.read_crops(folder, images, data.boxes, experiment.image_size)

    train, test = crops(data.train_folder, data.images), crops(data.test_folder, data.test_images)
    no_fin = crops(data_root(experiment) / NO_FIN, data.test_images)
    model = load_model(run_folder(experiment, experiment.fold) / "model.keras")
    untrained = mean_pooled(experiment.model.backbone, experiment.model.weights)
    gallery = baselines.features(model, train)
    embedded = {
        "trained": (gallery, baselines.features(model, test)),
        "untrained": (baselines.features(untrained, train), baselines.features(untrained, test)),
        "raw_pixels": (baselines.raw_pixels(train), baselines.raw_pixels(test)),
        "fins_masked_out": (gallery, baselines.features(model, no_fin)),
    }
    truth = [data.answers[image] for image in data.test_images]
    scores: dict = {
        "test_images": len(truth),
        "new_share": truth.count(NEW_INDIVIDUAL) / len(truth),
    }
    for name, (known, asked) in embedded.items():
        scores[name] = _score(experiment, data, known, asked, truth)
    return scores


def _score(
    experiment: Experiment,
    data: DataSet,
    gallery: np.ndarray,
    queries: np.ndarray,
    truth: list[str],
) -> dict:
    """Return mAP@5 of one way to embed, ranked as `rank` does, and of its predictions shuffled."""
    about = {"trained_on": all_but(experiment.fold, data.name, data.fold_of)}
    known = Embeddings(gallery, np.array(data.images), np.array(data.individual_ids), about)
    unknown = np.full(len(data.test_images), "")
    asked = Embeddings(queries, np.array(data.test_images), unknown, about)
    ranked = rank_queries(
        LabelledGallery(make_ensemble([known], data.images), data.individual_ids, data.fold_of),
        make_ensemble([asked], data.test_images),
        [1.0],
        experiment.rank,
    ).ids()
    mean, highest = chance(ranked, truth, experiment.seed)
    return {"map5": mean_average_precision(ranked, truth), "chance": mean, "chance_97.5%": highest}
