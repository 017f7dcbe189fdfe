from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.review.closeness import COLUMNS, bar_range, closest_first


def predictions() -> pd.DataFrame:
    """Four queries; the gaps of the first two scores are .3 (a), .1 (b), .1 (c) and none (d)."""
    rows = [
        ("a.jpg", "1", "09913", "0.9", "0.04", "r1.jpg"),
        ("a.jpg", "2", "1e10", "0.6", "0.04", "r2.jpg"),
        ("c.jpg", "1", "NA", "0.5", "", "r3.jpg"),
        ("c.jpg", "2", "new_individual", "0.4", "", ""),
        ("b.jpg", "2", "09913", "0.75", "0.5", "r1.jpg"),
        ("b.jpg", "1", "1e10", "0.85", "0.5", "r2.jpg"),
        ("d.jpg", "1", "09913", "0.1", "0.9", "r1.jpg"),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_closest_first_then_by_image_and_rank() -> None:
    table = closest_first(predictions())
    assert table["image"].tolist() == ["b.jpg"] * 2 + ["c.jpg"] * 2 + ["a.jpg"] * 2 + ["d.jpg"]
    assert table["individual_id"].tolist()[:2] == ["1e10", "09913"]


def test_ties_of_scores_that_differ_in_the_last_bit_are_by_image() -> None:
    table = predictions()
    table.loc[table["image"] == "b.jpg", "score"] = ["0.7", "0.8"]
    table.loc[table["image"] == "c.jpg", "score"] = ["0.3", "0.2"]
    assert 0.3 - 0.2 < 0.8 - 0.7
    assert closest_first(table)["image"].iloc[0] == "b.jpg"


def test_order_is_by_score_not_by_text() -> None:
    table = predictions()
    table.loc[table["image"] == "a.jpg", "score"] = ["10.0", "9.95"]
    assert closest_first(table)["image"].iloc[0] == "a.jpg"


def test_bars_of_cosines_run_from_0_to_1_and_others_between_extremes() -> None:
    assert bar_range(pd.Series([-0.2, 0.9])) == (0.0, 1.0)
    assert bar_range(pd.Series([-1.5, 3.0, np.nan])) == (-1.5, 3.0)
    assert bar_range(pd.Series([], dtype="float64")) == (0.0, 1.0)


def test_columns_become_text_and_numbers_and_the_input_stays() -> None:
    given = predictions()
    table = closest_first(given)
    ids = ["1e10", "09913", "NA", "new_individual", "09913", "1e10", "09913"]
    assert table["individual_id"].tolist() == ids
    assert table["score"].tolist() == [0.85, 0.75, 0.5, 0.4, 0.9, 0.6, 0.1]
    assert table["p_new"].isna().tolist() == [False, False, True, True, False, False, False]
    pd.testing.assert_frame_equal(given, predictions())


def test_damaged_predictions_are_refused() -> None:
    with pytest.raises(InputError, match="lack the column p_new"):
        closest_first(predictions().drop(columns="p_new"))
    twice = pd.concat([predictions(), predictions().iloc[:1]])
    with pytest.raises(InputError, match=r"a\.jpg.* twice"):
        closest_first(twice)
    with pytest.raises(InputError, match="rank that is not a number"):
        closest_first(predictions().assign(rank="first"))
