"""Command: run every stage on the synthetic pod, and compare the model with simpler methods."""

from __future__ import annotations

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

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
    from tf_happywhale.inference.pod_comparison import compare_on_pod
    from tf_happywhale.places import output_folder

    if experiment.data.root is not None or experiment.fold == "all" or experiment.variants:
        raise ConfigError(
            "The demo is of the synthetic pod and one model: leave out data.root, fold=all and "
            "variants."
        )
    started = time.monotonic()
    run.main(experiment)
    scores = compare_on_pod(experiment, load_data(experiment))
    scores["seconds"] = round(time.monotonic() - started)
    output = output_folder(experiment)
    write_json(output / "demo.json", scores)
    print_scores(scores)
    print(f"\nlook at {output / 'report.html'}; the submission is {output / 'submission.csv'}")


def print_scores(scores: dict) -> None:
    """Print the comparison as a table."""
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
