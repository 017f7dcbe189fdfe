"""Names of a Swin checkpoint's tensors, in either of the two layouts that timm has had."""

from __future__ import annotations

import re
from collections.abc import Mapping

BUFFERS = ("relative_position_index", "attn_mask")  # they follow from the architecture
OLD = "layers.0.downsample.reduction.weight"
MERGING = re.compile(r"layers\.(\d+)\.downsample\.")


def swin_names(stored: Mapping[str, str]) -> dict[str, str]:
    """Return the stored name of each tensor by timm's name of today, without buffers.

    Until timm 0.8 a stage ended with the merging that leads to the next one: `layers.0.downsample`
    is `layers.1.downsample` today, where the first stage has none.

    Args:
        stored: the stored name of each tensor by a name of either layout.
    """
    later = int(OLD in stored)

    def today(name: str) -> str:
        return MERGING.sub(lambda found: f"layers.{int(found[1]) + later}.downsample.", name)

    return {today(name): place for name, place in stored.items() if not name.endswith(BUFFERS)}
