"""Quality of a crop before an animal is recognised in it: size, sharpness, how sure its box is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from tf_happywhale.config import Quality as Limits
from tf_happywhale.pictures.resizing import resize


@dataclass(frozen=True)
class CropQuality:
    """Quality of a crop.

    Attributes:
        side: its shorter side in the photograph, pixels.
        sharpness: see `sharpness`.
        confidence: the detector's in the box, 0 to 1, 0 if it found none; NaN if it is not known.
    """

    side: int
    sharpness: float
    confidence: float = math.nan


SIDE = 128  # pixels to which a crop is squashed before its sharpness is measured
ROUNDING = 20 / 12  # variance of a Laplacian's error where grey levels are whole numbers


def sharpness(crop: np.ndarray) -> float:
    """Return the variance of the Laplacian over the variance of the grey levels, of a crop uint8
    [h, w, 3] squashed to `SIDE` pixels.

    The Laplacian's variance (Pech-Pacheco et al. 2000) falls with blur, but with contrast too; the
    ratio does not. An even picture has 0.
    """
    grey = cv2.cvtColor(resize(crop, SIDE), cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = float(grey.var())
    edges = max(0.0, float(cv2.Laplacian(grey, cv2.CV_32F).var()) - ROUNDING)
    return edges / contrast if contrast > 1e-6 else 0.0


def warnings(quality: CropQuality, limits: Limits) -> list[str]:
    """Return what to say of a crop, in words; nothing if it is good enough."""
    said = []
    if quality.side < limits.min_side:
        said.append(f"Small: {quality.side} pixels.")
    if quality.sharpness < limits.min_sharpness:
        said.append("Blurred.")
    if quality.confidence == 0 < limits.min_confidence:
        said.append("The detector found no box: the whole picture is used.")
    elif quality.confidence < limits.min_confidence:
        said.append(f"The detector was not sure of the box ({quality.confidence:.0%}).")
    return said
