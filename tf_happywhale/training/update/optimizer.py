"""AdamW with one learning rate for the backbone and another for the rest."""

from __future__ import annotations

import keras

from tf_happywhale.config import Train


class Optimizers:
    """One AdamW for the backbone and one for the rest, or one for both where the rates are equal.

    Before Keras 3.15 an optimizer has one learning rate, so there are two of them.

    Args:
        classifier: from `build_classifier`; its embedder's first network is the backbone.
        train: the learning rate, the weight decay, and the factor on the head's learning rate.
    """

    def __init__(self, classifier: keras.Model, train: Train) -> None:
        backbone = {id(v) for v in backbone_variables(classifier)} if train.head_rate != 1 else ()
        variables = classifier.trainable_variables
        first = [n for n, v in enumerate(variables) if id(v) in backbone]
        rest = [n for n, v in enumerate(variables) if id(v) not in backbone]
        self._groups = []
        for rows, multiple in ((first, 1.0), (rest, train.head_rate)):
            if rows:
                optimizer = keras.optimizers.AdamW(
                    train.learning_rate, weight_decay=train.weight_decay
                )
                optimizer.build([variables[n] for n in rows])
                self._groups.append((optimizer, rows, multiple))
        self._variables = variables

    @property
    def state(self) -> list[keras.Variable]:
        """The variables that a checkpoint must hold."""
        return [variable for optimizer, *_ in self._groups for variable in optimizer.variables]

    @property
    def updates(self) -> int:
        """How many updates have been applied."""
        return int(keras.ops.convert_to_numpy(self._groups[0][0].iterations))

    def apply(self, gradients: list, learning_rate) -> None:
        """Update the classifier's trainable variables by gradients in their order."""
        for optimizer, rows, multiple in self._groups:
            optimizer.learning_rate.assign(learning_rate * multiple)
            optimizer.apply([gradients[n] for n in rows], [self._variables[n] for n in rows])


def backbone_variables(classifier: keras.Model) -> list[keras.Variable]:
    """Return the trainable variables of the network inside the embedder, if there is one."""
    embedder = classifier.get_layer("embedder")
    networks = [layer for layer in embedder.layers if isinstance(layer, keras.Model)]
    return [variable for network in networks for variable in network.trainable_variables]
