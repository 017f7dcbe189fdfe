"""Command: write the TFRecords of an experiment, verify them, or show what training sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment, variants_of

if TYPE_CHECKING:
    from tf_happywhale.catalogue.dataset import DataSet
    from tf_happywhale.records.plan import RecordsPlan

VERBS = {
    "write": "crop the photographs and write the missing shards (the default)",
    "verify": "check every shard against the manifest",
    "sheet": "draw <output>/augmented.jpg: a few images as training sees them, epoch by epoch",
}
EXAMPLES = [
    "python -m tf_happywhale.tfrecords configs/demo.yaml",
    "python -m tf_happywhale.tfrecords write configs/demo.yaml image_size=256 records.dir=records",
    "python -m tf_happywhale.tfrecords verify configs/demo.yaml",
    "python -m tf_happywhale.tfrecords write configs/demo.yaml --runner=DirectRunner",
    "python -m tf_happywhale.tfrecords sheet configs/demo.yaml augment.cutout_p=1",
]
ROWS = 8  # of the contact sheet


def main(verb: str, experiment: Experiment) -> None:
    """Write or verify the records folder of the experiment, or of its variants and of published
    models among its members; or draw from it."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.inference.embedding.embed_published import published_members
    from tf_happywhale.records.manifest import verify
    from tf_happywhale.records.plan import plan_records

    more = [] if verb == "sheet" else published_members(experiment)
    for variant in [*variants_of(experiment), *(model.experiment for model in more)]:
        data = load_data(variant)
        plan = plan_records(variant, data)
        if verb == "verify":
            counts = ", ".join(f"{n} {split}" for split, n in verify(plan.folder).items())
            print(f"{plan.folder}: every shard is as it was written ({counts} images)")
        elif verb == "sheet":
            draw(variant, data, plan)
        else:
            write(variant, data, plan)


def write(experiment: Experiment, data: DataSet, plan: RecordsPlan) -> None:
    """Write the shards that are missing in the records folder."""
    from tf_happywhale.records.faulty_photographs import is_written
    from tf_happywhale.records.manifest import DAMAGED_TABLE
    from tf_happywhale.records.plan_warnings import plan_warnings

    for sentence in plan_warnings(plan, data):
        print(f"tfrecords: {sentence}")
    there = is_written(plan.folder, skip_unreadable=experiment.records.skip_unreadable)
    written = not there and write_missing(experiment, plan)
    if (plan.folder / DAMAGED_TABLE).is_file():
        print(
            "tfrecords: some photographs are damaged, a part of the picture is missing or wrong: "
            f"{plan.folder / DAMAGED_TABLE} lists them"
        )
    count = f"{len(plan.photographs)} images" if written else "up to date"
    print(f"tfrecords: {count} in {plan.folder}")


def write_missing(experiment: Experiment, plan: RecordsPlan) -> bool:
    """Write the missing shards; return False if another process has written them meanwhile."""
    from tf_happywhale.records.writer import write_records  # with TensorFlow, which takes seconds

    records, options = experiment.records, experiment.beam_options
    if not options and records.engine == "beam":
        options = records.beam_options
    return write_records(
        plan,
        shard_images=records.shard_images,
        made_by=experiment.model_dump(
            mode="json", include={"data", "records", "image_size", "seed"}
        ),
        skip_unreadable=records.skip_unreadable,
        beam_options=list(options) if options or records.engine == "beam" else None,
    )


def draw(experiment: Experiment, data: DataSet, plan: RecordsPlan) -> None:
    """Draw the contact sheet of images spread over the catalogue."""
    from tf_happywhale.places import output_folder
    from tf_happywhale.records.augmented_sheet import draw_sheet
    from tf_happywhale.records.manifest import skipped_images

    images = data.without(skipped_images(plan.folder)).images
    file = output_folder(experiment) / "augmented.jpg"
    draw_sheet(file, plan.folder, images[:: max(1, len(images) // ROWS)][:ROWS], experiment)
    print(f"tfrecords: look at {file}; the first column is what evaluation sees")


if __name__ == "__main__":
    command(main, "tfrecords", __doc__, EXAMPLES, VERBS, beam=True)
