"""A published model beside timm's network with the same file. Only this needs PyTorch and timm."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

from tf_happywhale.models.published_models.table import PublishedModel
from tf_happywhale.models.weights.parity import SIZES, timm_model


def compare_embeddings(
    published: PublishedModel, model: keras.Model, tensors: Mapping[str, np.ndarray]
) -> list[str]:
    """Return a line for each size of pictures, with the largest cosine distance between the
    embeddings of our model and of timm's network.

    Args:
        published: which model it is.
        model: ours, with the weights of its file.
        tensors: of that file, by timm's names; see `named_tensors`.
    """
    theirs, lines = timm_model(published.backbone, tensors), []
    for size in (published.size,) if published.fixed else SIZES:
        shape = (2, size, size, 3)
        pictures = np.random.default_rng(size).integers(0, 256, shape, dtype=np.uint8)
        wanted = _by_timm(published, theirs, tensors, pictures)
        found = np.asarray(model.predict_on_batch(pictures), np.float64)
        unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (found, wanted)]
        distance = ((unit[0] - unit[1]) ** 2).sum(axis=1).max() / 2
        lines.append(f"parity with timm, {size} px: largest cosine distance {distance:.1e}")
    return lines


def _by_timm(
    published: PublishedModel, theirs, tensors: Mapping[str, np.ndarray], pictures: np.ndarray
) -> np.ndarray:
    """Return the embeddings float64 [n, d] of pictures uint8 [n, s, s, 3] by timm's network, and
    NumPy's GeM and BatchNorm."""
    import torch

    mean, deviation = (np.array(part, np.float32) for part in published.mean_std)
    normalised = ((pictures / np.float32(255) - mean) / deviation).transpose(0, 3, 1, 2)
    with torch.inference_mode():
        batch = torch.from_numpy(np.ascontiguousarray(normalised, np.float32))
        if published.pooling != "gem":
            pooled = theirs(batch).numpy().astype(np.float64)
        else:
            features = theirs.forward_features(batch).numpy().astype(np.float64)
            power = float(np.asarray(tensors["gem.p"]).reshape(-1)[0])
            pooled = (np.maximum(features, 1e-6) ** power).mean(axis=(2, 3)) ** (1 / power)
    if not published.norm:
        return pooled
    names = ("weight", "bias", "running_mean", "running_var")
    weight, bias, middle, variance = (np.asarray(tensors[f"neck.{name}"]) for name in names)
    return (pooled - middle) / np.sqrt(variance + 1e-5) * weight + bias
