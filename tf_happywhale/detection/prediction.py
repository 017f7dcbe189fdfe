"""`detect predict`: the boxes of all photographs, as the detector's models see them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tf_happywhale.config import Experiment
from tf_happywhale.detection.all_photographs import find_photographs, hash_contents
from tf_happywhale.detection.box_choice import select_boxes
from tf_happywhale.detection.boxes_table import WITHOUT, manual_rows, write_boxes
from tf_happywhale.detection.cache_by_name import detect_by_name
from tf_happywhale.detection.detections import Seen
from tf_happywhale.detection.detector_models import find_models, origin
from tf_happywhale.detection.letterbox import square_side
from tf_happywhale.detection.networks import open_network
from tf_happywhale.disk.files import write_csv
from tf_happywhale.disk.hashes import digest, sha256
from tf_happywhale.errors import Incomplete, InputError
from tf_happywhale.places import detector_folder


def predict(experiment: Experiment) -> None:
    """Write `boxes.csv` for all photographs, and `without_box.csv` with the reasons.

    Raises:
        InputError: weights or a package are missing, the models find no wanted source, or a
            corrected row of `boxes.csv` has the detector's origin.
        Incomplete: photographs cannot be read; both files are written for the others.
    """
    settings, folder = experiment.detect, detector_folder(experiment)
    photographs = find_photographs(experiment)
    manual_rows(folder / "boxes.csv")  # its errors come before the networks' hours
    seen, known = run_models(experiment, photographs)
    sources = [source for source in known if source in (settings.sources or known)]
    if not sources:
        raise InputError(
            f"The models find {' and '.join(known)}, none of which is in detect.sources "
            f"({' and '.join(settings.sources)}): correct detect.sources or detect.models."
        )
    boxes, without = select_boxes(seen, sources, settings)
    file, reasons = folder / "boxes.csv", folder / "without_box.csv"
    table = write_boxes(file, photographs, boxes, origin(experiment))
    write_csv(reasons, pd.DataFrame(without, columns=WITHOUT))
    print(
        f"detect: {table['image'].nunique()} of {len(photographs)} photographs have a box: {file}"
    )
    for source in ["", *sources]:
        count = sum(row[1] == source for row in without)
        what = f"have no {source} box and are used whole" if source else "cannot be read"
        if count:
            print(f"detect: {count} photographs {what}, see {reasons}")
    print(
        f"detect: to use the boxes, set data.boxes={file.resolve()} and "
        f"records.source={' or '.join(sources)}"
    )
    unread = sum(not row[1] for row in without)
    if unread:
        raise Incomplete(
            f"{unread} photographs cannot be read and have no box: replace or remove them; "
            f"{reasons} says why."
        )


def run_models(
    experiment: Experiment, photographs: Mapping[str, Path]
) -> tuple[dict[str, list[Seen]], list[str]]:
    """Return what the models see in each photograph, and the sources that they know.

    A photograph is looked at by the models that were not trained on it; if all were, by all.

    Raises:
        InputError: weights or a package are missing.
    """
    settings, home = experiment.detect, detector_folder(experiment)
    models = find_models(experiment)
    flattered = {image for image in photographs if all(image in known for known in models.values())}
    if flattered:
        print(
            f"detect: {len(flattered)} photographs are looked at by models that were trained on "
            "them, so their boxes are better than those of new photographs will be. With fold=all "
            "in detect train and detect predict, another model looks at each of them."
        )
    contents = hash_contents(experiment, photographs)
    seen: dict[str, list[Seen]] = {image: [] for image in photographs}
    sources: set[str] = set()
    for weights, known in models.items():
        network = open_network(weights, home)
        side = network.side or square_side(settings.image_size)
        images = [image for image in photographs if image in flattered or image not in known]
        found = detect_by_name(
            network,
            {image: photographs[image] for image in images},
            contents,
            home / "seen" / digest([sha256(weights), side, settings.batch_size])[:16],
            side=side,
            batch_size=settings.batch_size,
            label=f"looking with {weights.parent.name}/{weights.name}",
        )
        for image, view in found.items():
            seen[image].append(view)
        sources |= set(network.sources)
    return seen, sorted(sources)
