"""How likely it is that a box shows the animal that a photograph was taken of."""

from __future__ import annotations

import math

from tf_happywhale.catalogue.boxes.box import AnyBox, RelativeBox

SPREAD = 0.15  # of the picture's sides: how far from its middle such an animal usually is


def prominence(box: AnyBox) -> float:
    """Return a factor from 0 to 1 of a detector's confidence: 1 for a box of the whole picture.

    A photographer puts the animal that is meant in the middle, and near. So the factor is the root
    of the box's share of the picture, and falls with the distance from the picture's middle to the
    middle half of the box. It is 1 for a box in pixels, of which the picture's size is not known.
    """
    if not isinstance(box, RelativeBox):
        return 1.0
    width, height = box.xmax - box.xmin, box.ymax - box.ymin
    across = max(0.0, abs((box.xmin + box.xmax) / 2 - 0.5) - width / 4)
    down = max(0.0, abs((box.ymin + box.ymax) / 2 - 0.5) - height / 4)
    near = math.exp(-(across**2 + down**2) / (2 * SPREAD**2))
    return math.sqrt(min(max(width * height, 0.0), 1.0)) * near
