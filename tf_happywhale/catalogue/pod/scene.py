"""The sea without the animal: waves in perspective, their light and their foam.

Lengths are pixels at the animal's distance. Colours are linear RGB, 1 is white paper in the
scene's exposure. Nothing here knows who is photographed.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from tf_happywhale.catalogue.pod.canvas import blend, lookup
from tf_happywhale.catalogue.pod.weather import Camera, Weather, draw_sky, sky_light

_DETAIL = 0.75  # grid points of the water per pixel, in each direction


class Sea(NamedTuple):
    """Sea without the animal. `picture [h, w, 3] float32`: linear RGB; `front [w] float32`: first
    row hidden by the water before the animal; `nearness [h, w] float32`: 1 at the animal, more in
    front, 0 the sky; `slope [h, w] float32`: of the water along the picture's rows.
    """

    picture: np.ndarray
    front: np.ndarray
    nearness: np.ndarray
    slope: np.ndarray


def _waves(rng: np.random.Generator, tile: float, wind: float, spread: float) -> np.ndarray:
    """Return a periodic patch of waves, [256, 256, 3] float32: height, slope across, slope away.

    `tile` is its length; lengths of waves are between a third and a fortieth of it.
    """
    n = 256
    k = np.fft.fftfreq(n, 1.0 / n).astype(np.float32)
    kx, kz = np.meshgrid(k[:41], k)  # no wave is shorter than a fortieth
    size = np.hypot(kx, kz)
    ahead = np.abs(kx * np.float32(np.cos(wind)) + kz * np.float32(np.sin(wind)))
    power = np.where((size > 3) & (size < 40), np.maximum(size, 1) ** np.float32(-2.1), 0)
    power *= 0.15 + (ahead / np.maximum(size, 1)) ** np.float32(spread)
    random = rng.standard_normal((2, *size.shape), dtype=np.float32) * power
    wave = random[0] + 1j * random[1]
    unit = np.complex64(2j * np.pi / tile)
    fields = [np.fft.irfft2(f, s=(n, n)) for f in (wave, wave * kx * unit, wave * kz * unit)]
    out = cv2.merge([field.astype(np.float32) for field in fields])
    return out / np.hypot(out[..., 1], out[..., 2]).std()


def draw_sea(weather: Weather, camera: Camera, rng: np.random.Generator) -> Sea:
    """Draw sky and water.

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
    picture = cv2.remap(
        cv2.merge(colour), columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
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
        sky = draw_sky(weather, camera, rng)
        picture = sky + (picture - sky) * cv2.merge([drawn] * 3)
    return Sea(picture, cv2.resize(front, (camera.width, 1))[0], nearness, slope)


def _rows(visible: np.ndarray, height: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each pixel the grid row seen there, its fraction [h, w] float32, and whether any
    is.
    """
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
    """Sum the octaves of waves: height, slope across, slope away, each on the grid.

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
        field = lookup(waves, x * (256 / tile) + offset[0], z * (256 / tile) + offset[1])
        size = fade[:, None] * np.float32(slope * weather.wind)
        for total, octave in zip((tall, right, back), cv2.split(field), strict=True):
            total += octave * size
    # Ripples shorter than a row's depth are seen as flat streaks whatever the distance.
    v = np.log(scale)[:, None].astype(np.float32) * camera.drop
    for length, slope in ((70.0, 0.10), (24.0, 0.09)):
        ripple = _waves(rng, length * 9, wind, 0.5)
        aspect = rng.uniform(2.5, 4.5)
        unit = 256 / (length * 9)
        fade = np.clip(length * scale / 5 - 0.3, 0, 1).astype(np.float32)[:, None]
        size = fade * np.float32(slope * weather.wind)
        field = lookup(ripple[..., 1:], x * unit + rng.uniform(0, 256), v * (aspect * unit))
        for total, octave in zip((right, back), cv2.split(field), strict=True):
            total += octave * size
    return tall, right, back


def _shade(
    weather: Weather,
    camera: Camera,
    tall: np.ndarray,
    right: np.ndarray,
    back: np.ndarray,
    scale: np.ndarray,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Return the colour of the water in three planes: mirrored sky by Fresnel, light from below,
    glints.
    """
    graze = np.float32(camera.grazing)
    # Slopes too small to draw turn the visible facets towards the camera.
    back = back + np.float32(0.10 * weather.wind)
    size = 1 / np.sqrt(1 + right * right + back * back)
    facing = np.clip((graze + back) * size, 0.015, 1)
    bright = (1 - facing) ** 2
    fresnel = 0.02 + 0.98 * bright * bright * np.sqrt(bright)
    up = 2 * facing * size - graze
    deep = weather.water * (1 + 1.5 * weather.sunlight.mean() * max(weather.sun[1], 0.1))
    crest = np.clip(0.8 + tall * 0.022 + back * 1.2, 0.25, 2.6)
    crest *= 1 - fresnel
    twice = 2 * facing * size
    sun_x, sun_y, sun_z = (float(v) for v in weather.sun)
    mirror = sun_y * up + sun_z * (1 - twice * back) - sun_x * twice * right
    soft = _power(np.clip(mirror, 0, 1), 3)
    sharp = _power(soft, 4)
    # The far water's facets are finer than a pixel: their sparkle is drawn as speckle.
    speckle = np.exp(0.8 * rng.standard_normal((256, 256), dtype=np.float32) - 0.3)
    speckle = np.tile(speckle, [-(-n // 256) for n in tall.shape])
    sharp *= speckle[: tall.shape[0], : tall.shape[1]]
    shine = (soft * 0.22 + sharp * 5.0) * (0.2 + fresnel)
    colour = [
        sky * fresnel + crest * float(d) + shine * float(s)
        for sky, d, s in zip(sky_light(weather, up), deep, weather.sunlight, strict=True)
    ]
    far = (np.clip(1 - scale * 2.2, 0, 1) * weather.haze).astype(np.float32)[:, None]
    return blend(colour, weather.horizon, far)


def _power(values: np.ndarray, doublings: int) -> np.ndarray:
    """Return values ** (2 ** doublings), without the cost of a general power."""
    for _ in range(doublings):
        values = values * values
    return values


def _foam(
    weather: Weather,
    colour: list[np.ndarray],
    tall: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    scale: np.ndarray,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Draw whitecaps and streaks of old foam on the crests when it blows."""
    much = rng.uniform(-0.6, 1.0) + (weather.wind - 1.0)
    if much <= 0:
        return colour
    patch = rng.standard_normal((256, 256, 1), dtype=np.float32)
    wide = cv2.GaussianBlur(np.tile(patch, (3, 3, 1)), (0, 0), 7)[256:512, 256:512]
    fine = cv2.GaussianBlur(np.tile(patch, (3, 3, 1)), (0, 0), 1.2)[256:512, 256:512]
    where = lookup((wide / wide.std())[..., None], x * 0.20, z * 0.07)
    grain = lookup((fine / fine.std())[..., None], x * 0.35, z * 0.12)
    crest = tall / max(float(tall.std()), 1e-3)
    cover = np.clip((where * 0.9 + crest * 0.8 + grain * 0.55 - 3.3 + 0.8 * much) * 0.9, 0, 1)
    cover *= np.clip(scale * 3, 0, 1)[:, None]
    white = 0.55 * weather.horizon + 0.35 * weather.sunlight
    return blend(colour, white, cover)
