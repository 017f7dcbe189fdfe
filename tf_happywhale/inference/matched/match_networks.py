"""The networks of local matching, and what points and pairs depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tf_happywhale.config import Match
from tf_happywhale.matching.local_points import LocalPoints
from tf_happywhale.matching.pair_features import FEATURES, Found

FORM = "1"  # another one where crops or features are made in another way


class FindsPoints(Protocol):
    """Finds the points of pictures uint8 RGB [h, w, 3]; `about` says what they depend on."""

    about: Mapping[str, str]

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[LocalPoints]: ...


class MatchesPoints(Protocol):
    """Matches the points of pairs of pictures; `about` says what matches depend on."""

    about: Mapping[str, str]

    def __call__(self, pairs: Sequence[tuple[LocalPoints, LocalPoints]]) -> Sequence[Found]: ...


@dataclass(frozen=True)
class Networks:
    """What finds points, and what matches them."""

    extractor: FindsPoints
    matcher: MatchesPoints

    def about_points(self, settings: Match) -> dict[str, str]:
        """Return what the points of a crop depend on."""
        crop = {"size": str(settings.size), "margin": f"{settings.margin:g}", "crop": FORM}
        return {**self.extractor.about, **crop}

    def about_pairs(self, settings: Match) -> dict[str, str]:
        """Return what the features of a pair depend on."""
        return {
            **self.about_points(settings),
            **self.matcher.about,
            "features": f"{' '.join(FEATURES)}, {FORM}",
        }


def load_networks(settings: Match) -> Networks:
    """Return the networks that the settings name.

    Raises:
        InputError: their weights cannot be had.
    """
    from tf_happywhale.matching.engines.engine import load_engine
    from tf_happywhale.matching.extractor import Extractor  # which imports Keras
    from tf_happywhale.matching.matcher import Matcher

    return Networks(Extractor(settings.points), Matcher(engine=load_engine(settings.engine)))


def weights_here() -> bool:
    """Return whether the published weights are on this machine, so that none must be fetched."""
    from tf_happywhale.matching.weights_file import SHA256, find_weights

    return all(find_weights(name) for name in SHA256)
