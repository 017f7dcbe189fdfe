"""timm's values for the tests of our vision transformers, which have no PyTorch: part of
`python benchmarks/parity.py --fixtures`. The whole networks are compared as published models, see
parity_published.py."""

from __future__ import annotations

from dataclasses import asdict

import timm
import torch
from small_peers import by_formula, random_picture
from timm.models.vision_transformer import VisionTransformer

from tf_happywhale.models.backbones.vit_variants import VITS, ViT

SMALL = ViT("small", 56, channels=12, depth=3, heads=2)


def vit_fixtures() -> dict:
    """What a small network with weights by formula gives for a random picture; and what tells
    timm's real networks from others."""
    return {"small": small_values(), "architectures": {name: architecture(name) for name in VITS}}


def small_values() -> dict:
    model = by_formula(
        VisionTransformer(
            img_size=SMALL.size,
            patch_size=SMALL.patch,
            embed_dim=SMALL.channels,
            depth=SMALL.depth,
            num_heads=SMALL.heads,
            init_values=1.0,
            num_classes=0,
        )
    )
    batch = random_picture(SMALL.size, SMALL.mean_std)
    last = SMALL.depth - 1
    with torch.inference_mode():
        (inner,) = model.forward_intermediates(batch, [last - 1], intermediates_only=True)
        cells = model.blocks[last].norm1(inner.permute(0, 2, 3, 1))
        embedding = model(batch)
    values = {"cells": cells, "embedding": embedding}
    return {
        "variant": asdict(SMALL),
        "names": list(model.state_dict()),
        "values": {name: rounded(value) for name, value in values.items()},
    }


def rounded(value: torch.Tensor) -> dict:
    flat = value.numpy().ravel()
    return {"shape": list(value.shape), "values": [float(f"{v:.7g}") for v in flat]}


def architecture(name: str) -> dict:
    with torch.device("meta"):
        model = timm.create_model(name, num_classes=0)
    return {
        "size": model.default_cfg["input_size"][-1],
        "channels": model.embed_dim,
        "depth": len(model.blocks),
        "heads": model.blocks[0].attn.num_heads,
        "patch": model.patch_embed.patch_size[0],
        "mean_std": [list(model.default_cfg[key]) for key in ("mean", "std")],
        "parameters": sum(p.numel() for p in model.parameters()),
    }
