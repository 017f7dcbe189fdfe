"""An individual of the pod: the outline of its dorsal fin, its nicks and its scars, nothing else.

Coordinates are fin heights: x runs from the leading base towards the tail, y upwards from the
back, the tip near y = 1. The head is on the left; a photograph from the other side mirrors it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Species:
    """Family of fin shapes and skins. Every pair is (mean, spread between individuals)."""

    name: str
    base: tuple[float, float]  # length of the fin's base
    tip: tuple[float, float]  # how far behind the leading base the tip stands
    bulge: tuple[float, float]  # convexity of the leading edge
    hook: tuple[float, float]  # concavity of the trailing edge: falcate fins have much
    blunt: tuple[float, float]  # radius of the tip
    skin: tuple[float, float, float]  # albedo, linear RGB
    centre: float  # how much paler the fin's middle is
    rakes: tuple[int, int]  # fewest and most groups of tooth rakes
    blotches: tuple[int, int]  # fewest and most pale patches
    saddle: bool  # a pale patch behind and below the fin


SPECIES = (
    Species("bottlenose_dolphin", (1.18, 0.10), (1.10, 0.13), (0.21, 0.04), (0.24, 0.05),
            (0.035, 0.010), (0.095, 0.100, 0.108), 0.15, (1, 3), (0, 2), False),
    Species("common_dolphin", (1.02, 0.08), (0.92, 0.12), (0.13, 0.04), (0.19, 0.05),
            (0.020, 0.006), (0.050, 0.050, 0.056), 1.6, (0, 2), (0, 2), False),
    Species("killer_whale", (0.86, 0.08), (0.62, 0.13), (0.07, 0.03), (0.09, 0.05),
            (0.040, 0.012), (0.018, 0.018, 0.021), 0.0, (1, 3), (0, 1), True),
    Species("rissos_dolphin", (0.98, 0.08), (0.90, 0.12), (0.15, 0.04), (0.21, 0.05),
            (0.035, 0.010), (0.170, 0.170, 0.172), 0.25, (4, 7), (1, 3), False),
    Species("short_finned_pilot_whale", (1.52, 0.12), (1.36, 0.13), (0.29, 0.04), (0.31, 0.05),
            (0.075, 0.015), (0.026, 0.024, 0.024), 0.1, (1, 2), (0, 2), False),
)  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """Scar: a line (`closed` False, `width` in fin heights) or a patch (`closed` True).

    `points [n, 2] float32`; `tone` is what the skin's albedo is moved to, `strength` how far.
    """

    points: np.ndarray
    closed: bool
    width: float
    tone: float
    strength: float


@dataclass(frozen=True)
class Fin:
    """One individual. `outline [n, 2] float32` is open: its two ends lie below the back."""

    individual_id: str
    species: Species
    outline: np.ndarray
    marks: tuple[Mark, ...]


def draw_fin(individual_id: str, species: Species, rng: np.random.Generator) -> Fin:
    """Draw one individual of `species`; everything that makes it itself comes from `rng`."""
    leading, trailing = _edges(species, rng)
    trailing = _nick(leading, trailing, rng)
    outline = _lose_tip(np.concatenate([leading, trailing[1:]]), rng).astype(np.float32)
    return Fin(individual_id, species, outline, tuple(_marks(species, outline, rng)))


def _edges(species: Species, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the smooth leading and trailing edge, each [n, 2], meeting at the tip."""
    base, tip, bulge, hook, blunt = (
        mean + spread * rng.uniform(-1.9, 1.9)
        for mean, spread in (species.base, species.tip, species.bulge, species.hook, species.blunt)
    )
    shoulder, belly = rng.uniform(-0.08, 0.08, 2)
    top = np.array([tip, 1.0])
    heel = np.array([base, 0.0])
    rise = np.array([-1.0, tip]) / np.hypot(1.0, tip)  # normal of the chord base → tip
    first = 0.36 * top + bulge * rise * (1 + shoulder)
    second = 0.78 * top + bulge * rise * (1 - shoulder) * 1.25
    leading = _bezier(np.zeros(2), first, second, top, 220)
    third = top + (heel - top) * 0.30 + np.array([-hook * (1.15 + belly), 0.0])
    fourth = top + (heel - top) * 0.74 + np.array([-hook * (1.05 - belly), 0.0])
    trailing = _bezier(top, third, fourth, heel, 260)
    line = np.concatenate([leading, trailing[1:]])
    line = _round(line, blunt)
    flare = rng.uniform(0.22, 0.34)
    ends = (line[70], line[-60])
    feet = (np.array([-flare, -0.15]), np.array([base + 0.8 * flare, -0.15]))
    bends = (np.array([0.02, -0.02]), np.array([base, -0.02]))
    front, rear = (_bezier(f, b, b, e, 80) for f, b, e in zip(feet, bends, ends, strict=True))
    line = _resample(np.concatenate([front, line[71:-61], rear[::-1]]), 640)
    peak = int(np.argmax(line[:, 1]))
    line[:, 1] *= 1.0 / line[peak, 1]
    return line[: peak + 1], line[peak:]


def _nick(leading: np.ndarray, trailing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut two to five nicks into the trailing edge, and roughen it a little."""
    line = _resample(trailing, 900)
    height = line[:, 1]
    step = np.gradient(line, axis=0)
    inward = np.stack([step[:, 1], -step[:, 0]], axis=1)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    wave = rng.standard_normal(40) * 0.004
    depth = np.interp(along, np.linspace(0, along[-1], 40), wave)
    count = int(rng.integers(2, 6))
    lowest, highest = 0.22, 0.94
    slots = lowest + (highest - lowest) * (np.arange(count) + rng.uniform(0.1, 0.9, count)) / count
    for middle in slots:
        centre = float(np.interp(middle, height[::-1], along[::-1]))
        here = line[int(np.argmin(np.abs(along - centre)))]
        thick = float(np.hypot(*(leading - here).T).min())
        deep = min(rng.uniform(0.06, 0.12), 0.5 * thick)
        before, after = deep * rng.uniform(0.45, 1.25, 2)
        offset = along - centre
        near = np.clip(1 - np.abs(offset) / np.where(offset < 0, before, after), 0, 1)
        shape = rng.choice(3)
        profile = (near, np.sqrt(near), np.clip(2.2 * near, 0, 1))[shape]
        depth = np.maximum(depth, deep * profile)
    depth *= np.clip(height / 0.15, 0, 1)
    return line + inward * depth[:, None]


def _lose_tip(outline: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut the tip off one fin in seven, along a slanting cut."""
    lost, limit, slant = rng.random() < 0.15, rng.uniform(0.86, 0.93), rng.uniform(-0.4, 0.15)
    if not lost:
        return outline
    ahead = outline[:, 0] - outline[int(np.argmax(outline[:, 1])), 0]
    above = np.flatnonzero(outline[:, 1] > limit + slant * ahead)
    return np.delete(outline, np.s_[above[0] : above[-1] + 1], axis=0)


def _marks(species: Species, outline: np.ndarray, rng: np.random.Generator) -> list[Mark]:
    """Return tooth rakes (parallel curved lines), pale blotches, and the saddle if there is one."""
    marks = []
    if species.saddle:
        middle = np.array([outline[-1, 0] * rng.uniform(0.85, 1.0), -0.14])
        patch = _blob(middle, rng.uniform(0.25, 0.42), 0.45, 0.5, rng)
        marks.append(Mark(patch, True, 0.0, rng.uniform(0.16, 0.26), 0.75))
    for _ in range(int(rng.integers(species.blotches[0], species.blotches[1] + 1))):
        patch = _blob(_inside(outline, rng), rng.uniform(0.05, 0.12), rng.uniform(0.6, 1), 0.7, rng)
        marks.append(Mark(patch, True, 0.0, rng.uniform(0.28, 0.45), rng.uniform(0.5, 0.9)))
    for _ in range(int(rng.integers(species.rakes[0], species.rakes[1] + 1))):
        start, angle = _inside(outline, rng), rng.uniform(0, np.pi)
        length, bend = rng.uniform(0.25, 0.70), rng.uniform(-0.25, 0.25)
        gap, tone = rng.uniform(0.028, 0.05), rng.uniform(0.30, 0.50)
        ahead = np.array([np.cos(angle), np.sin(angle)])
        aside = np.array([-ahead[1], ahead[0]])
        for k in range(int(rng.integers(1, 5))):
            t = np.linspace(-0.5, 0.5, 24)[:, None] * length * rng.uniform(0.6, 1.0)
            line = start + ahead * (t + rng.uniform(-0.04, 0.04)) + aside * (k * gap + bend * t * t)
            width, strength = rng.uniform(0.008, 0.017), rng.uniform(0.5, 0.9)
            marks.append(Mark(line.astype(np.float32), False, width, tone, strength))
    return marks


def _inside(outline: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random point well inside the fin."""
    height = rng.uniform(0.18, 0.75)
    peak = int(np.argmax(outline[:, 1]))
    lead = outline[np.argmin(np.abs(outline[:peak, 1] - height)), 0]
    trail = outline[peak + np.argmin(np.abs(outline[peak:, 1] - height)), 0]
    return np.array([lead + (trail - lead) * rng.uniform(0.3, 0.7), height])


def _blob(
    middle: np.ndarray, radius: float, flat: float, rough: float, rng: np.random.Generator
) -> np.ndarray:
    """Return a closed irregular patch [48, 2] around `middle`, `flat` times as high as wide."""
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    waves = sum(
        rng.normal() / k * np.cos(k * turn + rng.uniform(0, 2 * np.pi)) for k in range(2, 7)
    )
    reach = radius * np.clip(1 + 0.35 * rough * waves, 0.3, 1.8)
    points = np.stack([np.cos(turn) * reach, np.sin(turn) * reach * flat], axis=1)
    return (middle + points).astype(np.float32)


def _bezier(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, n: int) -> np.ndarray:
    t = np.linspace(0, 1, n)[:, None]
    return (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t * t * c + t**3 * d


def _resample(line: np.ndarray, n: int) -> np.ndarray:
    """Return the same line in `n` points at equal distances."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0, along[-1], n)
    return np.stack([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])], axis=1)


def _round(line: np.ndarray, radius: float) -> np.ndarray:
    """Smooth a line along its length, which rounds its corners to about `radius`."""
    line = _resample(line, 640)
    step = np.hypot(*np.diff(line, axis=0).T).mean()
    half = max(1, int(3 * radius / step))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) * step / radius) ** 2)
    kernel /= kernel.sum()
    first, last = 2 * line[0] - line[half:0:-1], 2 * line[-1] - line[-2 : -half - 2 : -1]
    padded = np.concatenate([first, line, last])
    return np.stack([np.convolve(padded[:, i], kernel, mode="valid") for i in (0, 1)], axis=1)
