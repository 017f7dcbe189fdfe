"""A batch of encoded pictures decoded by all cores at once.

The batch is decoded, and augmented for training, in one `tf.numpy_function`, straight into the
batch's memory. One thread for each core does this; OpenCV lets the other threads run meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from tf_happywhale.cores import usable_cores

WORKERS = usable_cores()
THREADS = ThreadPoolExecutor(WORKERS)
AHEAD = 2  # batches made at a time, so that no worker waits for the last picture of a batch
ALIGNMENT = 64  # bytes


def batch_decoder(picture: Callable[[bytes, bytes, np.ndarray], np.ndarray], size: int) -> Callable:
    """Return a function of encoded pictures str [b], image names str [b] and boxes int64 [b, 4]
    that returns pictures uint8 [b, size, size, 3].

    Args:
        picture: makes one picture of its encoded bytes, name and box. It is not called where the
            bytes are empty: that picture stays black.
        size: side of the pictures, pixels.
    """

    def decode_all(encoded: np.ndarray, names: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        batch = _aligned((len(names), size, size, 3))

        def decode_some(first: int) -> None:
            for row in range(first, len(names), WORKERS):
                one = encoded[row]
                batch[row] = picture(one, names[row], boxes[row]) if one else 0

        list(THREADS.map(decode_some, range(min(WORKERS, len(names)))))
        return batch

    def decode(encoded: tf.Tensor, names: tf.Tensor, boxes: tf.Tensor) -> tf.Tensor:
        decoded = tf.numpy_function(decode_all, [encoded, names, boxes], tf.uint8, stateful=False)
        return tf.ensure_shape(decoded, (names.shape[0], size, size, 3))

    return decode


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """Return an uninitialised uint8 array that TensorFlow takes over without copying it."""
    length = int(np.prod(shape))
    memory = np.empty(length + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + length].reshape(shape)
