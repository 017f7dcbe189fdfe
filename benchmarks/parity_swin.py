"""timm's values for the tests of our Swin transformers, which have no PyTorch: part of
`python benchmarks/parity.py --fixtures`. The whole networks are compared as published models, see
parity_published.py."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import timm
import torch
from small_peers import by_formula, random_picture
from timm.models.swin_transformer import SwinTransformer

from tf_happywhale.models.backbones.build import FEATURES
from tf_happywhale.models.backbones.swin_variants import SWINS, Swin

# The second stage has shifted windows, and the map of the last one is smaller than a window.
SMALL = Swin("small", 64, window=4, channels=8, depths=(1, 2, 2, 1), heads=(1, 2, 2, 4))
SHOWN = 48  # values of each map


def swin_fixtures() -> dict:
    """Maps of one random picture by a small network with weights by formula, some values of each;
    and what tells timm's real networks from others."""
    return {"small": small_values(), "architectures": {name: architecture(name) for name in SWINS}}


def small_values() -> dict:
    model = by_formula(
        SwinTransformer(
            img_size=SMALL.size,
            patch_size=SMALL.patch,
            window_size=SMALL.window,
            embed_dim=SMALL.channels,
            depths=SMALL.depths,
            num_heads=SMALL.heads,
            num_classes=0,
        )
    )
    batch = random_picture(SMALL.size, SMALL.mean_std)
    with torch.inference_mode():
        inner = model.forward_intermediates(batch, (2, 3), intermediates_only=True)
        found = [*(one.permute(0, 2, 3, 1) for one in inner), model.forward_features(batch)]
    maps = {}
    for feature, value in zip(FEATURES, found, strict=True):
        flat = value.numpy()
        places = np.random.RandomState(1).randint(0, flat.size, SHOWN)
        maps[feature] = {
            "shape": list(flat.shape),
            "largest": float(np.abs(flat).max()),
            "places": places.tolist(),
            "values": [float(f"{v:.7g}") for v in flat.ravel()[places]],
        }
    return {"variant": asdict(SMALL), "names": list(model.state_dict()), "maps": maps}


def architecture(name: str) -> dict:
    with torch.device("meta"):
        model = timm.create_model(name, num_classes=0)
    attentions = [stage.blocks[0].attn for stage in model.layers]
    return {
        "depths": [len(stage.blocks) for stage in model.layers],
        "channels": [attention.dim for attention in attentions],
        "heads": [attention.num_heads for attention in attentions],
        "windows": [attention.window_size[0] for attention in attentions],
        "patch": model.patch_embed.patch_size[0],
        "size": model.default_cfg["input_size"][-1],
        "mean_std": [list(model.default_cfg[key]) for key in ("mean", "std")],
    }
