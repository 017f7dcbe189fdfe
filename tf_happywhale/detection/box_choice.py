"""Which boxes of an image and source are kept, and how much they are enlarged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tf_happywhale.detection.detections import Detection, sources_of


def choose(
    found: Sequence[Detection], confidence: float, choice: str
) -> dict[str, list[Detection]]:
    """The box, or the boxes, of each source that has any of at least `confidence`.

    Args:
        found: boxes of one image.
        confidence: lowest of a box that counts.
        choice: `best` takes the most confident, `largest` the largest area, `union` the rectangle
            around all, with the highest confidence among them; `all` takes each, the most
            confident first.
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
    """The box with its source's share of it added on each side, inside the picture."""
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
