"""Which of the detected boxes are kept, and how much they are enlarged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tf_happywhale.catalogue.boxes.corner_cells import can_be_written
from tf_happywhale.config import Detect
from tf_happywhale.detection.detections import Detection, Seen, sources_of
from tf_happywhale.detection.fusion import fuse
from tf_happywhale.messages import say_once

TOO_SMALL = "it is smaller than a pixel, or it is only the pixel in the corner"


def select_boxes(
    seen: Mapping[str, Sequence[Seen]], sources: Sequence[str], settings: Detect
) -> tuple[dict[str, list[Detection]], list[list[str]]]:
    """Return the boxes of each photograph that are kept, and what has no box.

    Args:
        seen: what each model saw in each photograph.
        sources: what to look for.
        settings: fusion, choice, padding and the lowest confidence.

    Returns:
        The boxes by image; and rows of image, source and reason: one for each source without a
        box, and one with an empty source for a photograph that cannot be read.
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
                padded = [pad(box, settings.padding, *size) for box in chosen[source]]
                large = [box for box in padded if can_be_written(box.corners)]
                boxes[image] += large
                if not large:
                    without.append([image, source, TOO_SMALL])
                elif len(large) < len(padded):
                    say_once(f"detect: {image}: a {source} box is left out: {TOO_SMALL}")
            else:
                highest = max((box.confidence for box in found if box.source == source), default=0)
                limit = f"no box of confidence {settings.confidence:g}"
                without.append([image, source, f"{limit}: the highest is {highest:.4f}"])
    return boxes, without


def choose(
    found: Sequence[Detection], confidence: float, choice: str
) -> dict[str, list[Detection]]:
    """Return the chosen box or boxes of each source that has a box of at least `confidence`.

    Args:
        found: the boxes in one image.
        confidence: the lowest confidence of a box that counts.
        choice: `best` is the most confident box; `largest` has the largest area; `union` is the
            rectangle around all boxes, with their highest confidence; `all` is every box, the
            most confident first.
    """
    chosen = {}
    for source in sources_of(found):
        boxes = [d for d in found if d.source == source and d.confidence >= confidence]
        if not boxes:
            continue
        if choice == "union":
            xmin, ymin, xmax, ymax = zip(*(box.corners for box in boxes), strict=True)
            highest = max(box.confidence for box in boxes)
            around = Detection(source, min(xmin), min(ymin), max(xmax), max(ymax), highest)
            chosen[source] = [around]
        elif choice == "largest":
            chosen[source] = [max(boxes, key=lambda box: (box.area, box.confidence))]
        else:
            by_confidence = sorted(boxes, key=lambda box: (-box.confidence, -box.area))
            chosen[source] = by_confidence if choice == "all" else by_confidence[:1]
    return chosen


def pad(box: Detection, padding: Mapping[str, float], width: int, height: int) -> Detection:
    """Return the box enlarged on each side by its source's share, within the picture.

    Args:
        box: in pixels of the picture.
        padding: shares of the box's width and height, by source.
        width, height: of the picture, pixels.
    """
    share = padding.get(box.source, 0.0)
    across, down = share * (box.xmax - box.xmin), share * (box.ymax - box.ymin)
    return Detection(
        box.source,
        max(0.0, box.xmin - across),
        max(0.0, box.ymin - down),
        min(float(width), box.xmax + across),
        min(float(height), box.ymax + down),
        box.confidence,
    )
