"""LightGlue, the network that says which points of two pictures correspond (Lindenberger et al.
2023).

In each of its nine layers the points of each picture look at each other, and then at the other
picture's. What is done before the first look at another picture is done once for each (`begin`).

Arrays are [n, …] for the n points of one picture. `ops` is `keras.ops`, or a module with the same
functions for another engine.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tf_happywhale.matching.lightglue_weights import HEADS, Assignment, Block, Weights


class Turned(NamedTuple):
    """Points, and how far their places turn queries and keys (Su et al. 2021).

    Args:
        points: what is known of each, [n, d].
        cosine, sine: of angles, [n, d / HEADS / 2].
    """

    points: Any
    cosine: Any
    sine: Any


def begin(ops: Any, descriptor: Any, cosine: Any, sine: Any, weights: Weights) -> Any:
    """Return what is known of points after their first look at each other, [n, d].

    Args:
        ops: the operations.
        descriptor: [n, 128]
        cosine, sine: see `Turned`.
        weights: of the network.
    """
    points = linear(ops, descriptor, weights.start)
    return _look_within(ops, Turned(points, cosine, sine), weights.own[0])


def layers(
    ops: Any, first: Turned, second: Turned, weights: Weights, numbers: range
) -> tuple[Any, Any]:
    """Return what is known of the points of two pictures after some layers, [m, d] and [n, d].

    Args:
        ops: the operations.
        first, second: the points of either, from `begin` or from here.
        weights: of the network.
        numbers: of the layers, from 0. Layer 0 begins with the look at the other picture, since
            `begin` has done the rest.
    """
    for number in numbers:
        if number > 0:
            within = weights.own[number]
            first = first._replace(points=_look_within(ops, first, within))
            second = second._replace(points=_look_within(ops, second, within))
        one, other = _look_across(ops, first.points, second.points, weights.across[number])
        first, second = first._replace(points=one), second._replace(points=other)
    return first.points, second.points


def assign(ops: Any, first: Any, second: Any, weights: Assignment) -> tuple[Any, Any, Any]:
    """Return the best match of each point.

    Args:
        ops: the operations.
        first, second: points after a layer, [m, d] and [n, d].
        weights: of that layer.

    Returns:
        for each point of the first picture the best one of the second, int [m], and the logarithm
        of that match's score, [m]; for each point of the second, the best one of the first, int
        [n].
    """
    alike = ops.matmul(
        linear(ops, first, weights.compared),
        ops.transpose(linear(ops, second, weights.compared), (1, 0)),
    )
    sure = ops.log_sigmoid(linear(ops, first, weights.matchable))
    sure_second = ops.log_sigmoid(linear(ops, second, weights.matchable))
    score = ops.add(ops.log_softmax(alike, 1), ops.log_softmax(alike, 0))
    score = ops.add(score, ops.add(sure, ops.transpose(sure_second, (1, 0))))
    return ops.argmax(score, 1), ops.max(score, 1), ops.argmax(score, 0)


def _look_within(ops: Any, turned: Turned, block: Block) -> Any:
    looks = ops.split(linear(ops, turned.points, block.into), 3, 1)
    query, key, value = (_heads(ops, each, block) for each in looks)
    query, key = _turn(ops, query, turned), _turn(ops, key, turned)
    return _behind(ops, turned.points, _attend(ops, query, key, value), block)


def _look_across(ops: Any, first: Any, second: Any, block: Block) -> tuple[Any, Any]:
    looks = [
        [_heads(ops, each, block) for each in ops.split(linear(ops, points, block.into), 2, 1)]
        for points in (first, second)
    ]
    (place, value), (other_place, other_value) = looks
    found = _attend(ops, place, other_place, other_value)
    other_found = _attend(ops, other_place, place, value)
    return _behind(ops, first, found, block), _behind(ops, second, other_found, block)


def _attend(ops: Any, query: Any, key: Any, value: Any) -> Any:
    """[heads, m, size] and twice [heads, n, size] to [m, heads, size]."""
    alike = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
    return ops.transpose(ops.matmul(ops.softmax(alike, -1), value), (1, 0, 2))


def _behind(ops: Any, points: Any, found: Any, block: Block) -> Any:
    found = ops.reshape(found, (-1, block.out[0].shape[1]))
    hidden = linear(ops, ops.concatenate([points, found], 1), block.hidden)
    hidden = ops.layer_normalization(hidden, *block.norm, epsilon=1e-5)
    return ops.add(points, linear(ops, ops.gelu(hidden, approximate=False), block.out))


def _turn(ops: Any, heads: Any, turned: Turned) -> Any:
    one, other = ops.split(heads, 2, 2)
    cosine, sine = turned.cosine, turned.sine
    return ops.concatenate(
        [
            ops.subtract(ops.multiply(one, cosine), ops.multiply(other, sine)),
            ops.add(ops.multiply(other, cosine), ops.multiply(one, sine)),
        ],
        2,
    )


def _heads(ops: Any, x: Any, block: Block) -> Any:
    """[n, d] to [heads, n, size]."""
    return ops.transpose(ops.reshape(x, (-1, HEADS, block.out[0].shape[1] // HEADS)), (1, 0, 2))


def linear(ops: Any, x: Any, layer: tuple[Any, Any]) -> Any:
    """Multiply by a kernel and add a bias."""
    return ops.add(ops.matmul(x, layer[0]), layer[1])
