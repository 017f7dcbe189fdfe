"""The hour and its weather: where the sun stands, the colours of its light, and the sky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tf_happywhale.catalogue.pod.canvas import noise


class Camera(NamedTuple):
    """Camera, given as where the sea lies in the picture.

    `waterline` is the row of calm water at the animal's distance, `drop` how many rows below
    the horizon that is, `grazing` the slope at which one looks down on it.
    """

    width: int
    height: int
    waterline: float
    drop: float
    grazing: float


@dataclass(frozen=True)
class Weather:
    """Light and water of an hour. `sun` is a unit vector (right, up, away from the camera)."""

    name: str
    sun: np.ndarray
    sunlight: np.ndarray
    horizon: np.ndarray
    zenith: np.ndarray
    water: np.ndarray
    wind: float  # slope of the waves, 1 is a breeze
    haze: float  # share of the horizon's colour in the far water
    clouds: float


class _Kind(NamedTuple):
    name: str
    share: float
    azimuth: tuple[float, float]  # degrees from straight ahead; the side is drawn
    elevation: tuple[float, float]
    sunlight: tuple[float, float, float]
    horizon: tuple[float, float, float]
    zenith: tuple[float, float, float]
    water: tuple[float, float, float]
    wind: tuple[float, float]
    haze: tuple[float, float]
    clouds: tuple[float, float]


_KINDS = (
    _Kind("sunny", 0.30, (95, 170), (25, 60), (1.30, 1.20, 1.05), (0.52, 0.66, 0.82),
          (0.10, 0.24, 0.52), (0.010, 0.050, 0.085), (0.4, 1.2), (0.0, 0.3), (0.0, 0.7)),
    _Kind("overcast", 0.24, (60, 150), (35, 70), (0.16, 0.16, 0.16), (0.62, 0.65, 0.68),
          (0.36, 0.40, 0.45), (0.022, 0.042, 0.045), (0.25, 1.3), (0.1, 0.6), (0.4, 1.0)),
    _Kind("dusk", 0.14, (30, 110), (4, 14), (1.25, 0.62, 0.25), (0.85, 0.48, 0.26),
          (0.16, 0.18, 0.32), (0.010, 0.018, 0.030), (0.25, 0.9), (0.0, 0.4), (0.1, 0.9)),
    _Kind("backlit", 0.14, (0, 35), (14, 34), (1.60, 1.48, 1.25), (0.72, 0.74, 0.76),
          (0.22, 0.30, 0.42), (0.010, 0.026, 0.036), (0.4, 1.1), (0.0, 0.4), (0.0, 0.6)),
    _Kind("haze", 0.10, (50, 160), (25, 60), (0.42, 0.40, 0.37), (0.70, 0.73, 0.75),
          (0.52, 0.57, 0.62), (0.035, 0.062, 0.072), (0.25, 0.8), (0.5, 0.9), (0.0, 0.3)),
    _Kind("tropical", 0.08, (95, 165), (45, 70), (1.30, 1.24, 1.12), (0.48, 0.68, 0.82),
          (0.09, 0.27, 0.58), (0.008, 0.120, 0.150), (0.5, 1.0), (0.0, 0.2), (0.0, 0.8)),
)  # fmt: skip


def draw_weather(rng: np.random.Generator) -> Weather:
    """Draw an hour and its weather."""
    kind = _KINDS[rng.choice(len(_KINDS), p=[k.share for k in _KINDS])]
    azimuth = np.radians(rng.uniform(*kind.azimuth)) * rng.choice([-1, 1])
    elevation = np.radians(rng.uniform(*kind.elevation))
    flat = np.cos(elevation)
    sun = np.array([np.sin(azimuth) * flat, np.sin(elevation), np.cos(azimuth) * flat])
    hue = np.exp(rng.normal(0, 0.12, 3))
    colours = (
        sun,
        np.array(kind.sunlight) * np.exp(rng.normal(0, 0.12)),
        np.array(kind.horizon) * np.exp(rng.normal(0, 0.05)) * np.exp(rng.normal(0, 0.03, 3)),
        np.array(kind.zenith) * np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.06, 3)),
        np.array(kind.water) * hue * np.exp(rng.normal(0, 0.25)),
    )
    return Weather(
        kind.name,
        *(colour.astype(np.float32) for colour in colours),
        rng.uniform(*kind.wind),
        rng.uniform(*kind.haze),
        rng.uniform(*kind.clouds),
    )


def sky_light(weather: Weather, up: np.ndarray) -> list[np.ndarray]:
    """Return the colour of the sky at sine of elevation `up [...]`: red, green and blue, each
    [...].
    """
    ramp = np.linspace(0, 1, 256, dtype=np.float32) ** 0.55
    index = (np.clip(up, 0, 1) * 255).astype(np.uint8)
    return [(h + (z - h) * ramp).take(index) for h, z in zip(weather.horizon, weather.zenith,
                                                             strict=True)]  # fmt: skip


def draw_sky(weather: Weather, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Return the sky [h, w, 3] with clouds, the sun's glow and perhaps a far coast."""
    width, height = camera.width, camera.height
    top = camera.waterline - camera.drop
    clouds = rng.standard_normal((2, 3)), rng.uniform(0.02, 0.07), rng.random(), rng.random()
    field = sum(noise(rng, height, width, (9 * k, 3 * k)) / k for k in (1, 2, 4, 8))
    ridge = noise(rng, 1, width, (1, 5))[0] + 0.16 * noise(rng, 1, width, (1, 24))[0]
    row = np.arange(height, dtype=np.float32)[:, None]
    up = np.clip((top - row) / 2600.0, 0, 1)
    sky = np.repeat(np.dstack(sky_light(weather, up)), width, axis=1)
    cover = np.clip(field * 0.35 + weather.clouds - 0.35, 0, 1)
    cover = (cover * cover * (3 - 2 * cover) * 0.8)[..., None]
    lit = 0.75 * weather.horizon + 0.22 * weather.sunlight
    sky = sky + (lit * (1 - 0.14 * np.clip(field, -1.5, 1.5)[..., None]) - sky) * cover
    if clouds[2] < 0.35:  # a coast
        tall = clouds[1] * 700 * np.clip(ridge + 1.2 * clouds[3], 0, 2)
        land = np.clip(row - (top - tall), 0, 1)[..., None]
        far = 0.65 + 0.3 * weather.haze
        stone = weather.horizon * far + np.array([0.05, 0.07, 0.06], np.float32) * (1 - far)
        sky = sky + (stone - sky) * land
    return sky
