"""Command: write the TFRecords of an experiment, or verify them."""

from __future__ import annotations

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

VERBS = {
    "write": "crop the photographs and write the shards that are not there (the default)",
    "verify": "check every shard against the manifest",
}
EXAMPLES = [
    "python -m tf_happywhale.tfrecords configs/demo.yaml",
    "python -m tf_happywhale.tfrecords write configs/demo.yaml image_size=256 records.dir=records",
    "python -m tf_happywhale.tfrecords verify configs/demo.yaml",
]


def main(verb: str, experiment: Experiment) -> None:
    """Write or verify the records folder of the experiment."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.records.folder import verify
    from tf_happywhale.records.plan import plan_records
    from tf_happywhale.records.writer import write_records

    plan = plan_records(experiment, load_data(experiment))
    if verb == "verify":
        counts = ", ".join(f"{n} {split}" for split, n in verify(plan.folder).items())
        print(f"{plan.folder}: every shard is as it was written ({counts} images)")
        return
    made_by = experiment.model_dump(mode="json", include={"data", "records", "image_size", "seed"})
    shard_images = experiment.records.shard_images
    boxed = sum(photograph.box is not None for photograph in plan.photographs)
    if experiment.records.source != "whole":
        print(
            f"tfrecords: {boxed} of {len(plan.photographs)} images have a box of source "
            f"{experiment.records.source}; the others are used whole"
        )
    if write_records(plan, shard_images=shard_images, made_by=made_by):
        print(f"tfrecords: {len(plan.photographs)} images in {plan.folder}")
    else:
        print(f"tfrecords: up to date in {plan.folder}")


if __name__ == "__main__":
    command(main, "tfrecords", __doc__, EXAMPLES, VERBS)
