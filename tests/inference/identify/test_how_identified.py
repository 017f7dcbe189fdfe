from __future__ import annotations

import pytest

from tf_happywhale.inference.identify.how_identified import gallery_note, how_identified


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([5, 1, 2, 1], "This gallery has 4 individuals: 2 with one photograph, 1 with two "
         "photographs, 1 with more."),
        ([2, 7], "This gallery has 2 individuals: 1 with two photographs, 1 with more."),
        ([3, 16], "This gallery has 2 individuals, each with three photographs or more."),
        ([1], "This gallery has 1 individual: 1 with one photograph."),
    ],
)  # fmt: skip
def test_individuals_with_few_photographs_are_counted(counts: list[int], expected: str) -> None:
    ids = [f"id{n}" for n, count in enumerate(counts) for _ in range(count)]
    assert gallery_note(ids[::-1]) == expected


def test_nobody_is_told_that_an_untaught_model_knows_animals() -> None:
    matched, alone = how_identified(False, True), how_identified(False, False)
    assert "local matching and ImageNet" in matched and "local matching" not in alone
    assert all("nobody has trained" in one for one in (matched, alone))
    trained = how_identified(True, True)
    assert "trained model and local matching" in trained and "nobody" not in trained
    assert how_identified(True, False) == "Identified by a trained model."
