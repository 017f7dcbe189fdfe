"""The drawing of local matching: two crops, and lines between the points that correspond."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from tf_happywhale.matching.local_points import LocalPoints
from tf_happywhale.matching.pair_features import REACH, Found, agreement

MOST = 60  # lines in a picture; more hide the animals
# Places with matches that fit together. Of pairs of harbour seals that were photographed on other
# days, 12% of two animals had five or more such places, and 1.7% eight; of one animal 14% and 7%.
LEAST = 8
FEW = 25  # coloured lines that may be broad
GAP = 10  # between the two crops, pixels
RING = 4  # radius around a point, pixels
SHIFT = 4  # places are drawn to 1/16 of a pixel
DARK, PALE, PAPER = (0, 0, 0), (255, 255, 255), 255

Colour = tuple[int, ...]


@dataclass(frozen=True)
class Correspondences:
    """The points that two crops have in common.

    Attributes:
        first, second: their places in each crop, x and y as shares of its width and height,
            float32 [k, 2].
        score: of each match, 0 to 1, float32 [k].
        fit: whether a match fits together with others, bool [k]: one shift, turn and stretch of
            the first crop explains them. If they lie in fewer than `LEAST` places, none does.
    """

    first: np.ndarray
    second: np.ndarray
    score: np.ndarray
    fit: np.ndarray

    @property
    def words(self) -> str:
        """How many there are."""
        count, fit = len(self.score), int(self.fit.sum())
        if count == 0:
            return "no point of one picture matches a point of the other"
        points = "1 matching point" if count == 1 else f"{count} matching points"
        if fit == 0:
            return points if count == 1 else f"{points}, too few fit together"
        return f"{points}, {fit if fit < count else 'all'} of them fit together"

    def turned(self) -> Correspondences:
        """Return the same matches with the second crop as the first one."""
        return replace(self, first=self.second, second=self.first)


def correspondences(a: LocalPoints, b: LocalPoints, found: Found) -> Correspondences:
    """Return the matches that count in the features of a pair, and which of them fit together: none
    if they lie in fewer than `LEAST` places.

    Args:
        a: points of the first picture.
        b: points of the second picture.
        found: their matches.
    """
    rows, fit = agreement(a, b, found)
    ends = a.xy[found.first[rows]], b.xy[found.second[rows]]
    if _places(*(xy[fit] / max(each.size) for xy, each in zip(ends, (a, b), strict=True))) < LEAST:
        fit = np.zeros_like(fit)
    shares = ((xy + 0.5) / np.float32(each.size) for xy, each in zip(ends, (a, b), strict=True))
    return Correspondences(*shares, found.score[rows], fit)


def correspondence_pair(
    first: np.ndarray, second: np.ndarray, found: Correspondences
) -> np.ndarray:
    """Return two crops with lines between the points that correspond, uint8 [h, w, 3].

    Crops that are wider than high lie below each other, others side by side, so that both are large
    on a page. Matches that fit together are bright. Their colours follow their place in the first
    crop, so that the eye can follow each line. The other matches are pale. At most `MOST` are
    drawn: first those that fit together, then those with the highest scores.

    Args:
        first, second: the crops, uint8 [h, w, 3].
        found: what they have in common.
    """
    below = math.prod(crop.shape[1] / crop.shape[0] for crop in (first, second)) > 1
    picture, corner = _joined(first, second, below)
    ends = np.stack(
        [
            found.first * np.array(first.shape[1::-1]),
            found.second * np.array(second.shape[1::-1]) + corner,
        ],
        axis=1,
    )
    shown = np.lexsort((-found.score, ~found.fit))[:MOST]
    bright = shown[found.fit[shown]]
    pale = shown[~found.fit[shown]]
    colours = _colours(found.first[bright][:, 0 if below else 1])
    broad = 2 if len(bright) <= FEW else 1
    for rows, dyes, width, share in (
        (pale, [DARK] * len(pale), 3, 0.2),
        (pale, [PALE] * len(pale), 1, 0.5),
        (bright, [DARK] * len(bright), broad + 2, 0.45),
        (bright, colours, broad, 0.95),
    ):
        picture = _lines(picture, ends[rows], dyes, width, share)
    return picture


def _places(first: np.ndarray, second: np.ndarray) -> int:
    """Return how many places have matches, whose ends [k, 2] are in shares of the longer sides.
    Neighbouring points match neighbouring points, and say no more than one of them."""
    places: list[np.ndarray] = []
    for ends in np.stack([first, second], axis=1):
        if all((np.linalg.norm(ends - other, axis=1) > REACH).all() for other in places):
            places.append(ends)
    return len(places)


def _joined(first: np.ndarray, second: np.ndarray, below: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return both crops in one picture, and the corner (x, y) of the second one."""
    (height, width), (other_height, other_width) = first.shape[:2], second.shape[:2]
    corner = (0, height + GAP) if below else (width + GAP, 0)
    left, top = corner
    size = max(height, top + other_height), max(width, left + other_width)
    picture = np.full((*size, 3), PAPER, np.uint8)
    picture[:height, :width] = first
    picture[top : top + other_height, left : left + other_width] = second
    return picture, np.array(corner)


def _colours(place: np.ndarray) -> list[Colour]:
    """Return colours from blue over green to orange for places from the smallest to the largest."""
    if not len(place):
        return []
    share = (place - place.min()) / max(float(np.ptp(place)), 1e-6)
    level = np.round(50 + 160 * share).astype(np.uint8)
    return [
        tuple(colour[::-1])
        for colour in cv2.applyColorMap(level[:, None], cv2.COLORMAP_TURBO)[:, 0].tolist()
    ]


def _lines(
    picture: np.ndarray, ends: np.ndarray, colours: Sequence[Colour], width: int, share: float
) -> np.ndarray:
    """Return a picture with a line between each two ends [k, 2, 2] (x, y), and a ring around each
    end, so that one sees what is there. Their colour covers the picture by `share`."""
    layer, thin = picture.copy(), max(1, width - 1)
    for (start, end), colour in zip(ends, colours, strict=True):
        along = end - start
        step = RING * along / max(float(np.linalg.norm(along)), 2 * RING)
        cv2.line(layer, _fine(start + step), _fine(end - step), colour, width, cv2.LINE_AA, SHIFT)
        for place in (start, end):
            cv2.circle(layer, _fine(place), RING << SHIFT, colour, thin, cv2.LINE_AA, SHIFT)
    return cv2.addWeighted(layer, share, picture, 1 - share, 0)


def _fine(place: np.ndarray) -> tuple[int, int]:
    """Return a place for `SHIFT`; a pixel's middle, .5, is a whole number for OpenCV."""
    x, y = np.round((place - 0.5) * 2**SHIFT)
    return int(x), int(y)
