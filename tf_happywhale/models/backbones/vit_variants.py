"""Vision transformers by timm's names. Only published models use them: no training starts from one.

Source: Oquab et al.: DINOv2: Learning Robust Visual Features without Supervision, 2023,
https://arxiv.org/abs/2304.07193
"""

from __future__ import annotations

from dataclasses import dataclass

from tf_happywhale.models.backbones.variants import IMAGENET


@dataclass(frozen=True)
class ViT:
    """A network of attention between all patches of a picture, for pictures of one size.

    What it adds to each patch for its place belongs to that place.
    """

    timm: str  # timm's name of the architecture
    size: int  # side of the pictures, pixels
    channels: int  # of a patch's features, and of an embedding
    depth: int  # blocks
    heads: int  # of each attention
    patch: int = 14  # side of a patch, pixels
    mean_std: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET  # of pixels in 0–1

    @property
    def side(self) -> int:
        """Patches along a side of a picture."""
        return self.size // self.patch


VITS: dict[str, ViT] = {
    vit.timm: vit
    for vit in (
        ViT("vit_small_patch14_dinov2", 518, channels=384, depth=12, heads=6),
        ViT("vit_base_patch14_dinov2", 518, channels=768, depth=12, heads=12),
        ViT("vit_large_patch14_dinov2", 518, channels=1024, depth=24, heads=16),
    )
}
