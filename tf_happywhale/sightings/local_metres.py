"""Latitude and longitude as metres on a plane, for programs and maps that need a plane."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

RADIUS, FLATTENING = 6378137.0, 1 / 298.257223563  # of WGS84
N = FLATTENING / (2 - FLATTENING)
RECTIFYING = RADIUS / (1 + N) * (1 + N**2 / 4 + N**4 / 64)
ALPHA = (
    N / 2 - 2 * N**2 / 3 + 5 * N**3 / 16,
    13 * N**2 / 48 - 3 * N**3 / 5,
    61 * N**3 / 240,
)


@dataclass(frozen=True)
class Plane:
    """A transverse Mercator projection of WGS84 through the middle of the survey.

    It is true to scale along its meridian: 100 km beside it, lengths are too large by 0.012%.
    Krüger's series to the third power of n, which is exact to a millimetre within 1,000 km (Karney
    2011, Transverse Mercator with an accuracy of a few nanometers, Journal of Geodesy 85:475-485).

    Attributes:
        latitude, longitude: of the point that becomes (0, 0), degrees.
    """

    latitude: float
    longitude: float

    def metres(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return metres to the east and to the north of the origin, float64 [n, 2].

        Args:
            latitude, longitude: degrees, [n].
        """
        east, north = _transverse(latitude, np.asarray(longitude) - self.longitude)
        _, begin = _transverse(np.array([self.latitude]), np.zeros(1))
        return np.stack([east, north - begin[0]], axis=1)

    def in_words(self) -> str:
        """Return how the metres were made, for a person who writes it into a paper."""
        return (
            "metres east and north of "
            f"{self.latitude:.5f}, {self.longitude:.5f} (transverse Mercator of WGS84 with that "
            "meridian, scale 1)"
        )


def plane_of(latitude: np.ndarray, longitude: np.ndarray) -> Plane:
    """Return the plane through the middle of some points, also across the 180th meridian."""
    radians = np.radians(np.asarray(longitude, float))
    mean = math.degrees(math.atan2(np.sin(radians).mean(), np.cos(radians).mean()))
    return Plane(round(float(np.mean(latitude)), 5), round(mean, 5))


def _transverse(latitude: np.ndarray, away: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return east and north of the equator in metres; `away`: degrees from the meridian."""
    phi = np.radians(np.asarray(latitude, float))
    lam = np.radians((np.asarray(away, float) + 180) % 360 - 180)
    e = 2 * math.sqrt(N) / (1 + N)
    with np.errstate(divide="ignore"):  # a pole is at infinity, and its angle is right
        t = np.sinh(np.arctanh(np.sin(phi)) - e * np.arctanh(e * np.sin(phi)))
    xi = np.arctan2(t, np.cos(lam))
    eta = np.arcsinh(np.sin(lam) / np.hypot(t, np.cos(lam)))
    east, north = eta.copy(), xi.copy()
    for j, alpha in enumerate(ALPHA, start=1):
        east += alpha * np.cos(2 * j * xi) * np.sinh(2 * j * eta)
        north += alpha * np.sin(2 * j * xi) * np.cosh(2 * j * eta)
    return RECTIFYING * east, RECTIFYING * north
