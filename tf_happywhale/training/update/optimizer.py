"""AdamW with one learning rate for the backbone and another for the rest."""

from __future__ import annotations

from copy import copy

import keras

from tf_happywhale.config import Train
from tf_happywhale.models.halves import halves


class Optimizers:
    """One AdamW for the backbone and one for the rest; or one for both, where the rates are equal
    and the backbone is never frozen.

    Before Keras 3.15 an optimizer has one learning rate, so there are two of them.

    Args:
        classifier: from `build_classifier`.
        train: the learning rate, the weight decay, the factor on the head's learning rate, and
            whether the backbone is frozen in some epochs.

    Attributes:
        variables: those that are trained; a backbone that is frozen to the end needs no state.
    """

    def __init__(self, classifier: keras.Model, train: Train) -> None:
        apart = train.head_rate != 1 or train.freeze_epochs
        backbone = {id(v) for v in backbone_variables(classifier)} if apart else ()
        always = train.freeze_epochs >= train.epochs
        everything = classifier.trainable_variables
        self.variables = [v for v in everything if not (always and id(v) in backbone)]
        first = [n for n, v in enumerate(self.variables) if id(v) in backbone]
        rest = [n for n, v in enumerate(self.variables) if id(v) not in backbone]
        self._groups = []
        for rows, multiple in ((first, 1.0), (rest, train.head_rate)):
            if rows:
                optimizer = keras.optimizers.AdamW(
                    train.learning_rate, weight_decay=train.weight_decay
                )
                optimizer.build([self.variables[n] for n in rows])
                self._groups.append((optimizer, rows, multiple))

    def of_the_rest(self) -> Optimizers:
        """Return the part that trains all but the backbone. The state is shared."""
        optimizer, rows, multiple = self._groups[-1]
        part = copy(self)
        part.variables = [self.variables[n] for n in rows]
        part._groups = [(optimizer, list(range(len(rows))), multiple)]
        return part

    @property
    def state(self) -> list[keras.Variable]:
        """The variables that a checkpoint must hold."""
        return [variable for optimizer, *_ in self._groups for variable in optimizer.variables]

    @property
    def updates(self) -> int:
        """How many updates have been applied; those of a frozen backbone count."""
        return int(keras.ops.convert_to_numpy(self._groups[-1][0].iterations))

    def apply(self, gradients: list, learning_rate) -> None:
        """Update the variables by gradients in their order."""
        for optimizer, rows, multiple in self._groups:
            optimizer.learning_rate.assign(learning_rate * multiple)
            optimizer.apply([gradients[n] for n in rows], [self.variables[n] for n in rows])


def backbone_variables(classifier: keras.Model) -> list[keras.Variable]:
    """Return the trainable variables of the network whose maps the embedder pools."""
    backbone, _ = halves(classifier.get_layer("embedder"))
    return backbone.trainable_variables
