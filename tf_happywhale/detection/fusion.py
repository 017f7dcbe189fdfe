"""Weighted box fusion: joins the boxes that several models find in one photograph.

Solovyev, Wang, Gabruseva: Weighted boxes fusion: ensembling boxes from different object detection
models (Image and Vision Computing, 2021).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_happywhale.detection.detections import Detection, overlaps, sources_of


def fuse(models: Sequence[Sequence[Detection]], overlap: float) -> list[Detection]:
    """Return the boxes of several models, with one box for each animal.

    The boxes are taken by falling confidence. A box joins the fused box of its source that it
    overlaps most, if by more than `overlap`; else it begins a new one. A fused box is the mean of
    its members' corners, weighted by confidence. Its confidence is the mean of theirs, times the
    number of members over the number of models (at most 1): a box that only one model sees counts
    less. The boxes of a single model are returned unchanged.

    Args:
        models: the boxes of each model.
        overlap: intersection over union.
    """
    if len(models) == 1:
        return list(models[0])
    everything = [detection for found in models for detection in found]
    return [
        fused
        for source in sources_of(everything)
        for fused in _fuse_source([d for d in everything if d.source == source], models, overlap)
    ]


def _fuse_source(
    found: list[Detection], models: Sequence[Sequence[Detection]], overlap: float
) -> list[Detection]:
    clusters: list[list[Detection]] = []
    means = np.zeros((0, 4))
    for detection in sorted(found, key=lambda detection: -detection.confidence):
        shared = overlaps(np.array(detection.corners), means)
        if len(shared) and shared.max() > overlap:
            place = int(shared.argmax())
            clusters[place].append(detection)
            means[place] = _mean(clusters[place])
        else:
            clusters.append([detection])
            means = np.concatenate([means, _mean([detection])[None]])
    fused = []
    for members, mean in zip(clusters, means, strict=True):
        confidence = sum(member.confidence for member in members) / len(members)
        confidence *= min(len(members), len(models)) / len(models)
        fused.append(Detection(members[0].source, *map(float, mean), confidence))
    return sorted(fused, key=lambda detection: -detection.confidence)


def _mean(members: list[Detection]) -> np.ndarray:
    """Return the mean corners [4], weighted by confidence."""
    weights = [member.confidence for member in members]
    return np.average([member.corners for member in members], axis=0, weights=weights)
