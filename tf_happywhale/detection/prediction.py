"""The boxes of photographs: the models look at them, then boxes are fused, chosen and padded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tf_happywhale.config import Detect, Experiment
from tf_happywhale.detection.all_photographs import hash_contents
from tf_happywhale.detection.box_choice import choose, pad
from tf_happywhale.detection.cache_by_name import Seen, detect_by_name
from tf_happywhale.detection.detections import Detection
from tf_happywhale.detection.detector_models import find_models
from tf_happywhale.detection.fusion import fuse
from tf_happywhale.detection.letterbox import square_side
from tf_happywhale.detection.networks import open_network
from tf_happywhale.disk.hashes import digest, sha256
from tf_happywhale.places import detector_folder


def look(
    experiment: Experiment, photographs: Mapping[str, Path]
) -> tuple[dict[str, list[Seen]], list[str]]:
    """What the models see in each photograph, and the sources they know.

    A photograph that some models have learnt from is looked at by the others only; where there are
    no others, by all. It is looked at in the size that the weights name.

    Raises:
        InputError: weights or a package are missing.
    """
    settings, home = experiment.detect, detector_folder(experiment)
    models = find_models(experiment)
    flattered = {image for image in photographs if all(image in known for known in models.values())}
    if flattered:
        print(
            f"detect: {len(flattered)} photographs are looked at by models that have learnt from "
            "them, so that their boxes look better than those of new ones will be; with fold=all "
            "in detect train and detect predict there is another model for each"
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


def draw_boxes(
    seen: Mapping[str, Sequence[Seen]], sources: Sequence[str], settings: Detect
) -> tuple[dict[str, list[Detection]], list[list[str]]]:
    """The boxes that are kept of each photograph, and the photographs without a box.

    Args:
        seen: of each photograph what each model sees.
        sources: what to look for.
        settings: fusion, choice, padding and the lowest confidence.

    Returns:
        Boxes by image, and rows of image, source and reason for a photograph that cannot be read
        (its source is empty) and for each source without a box.
    """
    boxes: dict[str, list[Detection]] = {}
    without: list[list[str]] = []
    for image, views in seen.items():
        boxes[image] = []
        if views[0].reason:
            without.append([image, "", views[0].reason])
            continue
        found = fuse([view.found for view in views], settings.overlap)
        chosen = choose(found, settings.confidence, settings.choice)
        for source in sources:
            if source in chosen:
                size = views[0].width, views[0].height
                boxes[image] += [pad(box, settings.padding, *size) for box in chosen[source]]
            else:
                highest = max((box.confidence for box in found if box.source == source), default=0)
                limit = f"no box of confidence {settings.confidence:g}"
                without.append([image, source, f"{limit}: the highest is {highest:.4f}"])
    return boxes, without
