from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.training.update.weight_average import WeightAverage


def variables() -> list[keras.Variable]:
    return [keras.Variable(np.array([1.0, 2.0], np.float32)), keras.Variable(5.0)]


def averaged(average: WeightAverage, mine: list[keras.Variable]) -> list:
    with average.swapped():
        return [variable.numpy().tolist() for variable in mine]


def test_it_starts_from_the_weights_as_they_are():
    mine = variables()
    assert averaged(WeightAverage(mine, 0.9), mine) == [[1.0, 2.0], 5.0]


@pytest.mark.parametrize("compiled", [False, True])
def test_it_follows_the_written_out_sum(compiled):
    """The decay is min(.25, (1 + n)/(10 + n)) after n updates: 2/11, 3/12, then .25."""
    mine = variables()
    average = WeightAverage(mine, 0.25)
    update = tf.function(average.update) if compiled else average.update
    expected = 5.0
    for value, decay in ((8.0, 2 / 11), (2.0, 3 / 12), (4.0, 0.25), (4.0, 0.25)):
        mine[1].assign(value)
        update()
        expected = decay * expected + (1 - decay) * value
        assert averaged(average, mine)[1] == pytest.approx(expected, rel=1e-6)


def test_after_the_swap_the_weights_are_what_they_were_also_after_an_error():
    mine = variables()
    average = WeightAverage(mine, 0.9)
    mine[0].assign([7.0, 8.0])
    with pytest.raises(RuntimeError), average.swapped():
        assert mine[0].numpy().tolist() == [1.0, 2.0]
        raise RuntimeError
    assert mine[0].numpy().tolist() == [7.0, 8.0]


def test_a_checkpoint_of_its_state_holds_averages_and_the_number_of_updates():
    mine = variables()
    average = WeightAverage(mine, 0.5)
    mine[1].assign(9.0)
    average.update()
    updates, *averages = (variable.numpy() for variable in average.state)
    assert updates == 1
    assert averages[1] == pytest.approx(5 * 2 / 11 + 9 * 9 / 11)
    assert len(averages) == len(mine)
