from __future__ import annotations

from tf_happywhale.catalogue.photographs.same_picture import same_pictures


def test_one_picture_of_two_individuals_is_told_with_the_remedy() -> None:
    images = ["a.jpg", "b.jpg", "b.jpg#2", "c.jpg", "d.jpg"]
    pictures = [("1", ""), ("2", "left"), ("2", "right"), ("1", ""), ("1", "")]
    (sentence,) = same_pictures(images, ["A", "B", "C", "C", "A"], pictures)
    assert sentence.startswith("a.jpg (A) and c.jpg (C) are one picture of two individuals")
    assert "give each one a box in boxes.csv" in sentence


def test_many_such_pictures_are_counted() -> None:
    count = 12
    said = same_pictures(
        [f"{n}.jpg" for n in range(count)], list(map(str, range(count))), [0] * count
    )
    assert len(said) == 6 and said[-1] == "6 more pairs of images are alike in this way."
