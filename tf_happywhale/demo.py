"""Command: run every stage on the synthetic pod, and compare the model with simpler methods."""

from __future__ import annotations

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

VERBS = {
    "run": "draw the pod, train on it, identify, and measure (the default)",
    "draw": "draw a catalogue and new photographs into output=DIR, and nothing else",
}
EXAMPLES = [
    "python -m tf_happywhale.demo configs/demo.yaml",
    "python -m tf_happywhale.demo configs/demo.yaml seed=8 output=output/demo8",
    "python -m tf_happywhale.demo draw configs/first_day.yaml",
]


def main(experiment: Experiment) -> None:
    """Run every stage on the pod, then compare with raw pixels, untrained features and chance."""
    import time

    from tf_happywhale import run
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.disk.files import write_json
    from tf_happywhale.errors import ConfigError
    from tf_happywhale.inference.explained.pod_comparison import compare_on_pod
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


def draw(experiment: Experiment) -> None:
    """Draw the pod's photographs, and lay them out as a catalogue and a folder of new ones."""
    from tf_happywhale.catalogue.dataset import draw_pod
    from tf_happywhale.catalogue.pod.first_day import write_first_day
    from tf_happywhale.errors import ConfigError
    from tf_happywhale.places import data_root, output_folder

    if experiment.data.root is not None:
        raise ConfigError("`draw` draws new photographs: leave out data.root.")
    draw_pod(experiment)
    written = write_first_day(data_root(experiment), home := output_folder(experiment))
    for folder in (home / "catalogue", home / "new_photographs"):
        there = "" if folder in written else " (it was there already)"
        print(f"{folder}: {len(list(folder.rglob('*.jpg')))} photographs{there}")


def handle(verb: str, experiment: Experiment) -> None:
    """Run, or draw, as the verb says."""
    {"run": main, "draw": draw}[verb](experiment)


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
    command(handle, "demo", __doc__, EXAMPLES, VERBS)
