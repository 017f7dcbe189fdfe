"""Command: the whole road on the synthetic pod, and what the trained model is worth there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

if TYPE_CHECKING:
    from tf_happywhale.catalogue.dataset import DataSet

EXAMPLES = [
    "python -m tf_happywhale.demo configs/demo.yaml",
    "python -m tf_happywhale.demo configs/demo.yaml seed=8 output=output/demo8",
]


def main(experiment: Experiment) -> None:
    """Run every stage on the pod, then compare with raw pixels, untrained features and chance."""
    import time

    from tf_happywhale import run
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.disk.files import write_json
    from tf_happywhale.errors import ConfigError
    from tf_happywhale.places import output_folder

    if experiment.data.root is not None or experiment.fold == "all" or experiment.variants:
        raise ConfigError(
            "The demo is of the synthetic pod and one model: leave out data.root, fold=all and "
            "variants."
        )
    started = time.monotonic()
    run.main(experiment)
    scores = compare(experiment, load_data(experiment))
    scores["seconds"] = round(time.monotonic() - started)
    output = output_folder(experiment)
    write_json(output / "demo.json", scores)
    print_scores(scores)
    print(f"\nlook at {output / 'report.html'}; the submission is {output / 'submission.csv'}")


def compare(experiment: Experiment, data: DataSet) -> dict:
    """mAP@5 on the held-out answers of the trained model and of what it has to beat."""
    from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
    from tf_happywhale.catalogue.pod.layout import NO_FIN
    from tf_happywhale.inference import baselines
    from tf_happywhale.places import data_root, run_folder
    from tf_happywhale.run_folders.model_files import load_model

    def crops(folder, images):
        return baselines.read_crops(folder, images, data.boxes, experiment.image_size)

    train, test = crops(data.train_folder, data.images), crops(data.test_folder, data.test_images)
    no_fin = crops(data_root(experiment) / NO_FIN, data.test_images)
    model = load_model(run_folder(experiment, experiment.fold) / "model.keras")
    untrained = baselines.untrained(experiment.model.backbone, experiment.model.weights)
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
        scores[name] = score(experiment, data, known, asked, truth)
    return scores


def score(experiment: Experiment, data: DataSet, gallery, queries, truth: list[str]) -> dict:
    """mAP@5 of one way to embed, ranked as `rank` does, and of its predictions shuffled."""
    import numpy as np

    from tf_happywhale.inference.baselines import chance
    from tf_happywhale.retrieval.embeddings import Embeddings
    from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
    from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
    from tf_happywhale.retrieval.ensemble.trained_on import all_but
    from tf_happywhale.retrieval.metrics import mean_average_precision
    from tf_happywhale.retrieval.ranking.ranking import rank_queries

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


def print_scores(scores: dict) -> None:
    """The comparison as a table for the terminal."""
    names = {
        "trained": "trained model",
        "untrained": "the same backbone, untrained on them",
        "raw_pixels": "raw pixels",
        "fins_masked_out": "trained model, fins masked out",
    }
    print(
        f"\n{scores['test_images']} held-out images, {scores['new_share']:.0%} of new individuals; "
        f"{scores['seconds']} s in all"
    )
    print(f"{'':40}{'mAP@5':>8}{'chance*':>10}{'97.5% of chance':>18}")
    for key, name in names.items():
        row = scores[key]
        print(f"{name:40}{row['map5']:8.3f}{row['chance']:10.3f}{row['chance_97.5%']:18.3f}")
    print("* the same predictions handed out to random images")


if __name__ == "__main__":
    command(main, "demo", __doc__, EXAMPLES)
