"""One photograph of one individual: a view, the sea behind it, the animal in it, the camera.

Where the boxes lie, how the back shows, how the sea looks and what the camera did are drawn
without knowing the individual; its fin is then scaled to stand in the box that was drawn. So
neither the sea nor a box tells who is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from tf_happywhale.catalogue.pod.canvas import blend, noise
from tf_happywhale.catalogue.pod.drawn_animal import Pose, draw_animal
from tf_happywhale.catalogue.pod.fin import Fin
from tf_happywhale.catalogue.pod.scene import Sea, draw_sea
from tf_happywhale.catalogue.pod.splash import draw_splash
from tf_happywhale.catalogue.pod.weather import Camera, Weather, draw_weather

Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class View:
    """Contents of a photograph except the individual. `boxes` are (xmin, ymin, xmax, ymax)."""

    weather: Weather
    camera: Camera
    pose: Pose
    boxes: dict[str, Corners]
    vigour: float  # of the splash, 0 to 1


def draw_photograph(
    fin: Fin,
    *,
    seed: Sequence[int],
    width: int,
    height: int,
    with_animal: bool = True,
    side: int | None = None,
) -> tuple[np.ndarray, dict[str, Corners]]:
    """Draw the photograph `seed` of an individual.

    Args:
        fin: who is in it.
        seed: numbers that choose everything but the individual.
        width: of the picture, pixels.
        height: of the picture, pixels.
        with_animal: False leaves the animal out; sea, light, waves, spray, camera and boxes
            stay as they are, and no pixel depends on `fin`.
        side: of the animal, see `Pose`; None: the seed chooses it.

    Returns:
        The picture, uint8 RGB [height, width, 3], and the boxes `backfin` and `fullbody`.
    """
    view, sea, picture = _backdrop(tuple(seed), width, height)
    exposure = 0.31 / float(picture.mean())
    if with_animal:
        rng = np.random.default_rng([*seed, 3])
        pose = view.pose if side is None else replace(view.pose, side=side)
        picture = draw_animal(picture, sea, fin, pose, view.weather, rng)
    left, _, right, _ = view.boxes["fullbody"]
    rng = np.random.default_rng([*seed, 4])
    splash = draw_splash(view.camera, sea.front, left, right, view.vigour, rng)
    white = 0.62 * view.weather.horizon + 0.35 * view.weather.sunlight
    picture = cv2.merge(blend(cv2.split(picture), white, splash))
    return _develop(picture, exposure, np.random.default_rng([*seed, 5])), view.boxes


@lru_cache(maxsize=1)  # a photograph and its copy without the animal are drawn one after the other
def _backdrop(seed: tuple[int, ...], width: int, height: int) -> tuple[View, Sea, np.ndarray]:
    """Return the view, the sea, and the sea as the lens sees it with the animal in focus."""
    view = draw_view(np.random.default_rng([*seed, 0]), width, height)
    sea = draw_sea(view.weather, view.camera, np.random.default_rng([*seed, 1]))
    return view, sea, _defocus(sea, np.random.default_rng([*seed, 2]))


def jpeg_quality(seed: Sequence[int]) -> int:
    """Return the quality at which the photograph `seed` is stored, 60 to 95."""
    return int(np.random.default_rng([*seed, 6]).integers(60, 96))


def draw_view(rng: np.random.Generator, width: int, height: int) -> View:
    """Draw weather, camera, pose and boxes."""
    unit = min(height / 600, width / 900)
    weather = draw_weather(rng)
    tall = unit * float(np.exp(rng.uniform(np.log(165), np.log(320))))
    wide = tall * float(np.clip(np.exp(rng.normal(0.20, 0.15)), 0.85, 1.6))
    rise = tall * rng.uniform(0.09, 0.32) if rng.random() < 0.75 else -tall * rng.uniform(0, 0.20)
    margin = tall * rng.uniform(0.02, 0.18, 4)
    below = min(tall * 0.12, max(rise, 0)) + margin[3]
    lowest = max(height * 0.5, tall + max(rise, 0) - below + 12 * unit)
    waterline = rng.uniform(lowest, max(height * 0.80, lowest + 1))
    base = waterline - rise
    bottom = min(base, waterline) + below
    shown = unit * rng.uniform(20, 90, 2) + 1.7 * rise if rise > 0 else np.zeros(2)
    reach = 0.5 * wide + shown
    middle = rng.uniform(reach[0] + 10, max(width - reach[1] - 10, reach[0] + 11))
    middle = float(np.clip(middle, wide / 2 + 5, width - wide / 2 - 5))
    backfin = (middle - wide / 2, bottom - tall, middle + wide / 2, bottom)
    pose = Pose(
        side=int(rng.choice([-1, 1])),
        yaw=float(np.radians(rng.uniform(-46, 46))),
        roll=float(np.radians(np.clip(rng.normal(0, 7.0), -15, 15))),
        lean=float(rng.normal(0, 0.09)),
        middle=middle,
        left=float(backfin[0] + margin[0]),
        right=float(backfin[2] - margin[1]),
        top=float(backfin[1] + margin[2]),
        base=float(base),
        slack=float(rng.uniform(0.1, 0.9)),
        rise=float(rise),
        reach=(float(reach[0]), float(reach[1])),
        girth=float(tall * rng.uniform(0.8, 1.3)),
    )
    low = waterline + unit * rng.uniform(4, 14)
    body = (middle - reach[0], backfin[1], middle + reach[1], max(low, bottom + 1))
    jitter = unit * rng.uniform(0, 6, 4) * np.array([-1, -1, 1, 1])
    limit = (width, height, width, height)
    boxes = {
        source: tuple(float(v) for v in np.clip(np.round(box, 1), 0, limit))
        for source, box in {"backfin": backfin, "fullbody": np.array(body) + jitter}.items()
    }
    drop = unit * float(np.exp(rng.uniform(np.log(200), np.log(2200))))
    camera = Camera(width, height, float(waterline), drop, 1 / rng.uniform(4.5, 11))
    return View(weather, camera, pose, boxes, float(rng.beta(1.2, 2.6)))


def _defocus(sea: Sea, rng: np.random.Generator) -> np.ndarray:
    """Blur the water and sky that are farther, or much nearer, than the animal."""
    sigma = rng.uniform(0.3, 3.2) * sea.picture.shape[0] / 600
    share = np.where(
        sea.nearness < 1, np.clip((0.94 - sea.nearness) * 5, 0, 1), (sea.nearness - 1.15) * 1.5
    )
    share = np.clip(share, 0, 1).astype(np.float32)
    soft = cv2.GaussianBlur(np.minimum(sea.picture, 3.0), (0, 0), sigma)
    return sea.picture + (soft - sea.picture) * cv2.merge([share] * 3)


def _develop(picture: np.ndarray, exposure: float, rng: np.random.Generator) -> np.ndarray:
    """Return the picture uint8 RGB that lens, sensor and the camera's taste make of linear RGB."""
    height, width = picture.shape[:2]
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.45, 1.15) * height / 600)
    length, angle = rng.uniform(2, 8), rng.uniform(0, np.pi)
    if rng.random() < 0.25:
        picture = cv2.filter2D(picture, -1, _streak(length * height / 600, angle))
    gain = exposure**0.65 * np.exp(rng.normal(-0.05, 0.25)) * np.exp(rng.normal(0, 0.04, 3))
    colour = float(rng.uniform(0.7, 1.15))
    matrix = (colour * np.eye(3) + (1 - colour) / 3) * gain
    picture = cv2.transform(picture, matrix.astype(np.float32))
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) ** 2 for n in (height, width))
    shade = 1 - rng.uniform(0, 0.22) * (y[:, None] + x[None, :])
    picture *= cv2.merge([shade] * 3)
    veil, contrast = rng.uniform(0, 0.02), rng.uniform(0.15, 0.75)
    level = np.linspace(0, 4, 4096) * (1 - veil) + veil
    level = np.clip(level * (1 + level / 5.0) / (1 + level), 0, 1) * 1.45
    level = np.clip(level, 0, 1) ** (1 / 2.2)
    level = level + contrast * (level * level * (3 - 2 * level) - level)
    np.clip(picture * np.float32(4095 / 4), 0, 4095, out=picture)
    out = (level * 255 + 0.5).astype(np.float32).take(picture.astype(np.uint16))
    strength = float(np.exp(rng.uniform(-0.5, 1.7)))
    fine = rng.standard_normal((256, 256, 3), dtype=np.float32) * (0.6 * strength)
    out += np.tile(fine, (-(-height // 256), -(-width // 256), 1))[:height, :width]
    grain = noise(rng, height, width, (height // 2, width // 2)) * strength
    out += cv2.merge([grain] * 3)
    return np.clip(out, 0, 255, out=out).astype(np.uint8)


def _streak(length: float, angle: float) -> np.ndarray:
    """Return the kernel of a camera that moves `length` pixels during the exposure."""
    kernel = np.zeros((15, 15), np.float32)
    dx, dy = np.cos(angle) * length / 2, np.sin(angle) * length / 2
    ends = [(int(16 * (7 + s * dx)), int(16 * (7 + s * dy))) for s in (-1, 1)]
    cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_AA, 4)
    return kernel / kernel.sum()
