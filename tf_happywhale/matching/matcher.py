"""From the points of two pictures to the points that correspond, by LightGlue."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from tf_happywhale.cores import usable_cores
from tf_happywhale.matching.engines.engine import Engine, load_engine
from tf_happywhale.matching.lightglue import Turned, assign, begin, layers
from tf_happywhale.matching.lightglue_weights import lightglue_weights
from tf_happywhale.matching.local_points import LENGTH, LocalPoints
from tf_happywhale.matching.weights_file import SHA256, read_weights

NETWORK = "aliked_lightglue"
LEAST = 0.1  # the score that a match must have, as published
FEWEST = 3  # points of a picture that are matched; fewer say nothing about how it lies
LOOK, HOPE = 4, 2.0  # a pair whose match scores add up to less after so many layers is done
STEPS = ((128, 32), (64, 16), (16, 8))  # from so many points on, their number is a multiple
Pair = tuple[LocalPoints, LocalPoints]


@dataclass(frozen=True)
class Matches:
    """Which points of two pictures correspond, k matches.

    Args:
        first: the number of a point of the first picture, int32 [k].
        second: of the second picture, int32 [k].
        score: how sure the match is, 0 to 1, float32 [k].
    """

    first: np.ndarray
    second: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.first)


def no_matches() -> Matches:
    """Return the matches of pictures that have none."""
    return Matches(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32))


class Matcher:
    """LightGlue with its published weights for ALIKED, which are fetched if need be.

    Most pairs show two animals. The first layers tell most of these, so that the others run for
    the rest alone. (The published rule asks each point how sure it is, and rarely stops for such a
    pair: its points are not sure.)

    Args:
        weights: tensors of a checkpoint by the published names; None for the published ones.
        engine: runs the network; None for the fastest that is installed.
        stops: whether pairs without likely matches are done after the first layers.
    """

    def __init__(
        self,
        weights: dict[str, np.ndarray] | None = None,
        engine: Engine | None = None,
        stops: bool = True,
    ) -> None:
        self.about = {
            "matcher": NETWORK,
            "matcher_weights": SHA256[NETWORK] if weights is None else "other",
            "stops": f"after layer {LOOK} below {HOPE:g}" if stops else "never",
        }
        self.engine = load_engine() if engine is None else engine
        self._network = lightglue_weights(read_weights(NETWORK) if weights is None else weights)
        self._begun = Begun(self._network, self.engine)
        self._compile(LOOK if stops else len(self._network.assignments))

    def _compile(self, look: int) -> None:
        network, compiled = self._network, self.engine.compiled
        width, half = len(network.assignments[0].compared[0]), network.frequencies.shape[1]

        def through(numbers: range):
            def some(ops, weights, x, cosine, sine, y, other_cosine, other_sine):
                one, other = Turned(x, cosine, sine), Turned(y, other_cosine, other_sine)
                return layers(ops, one, other, weights, numbers)

            return compiled(some, network, [width, half, half] * 2)

        def after(number: int):
            weights = network.assignments[number - 1]
            return compiled(
                lambda ops, weights, x, y: assign(ops, x, y, weights),
                weights,
                [width] * 2,
                exact=True,
            )

        last = len(network.assignments)
        look = min(look, last)
        self._parts = [
            (through(range(start, end)), after(end))
            for start, end in ((0, look), (look, last))
            if start < end
        ]

    def __call__(self, pairs: Sequence[Pair]) -> list[Matches]:
        """Return the matches of each pair; none where a picture has fewer than three points."""
        with ThreadPoolExecutor(usable_cores()) as threads:
            return list(threads.map(self._match, pairs))

    def _match(self, pair: Pair) -> Matches:
        if min(map(len, pair)) < FEWEST:
            return no_matches()
        one, other = (self._begun(_even(points)) for points in pair)
        found = no_matches()
        for part, assigned in self._parts:
            x, y = part(*one, *other)
            found = _mutual(*assigned(x, y))
            if found.score.sum() < HOPE:
                break
            one, other = one._replace(points=x), other._replace(points=y)
        return found


class Begun:
    """Pictures' points after `begin`; the last ones are remembered."""

    KEPT = 256  # pictures, of 400 kB

    def __init__(self, network, engine: Engine) -> None:
        self._frequencies = network.frequencies
        half = network.frequencies.shape[1]
        self._begin = engine.compiled(
            lambda ops, weights, *arrays: [begin(ops, *arrays, weights)],
            network,
            [LENGTH, half, half],
        )
        self._known: OrderedDict[bytes, Turned] = OrderedDict()

    def __call__(self, points: LocalPoints) -> Turned:
        key = hashlib.blake2b(points.xy.tobytes() + points.descriptor.tobytes()).digest()
        found = self._known.get(key)
        if found is None:
            size = np.array(points.size, np.float32)
            angle = (points.xy - size / 2) / (size.max() / 2) @ self._frequencies
            turn = np.cos(angle), np.sin(angle)
            found = Turned(self._begin(points.descriptor, *turn)[0], *turn)
            self._known[key] = found
            while len(self._known) > self.KEPT:
                self._known.popitem(last=False)
        return found


def _even(points: LocalPoints) -> LocalPoints:
    """Return the best points, so many that few numbers of them occur. An engine keeps what it made
    for each number: 1 MB a layer for OpenVINO, which is a fifth slower the first time."""
    count = len(points)
    step = next((step for least, step in STEPS if count >= least), 1)
    count -= count % step
    return LocalPoints(
        points.xy[:count], points.descriptor[:count], points.score[:count], points.size
    )


def _mutual(best: np.ndarray, score: np.ndarray, back: np.ndarray) -> Matches:
    """Return the matches that are the best of both points."""
    first = np.arange(len(best))
    first = first[(back[best] == first) & (score > np.log(LEAST))]
    return Matches(first.astype(np.int32), best[first].astype(np.int32), np.exp(score[first]))
