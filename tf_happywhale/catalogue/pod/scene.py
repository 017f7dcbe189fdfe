"""The sea without the animal: weather and light, sky, waves in perspective, foam and drops.

Lengths are pixels at the animal's distance. Colours are linear RGB, 1 is white paper in the
scene's exposure. Nothing here knows who is photographed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np


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


_DETAIL = 0.75  # grid points of the water per pixel, in each direction


def draw_weather(rng: np.random.Generator) -> Weather:
    """Draws an hour and its weather."""
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


class Camera(NamedTuple):
    """Where the sea lies in the picture.

    `waterline` is the row of calm water at the animal's distance, `drop` how many rows below
    the horizon that is, `grazing` the slope at which one looks down on it.
    """

    width: int
    height: int
    waterline: float
    drop: float
    grazing: float


class Sea(NamedTuple):
    """`picture [h, w, 3] float32` linear RGB; `front [w] float32`: first row hidden by the water
    before the animal; `nearness [h, w] float32`: 1 at the animal, more in front, 0 the sky;
    `slope [h, w] float32`: of the water along the picture's rows."""

    picture: np.ndarray
    front: np.ndarray
    nearness: np.ndarray
    slope: np.ndarray


def noise(rng: np.random.Generator, rows: int, columns: int, cells: tuple[int, int]) -> np.ndarray:
    """Smooth noise [rows, columns] float32 of about standard deviation .6, `cells` (y, x) blobs."""
    coarse = rng.standard_normal((cells[0] + 2, cells[1] + 2), dtype=np.float32)
    return cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)


def _waves(rng: np.random.Generator, tile: float, wind: float, spread: float) -> np.ndarray:
    """A periodic patch of waves, [256, 256, 3] float32: height, slope across, slope away.

    `tile` is its length; lengths of waves are between a quarter and a sixteenth of it.
    """
    n = 256
    k = np.fft.fftfreq(n, 1.0 / n)
    kx, kz = np.meshgrid(k[: n // 2 + 1], k)
    size = np.hypot(kx, kz)
    heading = np.arctan2(kz, kx) - wind
    power = np.where((size > 3) & (size < 40), np.maximum(size, 1) ** -2.1, 0)
    power *= 0.15 + np.abs(np.cos(heading)) ** spread
    wave = (rng.standard_normal(size.shape) + 1j * rng.standard_normal(size.shape)) * power
    unit = 2j * np.pi / tile
    fields = [np.fft.irfft2(f, s=(n, n)) for f in (wave, wave * kx * unit, wave * kz * unit)]
    out = np.stack(fields, axis=-1)
    out /= np.hypot(out[..., 1], out[..., 2]).std()
    return out.astype(np.float32)


def draw_sea(weather: Weather, camera: Camera, rng: np.random.Generator) -> Sea:
    """Draws sky and water.

    The water is a grid of rows of equal distance and columns of equal bearing, lifted by its
    waves; a running minimum from near to far leaves what is not hidden by a nearer crest.
    """
    height = camera.height
    width = round(camera.width * _DETAIL)
    top = camera.waterline - camera.drop
    beyond = 70.0
    first, last = height + beyond, max(top + 1.0, -beyond)
    plane = np.linspace(first, last, int((first - last) * _DETAIL), dtype=np.float32)
    scale = (plane - top) / camera.drop
    away = camera.drop / camera.grazing / scale
    across = (np.arange(width, dtype=np.float32) - width / 2) / np.float32(_DETAIL)
    x = across[None, :] / scale[:, None]
    z = away[:, None]
    tall, right, back = _heights(weather, camera, scale, x, z, rng)
    colour = _shade(weather, camera, tall, right, back, scale, rng)
    colour = _foam(weather, colour, tall, x, z, scale, rng)

    lifted = plane[:, None] - tall * scale[:, None]
    visible = np.minimum.accumulate(lifted, axis=0)
    at, part, drawn = _rows(visible, height)
    rows = at + part
    columns = np.broadcast_to(np.arange(width, dtype=np.float32), rows.shape).copy()
    picture = cv2.remap(colour, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    slope = cv2.remap(right, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    nearness = np.interp(rows, np.arange(len(scale)), scale).astype(np.float32)
    nearness[~drawn] = 0
    index = int(np.argmin(np.abs(scale - 1)))
    front = visible[index : index + 1]
    size = (camera.width, height)
    picture, slope, nearness, drawn = (
        cv2.resize(layer, size) for layer in (picture, slope, nearness, drawn.astype(np.float32))
    )
    if drawn.min() < 1:
        sky = _sky(weather, camera, rng)
        picture = sky + (picture - sky) * drawn[..., None]
    return Sea(picture, cv2.resize(front, (camera.width, 1))[0], nearness, slope)


def _rows(visible: np.ndarray, height: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel the grid row seen there, its fraction [h, w] float32, and whether any is."""
    count, width = visible.shape
    row = np.clip(np.floor(visible), -1, height - 1).astype(np.int32)
    last = np.zeros((height, width), np.int32)
    keep = row >= 0
    column = np.broadcast_to(np.arange(width, dtype=np.int32), row.shape)
    step = np.broadcast_to(np.arange(count, dtype=np.int32)[:, None], row.shape)
    last[row[keep], column[keep]] = step[keep]  # in grid order: the farthest of a pixel stays
    last = np.maximum.accumulate(last[::-1], axis=0)[::-1]
    after = np.minimum(last + 1, count - 1)
    here = np.take_along_axis(visible, last, 0)
    there = np.take_along_axis(visible, after, 0)
    pixel = np.arange(height, dtype=np.float32)[:, None]
    part = np.clip((here - pixel) / np.maximum(here - there, 1e-3), 0, 1)
    drawn = pixel >= visible[-1][None, :]
    return last.astype(np.float32), part, drawn


def _heights(
    weather: Weather,
    camera: Camera,
    scale: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums the octaves of waves: height, slope across, slope away, each on the grid.

    An octave fades where its waves become shorter than two rows or columns.
    """
    tall, right, back = (np.zeros_like(x) for _ in range(3))
    wind = rng.uniform(0, 2 * np.pi)
    depth = 1 / (camera.grazing * scale**2)  # length of water in one row
    for tile, slope, spread in ((2100.0, 0.07, 3.0), (760.0, 0.085, 2.0), (250.0, 0.12, 1.0)):
        waves = _waves(rng, tile, wind + rng.normal(0, 0.5), spread)
        shortest = tile / 9
        fade = np.clip(shortest / (2.5 * depth) - 0.25, 0, 1).astype(np.float32)
        if not fade.any():
            continue
        offset = rng.uniform(0, 256, 2).astype(np.float32)
        field = _lookup(waves, x * (256 / tile) + offset[0], z * (256 / tile) + offset[1])
        size = fade[:, None] * np.float32(slope * weather.wind)
        tall += field[..., 0] * size
        right += field[..., 1] * size
        back += field[..., 2] * size
    # Ripples shorter than a row's depth are seen as flat streaks whatever the distance.
    v = np.log(scale)[:, None].astype(np.float32) * camera.drop
    for length, slope in ((70.0, 0.10), (24.0, 0.09)):
        ripple = _waves(rng, length * 9, wind, 0.5)
        aspect = rng.uniform(2.5, 4.5)
        unit = 256 / (length * 9)
        fade = np.clip(length * scale / 5 - 0.3, 0, 1).astype(np.float32)[:, None]
        field = _lookup(ripple, x * unit + rng.uniform(0, 256), v * (aspect * unit))
        right += field[..., 1] * fade * np.float32(slope * weather.wind)
        back += field[..., 2] * fade * np.float32(slope * weather.wind)
    return tall, right, back


def _lookup(tile: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Bilinear look-up in a periodic [256, 256, c] tile at columns `u [h, w]`, rows `v [h, 1]`."""
    padded = np.pad(tile, ((0, 1), (0, 1), (0, 0)), mode="wrap")
    u, v = (w - 256 * np.floor(w * np.float32(1 / 256)) for w in (u, v))
    v = np.ascontiguousarray(np.broadcast_to(v, u.shape))
    return cv2.remap(padded, u, v, cv2.INTER_LINEAR)


def sky_light(weather: Weather, up: np.ndarray) -> np.ndarray:
    """Colour of the sky at sine of elevation `up [...]` → [..., 3]."""
    ramp = np.linspace(0, 1, 256, dtype=np.float32) ** 0.55
    table = weather.horizon + (weather.zenith - weather.horizon) * ramp[:, None]
    return table.take((np.clip(up, 0, 1) * 255).astype(np.uint8), axis=0)


def _shade(
    weather: Weather,
    camera: Camera,
    tall: np.ndarray,
    right: np.ndarray,
    back: np.ndarray,
    scale: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Colour of the water: mirrored sky by Fresnel, light from below, and the sun's glints."""
    graze = np.float32(camera.grazing)
    # Slopes too small to draw turn the visible facets towards the camera.
    back = back + np.float32(0.10 * weather.wind)
    size = 1 / np.sqrt(1 + right * right + back * back)
    facing = np.clip((graze + back) * size, 0.015, 1)
    bright = (1 - facing) ** 2
    fresnel = 0.02 + 0.98 * bright * bright * np.sqrt(bright)
    up = 2 * facing * size - graze
    light = sky_light(weather, up)
    deep = weather.water * (1 + 1.5 * weather.sunlight.mean() * max(weather.sun[1], 0.1))
    crest = np.clip(0.8 + tall * 0.022 + back * 1.2, 0.25, 2.6)
    colour = light * fresnel[..., None]
    colour += (crest * (1 - fresnel))[..., None] * deep
    twice = 2 * facing * size
    sun_x, sun_y, sun_z = (float(v) for v in weather.sun)
    mirror = sun_y * up + sun_z * (1 - twice * back) - sun_x * twice * right
    soft = np.clip(mirror, 0, 1) ** 8
    sharp = soft**2
    for _ in range(3):
        sharp *= sharp
    # The far water's facets are finer than a pixel: their sparkle is drawn as speckle.
    speckle = np.exp(0.8 * rng.standard_normal((256, 256), dtype=np.float32) - 0.3)
    speckle = np.tile(speckle, [-(-n // 256) for n in tall.shape])
    shine = (soft * 0.22 + sharp * 5.0 * speckle[: tall.shape[0], : tall.shape[1]]) * (
        0.2 + fresnel
    )
    colour += shine[..., None] * weather.sunlight
    far = (np.clip(1 - scale * 2.2, 0, 1) * weather.haze).astype(np.float32)[:, None, None]
    return colour + (weather.horizon - colour) * far


def _foam(
    weather: Weather,
    colour: np.ndarray,
    tall: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    scale: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Whitecaps and streaks of old foam on the crests when it blows."""
    much = rng.uniform(-0.6, 1.0) + (weather.wind - 1.0)
    if much <= 0:
        return colour
    patch = rng.standard_normal((256, 256, 1), dtype=np.float32)
    wide = cv2.GaussianBlur(np.tile(patch, (3, 3, 1)), (0, 0), 7)[256:512, 256:512]
    fine = cv2.GaussianBlur(np.tile(patch, (3, 3, 1)), (0, 0), 1.2)[256:512, 256:512]
    where = _lookup((wide / wide.std())[..., None], x * 0.20, z * 0.07)
    grain = _lookup((fine / fine.std())[..., None], x * 0.35, z * 0.12)
    crest = tall / max(float(tall.std()), 1e-3)
    cover = np.clip((where * 0.9 + crest * 0.8 + grain * 0.55 - 3.3 + 0.8 * much) * 0.9, 0, 1)
    cover *= np.clip(scale * 3, 0, 1)[:, None]
    white = 0.55 * weather.horizon + 0.35 * weather.sunlight
    return colour + (white - colour) * cover[..., None]


def _sky(weather: Weather, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Sky [h, w, 3] with clouds, the sun's glow and perhaps a far coast."""
    width, height = camera.width, camera.height
    top = camera.waterline - camera.drop
    clouds = rng.standard_normal((2, 3)), rng.uniform(0.02, 0.07), rng.random(), rng.random()
    field = sum(noise(rng, height, width, (9 * k, 3 * k)) / k for k in (1, 2, 4, 8))
    ridge = noise(rng, 1, width, (1, 5))[0] + 0.16 * noise(rng, 1, width, (1, 24))[0]
    row = np.arange(height, dtype=np.float32)[:, None]
    up = np.clip((top - row) / 2600.0, 0, 1)
    sky = np.repeat(sky_light(weather, up), width, axis=1)
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


def draw_splash(
    camera: Camera,
    front: np.ndarray,
    left: float,
    right: float,
    vigour: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """White water: cover [h, w] float32 of foam along the waterline from `left` to `right`,
    of the wake beside it, and of drops in the air; `vigour` 0 to 1."""
    width, height = camera.width, camera.height
    x = np.arange(width, dtype=np.float32)
    inside = np.clip((x - left) / 25, 0, 1) * np.clip((right - x) / 25, 0, 1)
    line = cv2.GaussianBlur(front[None, :], (0, 0), 2)[0]
    below = np.arange(height, dtype=np.float32)[:, None] - line[None, :]
    ragged = noise(rng, 1, width, (1, width // 9))[0] + noise(rng, 1, width, (1, width // 40))[0]
    thick = inside * (1.5 + 5 * vigour * np.clip(ragged + 0.8, 0, 3))
    lace = noise(rng, height, width, (height // 3, width // 8))
    lace = lace + 0.8 * noise(rng, height, width, (height // 9, width // 30))
    band = np.exp(-((below / (thick[None, :] + 0.6)) ** 2)) * (thick > 0.3)
    cover = band * np.clip(0.55 + 0.5 * lace, 0, 1)
    reach = 10 + 38 * vigour
    wake = np.exp(-np.maximum(below, 0) / reach) * (below > 0) * _blur_line(inside, 30)
    cover = np.maximum(cover, wake * np.clip(lace * 0.8 - 0.75 + 0.9 * vigour, 0, 0.8))
    drops = np.zeros((height, width), np.float32)
    count = int(rng.poisson(12 + 160 * vigour**2))
    middle, spread = rng.uniform(left, right), rng.uniform(20, 110)
    heading = rng.normal(0, 0.5)
    for _ in range(count):
        px = middle + rng.normal(0, spread)
        base = line[int(np.clip(px, 0, width - 1))]
        py = base - rng.exponential(12 + 40 * vigour) + rng.uniform(0, 6)
        size = float(np.exp(rng.normal(0.1, 0.45)))
        streak = rng.uniform(0, 5) * size
        tail = (px + streak * np.sin(heading), py - streak * np.cos(heading))
        ends = [tuple(int(16 * v) for v in p) for p in ((px, py), tail)]
        cv2.line(drops, *ends, float(rng.uniform(0.35, 1)), max(1, round(size)), cv2.LINE_AA, 4)
    mist = cv2.GaussianBlur(drops, (0, 0), 7) * (2.5 * vigour)
    drops = cv2.GaussianBlur(drops, (0, 0), 0.6)
    return np.clip(np.maximum(np.maximum(cover, drops * 0.9), mist * 0.7), 0, 0.95)


def _blur_line(values: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(values[None, :].astype(np.float32), (0, 0), sigma)[0]
