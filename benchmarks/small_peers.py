"""A small network of timm with weights by formula, and a random picture as it sees it."""

from __future__ import annotations

import numpy as np
import torch

from tf_happywhale.models.weights.parity import formula_tensor


def by_formula(model: torch.nn.Module) -> torch.nn.Module:
    """Return the network for inference, with each tensor computed from its name and shape."""
    state = {
        key: torch.from_numpy(formula_tensor(key, value.shape))
        for key, value in model.state_dict().items()
    }
    model.load_state_dict(state)
    return model.eval()


def random_picture(size: int, mean_std: tuple) -> torch.Tensor:
    """Return the tests' random picture, normalised, float32 [1, 3, size, size]."""
    picture = np.random.RandomState(7).randint(0, 256, (1, size, size, 3))
    mean, std = (np.array(values, np.float32) for values in mean_std)
    batch = ((picture / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(batch, np.float32))
