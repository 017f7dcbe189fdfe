"""Clip gradients: all together by their norm, or those of each filter by the filter's norm."""

from __future__ import annotations

from keras import ops


def clip_by_global_norm(gradients: list, largest: float) -> list:
    """Return the gradients, scaled down by one factor if their common norm exceeds `largest`."""
    norm = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in gradients))
    factor = ops.minimum(1.0, largest / ops.maximum(norm, 1e-12))
    return [gradient * factor for gradient in gradients]


def clip_adaptively(gradients: list, variables: list, share: float) -> list:
    """Return the gradients, those of each filter scaled down to a share of the filter's norm.

    A filter is what makes one output: a column of a kernel, a channel of a depthwise one, a whole
    vector or number elsewhere. Norms of filters count as at least 1e-3, so that a filter that
    starts at zero can leave it. The head's centres are left alone, as in the paper.

    References:
        Brock et al.: High-Performance Large-Scale Image Recognition Without Normalization, ICML
        2021, https://arxiv.org/abs/2102.06171
    """
    clipped = []
    for gradient, variable in zip(gradients, variables, strict=True):
        if variable.name == "centre":
            clipped.append(gradient)
            continue
        rank = len(variable.shape)
        depthwise = rank == 4 and variable.shape[-1] == 1
        axes = (0, 1, 3) if depthwise else tuple(range(rank - 1)) if rank > 1 else None
        largest = share * ops.maximum(_norms(ops.convert_to_tensor(variable), axes), 1e-3)
        norm = ops.maximum(_norms(gradient, axes), 1e-6)
        clipped.append(gradient * ops.minimum(1.0, largest / norm))
    return clipped


def _norms(values, axes):
    return ops.sqrt(ops.sum(ops.square(values), axis=axes, keepdims=axes is not None))
