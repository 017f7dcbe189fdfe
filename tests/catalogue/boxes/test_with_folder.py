from __future__ import annotations

from pathlib import Path

from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.with_folder import rows_with_folder

SEALS = Path("/seals/train_images")
KNOWN = {"A.JPG": SEALS / "A.JPG", "2024/B.JPG": SEALS / "2024" / "B.JPG"}


def names(*written: str, table: str = "/elsewhere/boxes.json", stem: bool = False) -> list[str]:
    rows = [BoxRow(name, stem=stem) for name in written]
    return [row.image for row in rows_with_folder(rows, KNOWN, Path(table))[0]]


def test_a_name_with_its_folder_is_the_catalogues() -> None:
    assert names("train_images/A.JPG") == ["A.JPG"]
    assert names("E:\\seals\\train_images\\2024\\B.JPG") == ["2024/B.JPG"]
    assert names("/seals/train_images/A.JPG") == ["A.JPG"]


def test_a_name_alone_may_be_another_photograph() -> None:
    """Cameras count from 0001 again and again."""
    assert names("A.JPG", "2024/B.JPG", "trip/A.JPG", "B.JPG") == []
    rows = [BoxRow("A.JPG"), BoxRow("2024/B.JPG"), BoxRow("C.JPG")]
    assert rows_with_folder(rows, KNOWN, Path("/elsewhere/boxes.json"))[1] == 2


def test_a_name_that_leads_there_from_the_tables_folder_is_the_catalogues() -> None:
    assert names("A.JPG", table="/seals/train_images/boxes.csv") == ["A.JPG"]
    assert names("A.JPG", table="/trip/boxes.csv") == []


def test_the_ending_may_be_missing() -> None:
    assert names("train_images/A", stem=True) == ["A.JPG"]
    assert names("train_images/A.PNG") == []


def test_a_name_without_ending_that_may_be_two_is_neither() -> None:
    both = {"A.JPG": SEALS / "A.JPG", "A.PNG": SEALS / "A.PNG"}
    rows = [BoxRow("train_images/A", stem=True)]
    assert rows_with_folder(rows, both, Path("/x/boxes.json"))[0] == []
