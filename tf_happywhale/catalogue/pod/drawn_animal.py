"""The animal in the picture: a fin posed on a back, lit, wet, cut by the water and mirrored."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tf_happywhale.catalogue.pod.canvas import noise
from tf_happywhale.catalogue.pod.fin import Fin
from tf_happywhale.catalogue.pod.scene import Sea
from tf_happywhale.catalogue.pod.weather import Weather, sky_light


@dataclass(frozen=True)
class Pose:
    """Pose in which an animal shows itself; pixels and radians. The fin stands between `left`,
    `top`, `right` and `base`, as large as fits.
    """

    side: int  # 1: the head is on the left
    yaw: float  # turned from the plane of the picture
    roll: float
    lean: float  # shear of the fin
    middle: float  # column from which the back reaches to both sides
    left: float
    right: float
    top: float
    base: float  # row of the back under the fin
    slack: float  # where it stands when the width is not used up, 0 to 1
    rise: float  # height of the back above calm water, negative when submerged
    reach: tuple[float, float]  # how far the back shows to both sides of the fin
    girth: float  # radius of the back


def place_fin(fin: Fin, pose: Pose) -> np.ndarray:
    """Return the matrix [3, 3] that takes the fin's coordinates to pixels."""
    cos, sin = np.cos(pose.roll), np.sin(pose.roll)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    flat = np.array([[pose.side * np.cos(pose.yaw), pose.lean, 0], [0, -1, 0], [0, 0, 1]])
    flat[2, 0] = 0.12 * np.sin(pose.yaw)
    matrix = turn @ flat
    shown = _project(matrix, fin.outline[fin.outline[:, 1] > 0.03])
    low, high = shown.min(axis=0), shown.max(axis=0)
    room, wide = pose.right - pose.left, high[0] - low[0]
    # The origin lies at x = start - scale * back, on the line of the tilted back.
    tilt = float(np.tan(pose.roll))
    start, back = pose.left + pose.slack * room, low[0] + pose.slack * wide
    base = pose.base + tilt * (start - pose.middle)
    scale = min((base - pose.top) / (tilt * back - low[1]), room / wide)
    move = np.array([[scale, 0, start - scale * back], [0, scale, base - scale * tilt * back],
                     [0, 0, 1]])  # fmt: skip
    return move @ matrix


def _project(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    out = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ matrix.T
    return out[:, :2] / out[:, 2:]


def draw_animal(
    picture: np.ndarray,
    sea: Sea,
    fin: Fin,
    pose: Pose,
    weather: Weather,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return `picture [h, w, 3] float32` (linear RGB) with the animal and its mirror image."""
    height, width = picture.shape[:2]
    matrix = place_fin(fin, pose)
    outline = _project(matrix, fin.outline)
    span = np.concatenate([outline[:, 0], [pose.middle - pose.reach[0]],
                           [pose.middle + pose.reach[1]]])  # fmt: skip
    x0, x1 = max(int(span.min()) - 4, 0), min(int(span.max()) + 5, width)
    y0 = max(int(outline[:, 1].min()) - 4, 0)
    y1 = min(int(max(sea.front[x0:x1].max(), pose.base)) + 4, height)
    skin, cover = _paint(fin, pose, matrix, weather, (x0, y0, x1, y1), rng)
    front = sea.front[x0:x1]
    row = np.arange(y0, y1, dtype=np.float32)[:, None]
    cover = cover * np.clip(front[None, :] - row + 0.5, 0, 1)
    out = _mirror(picture, skin, cover, sea, (x0, y0, x1, y1))
    area = out[y0:y1, x0:x1]
    area += (skin - area) * cover[..., None]
    return out


def _paint(
    fin: Fin,
    pose: Pose,
    matrix: np.ndarray,
    weather: Weather,
    area: tuple[int, int, int, int],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return colour [h, w, 3] and cover [h, w] of fin and back within `area` of the picture."""
    x0, y0, x1, y1 = area
    shape = (y1 - y0, x1 - x0)
    origin = np.array([x0, y0])
    unit = float(np.hypot(*matrix[:2, 1]))  # pixels in a fin's height
    blade = np.zeros(shape, np.uint8)
    outline = _project(matrix, fin.outline)
    _fill(blade, outline - origin, 255)
    thick = cv2.distanceTransform((blade > 127).astype(np.uint8), cv2.DIST_L2, 5) / unit
    blade = blade.astype(np.float32) / 255

    x = np.arange(x0, x1, dtype=np.float32) - pose.middle
    reach = np.where(x < 0, *pose.reach)
    # The back turns with the fin where it stands, and meets the water at its two ends.
    tilt = float(np.tan(pose.roll)) * x * np.exp(-((x / (0.8 * reach)) ** 4))
    ridge = pose.base + tilt + (max(pose.rise, 0) + 4) * (abs(x) / reach) ** 2.2
    if pose.rise <= 0:
        ridge = ridge + 12
    ridge = ridge.astype(np.float32)
    depth = np.arange(y0, y1, dtype=np.float32)[:, None] - ridge[None, :]
    cover = np.maximum(blade, np.clip(depth + 0.5, 0, 1))

    # A blade is flat with rounded edges; a back is a lying cylinder.
    bulge = np.sqrt(1 - (1 - np.clip(thick / 0.16, 0, 1)) ** 2) * (0.06 * unit)
    bulge = cv2.GaussianBlur(bulge.astype(np.float32), (0, 0), 1.2 + 0.014 * unit)
    fin_x = 0.6 * float(np.sin(pose.yaw)) - cv2.Sobel(bulge, cv2.CV_32F, 1, 0, scale=1 / 8)
    fin_y = 0.22 + cv2.Sobel(bulge, cv2.CV_32F, 0, 1, scale=1 / 8)
    round_y = 1 - np.clip(depth / pose.girth, 0, 1)
    back_y = round_y / np.sqrt(np.maximum(1 - round_y**2, 0.02))
    foot = outline[abs(fin.outline[:, 1]) < 0.04, 0] - pose.middle
    middle, half = (foot.max() + foot.min()) / 2, (foot.max() - foot.min()) / 2
    under = np.exp(-(((x - middle) / (1.15 * half)) ** 4))  # no rim where the fin continues
    back_y = np.minimum(back_y, (1.1 + 6 * (1 - under)).astype(np.float32)[None, :])
    back_x = -np.gradient(ridge)[None, :] * back_y
    mix = np.clip(depth / (0.42 * unit) + 0.72, 0, 1)
    mix = np.where(blade > 0.5, mix * mix * (3 - 2 * mix), 1)
    nx, ny = fin_x + (back_x - fin_x) * mix, fin_y + (back_y - fin_y) * mix
    wave = noise(rng, *shape, (shape[0] // 9 + 1, shape[1] // 40 + 1))
    ny += (0.015 + 0.035 * mix) * wave
    size = np.sqrt(1 + nx * nx + ny * ny)
    nx, ny, nz = nx / size, ny / size, 1 / size

    albedo = _skin(fin, matrix, origin, thick, blade, cover, unit, rng)
    matt, shine = _light(weather, nx, ny, nz, 0.3 + 0.7 * mix, rng)
    return albedo * matt + shine, cover


def _skin(
    fin: Fin,
    matrix: np.ndarray,
    origin: np.ndarray,
    thick: np.ndarray,
    blade: np.ndarray,
    cover: np.ndarray,
    unit: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the albedo [h, w, 3]: the species' skin, a paler middle, grain and the individual's
    scars.
    """
    shape = blade.shape
    pale = 1 + fin.species.centre * np.clip(thick / 0.22, 0, 1) ** 1.5
    grain = noise(rng, *shape, (shape[0] // 3 + 1, shape[1] // 3 + 1))
    patchy = noise(rng, *shape, (shape[0] // 30 + 2, shape[1] // 30 + 2))
    pale = pale * (1 + 0.03 * grain + 0.10 * patchy)
    albedo = np.array(fin.species.skin, np.float32) * pale[..., None].astype(np.float32)
    for mark in fin.marks:
        layer = np.zeros(shape, np.uint8)
        points = _project(matrix, mark.points) - origin
        if mark.closed:
            _fill(layer, points, 255)
            layer = cv2.GaussianBlur(layer, (0, 0), 0.018 * unit)
        else:
            thickness = max(1, round(mark.width * unit))
            line = np.round(points * 16).astype(np.int32)
            cv2.polylines(layer, [line], False, 255, thickness, cv2.LINE_AA, 4)
        low, high = points.min(axis=0), points.max(axis=0)
        pad = 0.08 * unit + 3
        rows = slice(max(int(low[1] - pad), 0), max(int(high[1] + pad), 0))
        cols = slice(max(int(low[0] - pad), 0), max(int(high[0] + pad), 0))
        where = cover[rows, cols] if mark.closed else blade[rows, cols]
        part = layer[rows, cols].astype(np.float32) * (where * np.float32(mark.strength / 255))
        part = part * np.clip(0.9 + 0.08 * grain[rows, cols], 0, 1)
        albedo[rows, cols] += (np.float32(mark.tone) - albedo[rows, cols]) * part[..., None]
    return albedo


def _light(
    weather: Weather,
    nx: np.ndarray,
    ny: np.ndarray,
    nz: np.ndarray,
    gloss: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the light that falls on matt skin, and the light that wet skin mirrors, each
    [h, w, 3].
    """
    right, up, away = (float(v) for v in weather.sun)
    sunlit = np.maximum(nx * right + ny * up - nz * away, 0)
    above = (0.5 + 0.5 * ny) ** 1.5
    dome = 0.55 * weather.zenith + 0.45 * weather.horizon
    below = weather.water + 0.04 * weather.horizon
    wet = noise(rng, *nx.shape, (nx.shape[0] // 4 + 1, nx.shape[1] // 24 + 1))
    grazing = 1 - nz
    fresnel = 0.02 + 0.60 * (grazing * grazing) ** 3 * np.clip(0.8 + 0.35 * wet, 0.1, 1.5)
    seen = 2 * nz * ny
    fresnel *= np.where(seen > 0, np.float32(1), np.float32(0.25))
    glance = 2 * nz * nx * right + seen * up - (2 * nz * nz - 1) * away + 0.03 * wet
    spark = np.clip(glance, 0, 1.05) ** 16 * (0.12 * gloss * np.clip(0.8 + 0.4 * wet, 0, 2))
    sky = sky_light(weather, np.abs(seen))
    matt = [1.1 * s * sunlit + b + (d - b) * above
            for s, d, b in zip(weather.sunlight, dome, below, strict=True)]  # fmt: skip
    shine = [c * fresnel + spark * s for c, s in zip(sky, weather.sunlight, strict=True)]
    return cv2.merge(matt), cv2.merge(shine)


def _mirror(
    picture: np.ndarray,
    skin: np.ndarray,
    cover: np.ndarray,
    sea: Sea,
    area: tuple[int, int, int, int],
) -> np.ndarray:
    """Return the picture with the animal's broken reflection on the water before it."""
    x0, y0, x1, y1 = area
    out = picture.copy()
    bottom = min(y1 + (y1 - y0), picture.shape[0])
    line = cv2.GaussianBlur(sea.front[None, x0:x1], (0, 0), 6)[0]
    row = np.arange(y0, bottom, dtype=np.float32)[:, None]
    slope = sea.slope[y0:bottom, x0:x1]
    depth = row - line[None, :]
    away = np.maximum(depth, 0)
    source_y = line[None, :] - depth * 1.15 - y0 + slope * away * 0.6
    source_x = np.arange(x1 - x0, dtype=np.float32)[None, :] + slope * (12 + away * 0.9)
    layer = np.dstack([skin, cover])
    seen = cv2.remap(layer, source_x.astype(np.float32), source_y.astype(np.float32),
                     cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)  # fmt: skip
    share = seen[..., 3] * (depth > 0) * np.clip(0.75 - slope * 1.5, 0.2, 0.9)
    share = share * np.exp(-away / (0.5 * (y1 - y0)))
    region = out[y0:bottom, x0:x1]
    region += (seen[..., :3] * 1.1 + region * 0.15 - region) * share[..., None]
    return out


def _fill(layer: np.ndarray, points: np.ndarray, value: int) -> None:
    polygon = np.round(points * 16).astype(np.int32)
    cv2.fillPoly(layer, [polygon], value, cv2.LINE_AA, 4)
