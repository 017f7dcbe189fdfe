"""The loss of pictures that were mixed with one another."""

from __future__ import annotations

import keras
from keras import ops


def mixed_loss(classifier: keras.Model, pictures, targets: tuple, global_batch: int):
    """Cross-entropy against both targets of each picture, weighted by their shares.

    The embedding is computed once, the head's margin is put on each of the two in turn.

    Args:
        classifier: of `models.embedder.build_classifier`.
        pictures: uint8 [n, h, w, 3].
        targets: of `records.reader.training_batches` with mixup: int [n], int [n], float32 [n].
        global_batch: what the sum is divided by.

    Returns:
        Scalar float32, summed over the pictures.
    """
    first, second, share = targets
    embedding = classifier.get_layer("embedder")(pictures, training=True)
    head = classifier.get_layer("arcface")
    entropies = [
        keras.losses.sparse_categorical_crossentropy(
            target, head(embedding, target), from_logits=True
        )
        for target in (first, second)
    ]
    each = share * entropies[0] + (1 - share) * entropies[1]
    return ops.sum(each) / global_batch
