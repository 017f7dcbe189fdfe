"""Swin transformers by timm's names. Only published models use them: no training starts from one.

Source: Liu et al.: Swin Transformer, ICCV 2021, https://arxiv.org/abs/2103.14030
"""

from __future__ import annotations

from dataclasses import dataclass

from tf_happywhale.models.backbones.variants import IMAGENET


@dataclass(frozen=True)
class Swin:
    """A network of attention inside windows, for pictures of one size.

    A stage's tables of relative positions belong to its windows, which have to divide its map.
    """

    timm: str  # timm's name of the architecture
    size: int  # side of the pictures, pixels
    window: int  # side of a window, cells
    channels: int  # of the first stage; each further stage has twice as many
    depths: tuple[int, ...]  # blocks of each stage
    heads: tuple[int, ...]  # of the attention in each stage
    patch: int = 4  # side of a cell of the first stage, pixels
    mean_std: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET  # of pixels in 0–1


def _swin(letters: str, size: int, channels: int, third: int, heads: int, window: int = 7) -> Swin:
    """Return a Swin of four stages, of which the third has `third` blocks, and the first `heads`
    heads."""
    return Swin(
        timm=f"swin_{letters}_patch4_window{window}_{size}",
        size=size,
        window=window,
        channels=channels,
        depths=(2, 2, third, 2),
        heads=tuple(heads * 2**stage for stage in range(4)),
    )


SWINS: dict[str, Swin] = {
    swin.timm: swin
    for swin in (
        _swin("tiny", 224, channels=96, third=6, heads=3),
        _swin("small", 224, channels=96, third=18, heads=3),
        _swin("base", 224, channels=128, third=18, heads=4),
        _swin("large", 224, channels=192, third=18, heads=6),
        _swin("large", 384, channels=192, third=18, heads=6, window=12),
    )
}
