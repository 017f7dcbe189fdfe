"""LightGlue, the network that says which points of two pictures correspond (Lindenberger et al.
2023).

In each of its nine layers the points of each picture look at each other, and then at the other
picture's. What a layer does within one picture, before the first look at another, is done once for
each picture (`begin`).
"""

from __future__ import annotations

from typing import Any

from tf_happywhale.matching.lightglue_weights import HEADS, Assignment, Block, Weights

FAR = -1e9  # added to a point that is not there, so that nobody looks at it


def begin(descriptor: Any, xy: Any, there: Any, weights: Weights) -> tuple[Any, Any, Any]:
    """Return what is known of points before another picture is looked at.

    Args:
        descriptor: [b, n, 128].
        xy: their places, from -1 to 1 along the picture's longer side, [b, n, 2].
        there: 0 where there is a point, and `FAR` where the row is filled up, [b, n].

    Returns:
        the points after the first look at each other, [b, n, d]; and cosines and sines of their
        places, [b, n, d / HEADS / 2].
    """
    from keras import ops

    angle = ops.matmul(xy, weights.frequencies)
    turn = ops.cos(angle), ops.sin(angle)
    points = _linear(descriptor, weights.start)
    return _look_within(points, turn, there, weights.own[0]), *turn


def layers(points: Any, turn: tuple, there: Any, weights: Weights, first: int, last: int) -> Any:
    """Return points of pairs after some of the layers.

    Args:
        points: first pictures, then second ones, [2 * b, n, d]; from `begin` or from here.
        turn: cosines and sines from `begin`, each [2 * b, n, d / HEADS / 2].
        there: [2 * b, n]
        weights: of the network.
        first: the number of the first layer, from 0. Layer 0 begins with the look at the other
            picture, since `begin` has done the rest.
        last: the number of the layer to stop before.
    """
    for layer in range(first, last):
        if layer > 0:
            points = _look_within(points, turn, there, weights.own[layer])
        points = _look_across(points, there, weights.across[layer])
    return points


def assign(points: Any, there: Any, weights: Assignment) -> tuple[Any, Any, Any]:
    """Return the best match of each point.

    Args:
        points: first pictures, then second ones, [2 * b, n, d].
        there: [2 * b, n]
        weights: of the layer that the points come from.

    Returns:
        for each point of the first pictures, the best of the second one's and the score of that
        match from 0 to 1, each [b, n]; for each of the second pictures', the best of the first's.
    """
    from keras import ops

    first, second = ops.split(_linear(points, weights.compared), 2)
    matchable = ops.log_sigmoid(_linear(points, weights.matchable)[..., 0]) + there
    sure, sure_second = ops.split(matchable, 2)
    away, away_second = ops.split(there, 2)
    alike = ops.matmul(first, ops.swapaxes(second, 1, 2))
    score = ops.log_softmax(alike + away_second[:, None], 2) + sure_second[:, None]
    score = score + ops.log_softmax(alike + away[:, :, None], 1) + sure[:, :, None]
    best = ops.argmax(score, 2)
    return best, ops.exp(ops.max(score, 2)), ops.argmax(score, 1)


def _look_within(points: Any, turn: tuple, there: Any, block: Block) -> Any:
    from keras import ops

    query, key, value = ops.split(_linear(points, block.into), 3, axis=-1)
    query, key = _turned(_heads(query), turn), _turned(_heads(key), turn)
    found = _attend(query, key, _heads(value), there)
    return _behind(points, found, block)


def _look_across(points: Any, there: Any, block: Block) -> Any:
    from keras import ops

    place, value = ops.split(_linear(points, block.into), 2, axis=-1)
    place, value = _heads(place), _heads(value)
    found = _attend(place, _swapped(place), _swapped(value), _swapped(there))
    return _behind(points, found, block)


def _attend(query: Any, key: Any, value: Any, there: Any) -> Any:
    """[b, heads, n, size] each to [b, n, d]."""
    from keras import ops

    alike = ops.matmul(query, ops.swapaxes(key, 2, 3)) + there[:, None, None]
    found = ops.matmul(ops.softmax(alike, -1), value)
    found = ops.transpose(found, (0, 2, 1, 3))
    return ops.reshape(found, (*found.shape[:2], -1))


def _behind(points: Any, found: Any, block: Block) -> Any:
    from keras import ops

    hidden = _linear(ops.concatenate([points, found], -1), block.hidden)
    hidden = ops.layer_normalization(hidden, *block.norm, epsilon=1e-5)
    return points + _linear(ops.gelu(hidden, approximate=False), block.out)


def _turned(heads: Any, turn: tuple) -> Any:
    """Turn the numbers of a query or key by the point's place (Su et al. 2021)."""
    from keras import ops

    cosine, sine = (each[:, None] for each in turn)
    one, other = ops.split(heads, 2, axis=-1)
    return ops.concatenate([one * cosine - other * sine, other * cosine + one * sine], -1)


def _heads(x: Any) -> Any:
    """[b, n, d] to [b, heads, n, size]."""
    from keras import ops

    return ops.transpose(ops.reshape(x, (*x.shape[:2], HEADS, -1)), (0, 2, 1, 3))


def _swapped(x: Any) -> Any:
    """Exchange the first and the second pictures."""
    from keras import ops

    first, second = ops.split(x, 2)
    return ops.concatenate([second, first])


def _linear(x: Any, layer: tuple) -> Any:
    from keras import ops

    return ops.matmul(x, layer[0]) + layer[1]
