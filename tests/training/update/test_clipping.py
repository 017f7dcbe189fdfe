from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.training.update.clipping import clip_adaptively, clip_by_global_norm


def arrays(tensors: list) -> list:
    return [np.asarray(tensor).tolist() for tensor in tensors]


def test_clipping_scales_all_gradients_by_one_factor():
    gradients = [tf.constant([3.0, 0.0]), tf.constant([[0.0], [-4.0]])]  # common norm 5
    half = clip_by_global_norm(gradients, 2.5)
    assert arrays(half) == [[1.5, 0.0], [[0.0], [-2.0]]]


@pytest.mark.parametrize("largest", [5.0, 6.0, 1000.0])
def test_gradients_within_the_norm_stay_as_they_are(largest):
    gradients = [tf.constant([3.0]), tf.constant([-4.0])]
    assert arrays(clip_by_global_norm(gradients, largest)) == [[3.0], [-4.0]]


def test_zero_gradients_stay_zero():
    assert arrays(clip_by_global_norm([tf.zeros(2), tf.zeros(1)], 1.0)) == [[0.0, 0.0], [0.0]]


class Named:
    """A variable as `clip_adaptively` sees it."""

    def __init__(self, name: str, value: list) -> None:
        self.name, self.value = name, np.asarray(value, np.float32)
        self.shape = self.value.shape

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self.value


def test_each_filter_is_clipped_by_its_own_norm():
    kernel = Named("kernel", [[[[3.0, 0.0]], [[4.0, 0.0]]]])  # filters of norm 5 and 0
    gradient = tf.constant([[[[6.0, 3.0]], [[8.0, 4.0]]]])  # 10 and 5
    clipped = clip_adaptively([gradient], [kernel], 0.5)[0].numpy()
    np.testing.assert_allclose(clipped[..., 0].ravel(), [1.5, 2.0], rtol=1e-6)  # to half of 5
    np.testing.assert_allclose(clipped[..., 1].ravel(), [3e-4, 4e-4], rtol=1e-5)  # of 0.001


def test_depthwise_kernels_are_clipped_channel_by_channel():
    kernel = Named("kernel", np.ones((1, 1, 2, 1)) * [[[[1.0], [10.0]]]])
    clipped = clip_adaptively([tf.fill((1, 1, 2, 1), 5.0)], [kernel], 0.1)[0]
    np.testing.assert_allclose(np.asarray(clipped).ravel(), [0.1, 1.0], rtol=1e-6)


def test_vectors_count_whole_and_the_centres_are_left_alone():
    vector, centre = Named("bias", [3.0, 4.0]), Named("centre", [[1e-3, 0.0]])
    gradients = [tf.constant([30.0, 40.0]), tf.constant([[100.0, 100.0]])]
    clipped = clip_adaptively(gradients, [vector, centre], 0.1)
    np.testing.assert_allclose(clipped[0].numpy(), [0.3, 0.4], rtol=1e-6)
    assert arrays(clipped)[1] == [[100.0, 100.0]]


def test_small_gradients_stay_as_they_are():
    kernel = Named("kernel", [[3.0], [4.0]])
    assert arrays(clip_adaptively([tf.constant([[0.03], [0.04]])], [kernel], 0.02)) == [
        [[pytest.approx(0.03)], [pytest.approx(0.04)]]
    ]
