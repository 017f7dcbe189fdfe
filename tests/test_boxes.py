from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tf_happywhale.boxes import main
from tf_happywhale.errors import InputError


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    for name in ("trip/a.jpg", "trip/b.jpg", "old/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name), np.zeros((200, 300, 3), np.uint8))
    return tmp_path


def test_rows_that_are_not_used_are_listed_with_their_place(trip: Path, capsys) -> None:
    table = trip / "boxes.csv"
    table.write_text(
        "image,label,xmin,ymin,xmax,ymax\ntrip\\a.jpg,fin,10,20,30,40\ntrip/b,fin,400,20,500,40\n"
        "old/c.jpg,fin,10,20,30,40\ntrip/z.jpg,fin,10,20,30,40\n"
    )
    main([str(table), str(trip / "trip")], [])
    said = capsys.readouterr().out
    assert "4 rows, 2 boxes on 2 of 2 photographs; what is in them: fin 2" in said
    assert "1 rows are of pictures that you did not name" in said
    assert f"not used: Line 5 of {table}: there is no photograph 'trip/z.jpg'" in said
    assert "1 of 2 boxes lie outside their picture" in said
    assert "Line 4" not in said


def test_a_file_of_other_photographs_is_refused(trip: Path) -> None:
    images = [{"file": "x.jpg", "detections": []}]
    file = trip / "detections.json"
    file.write_text(json.dumps({"detection_categories": {"1": "animal"}, "images": images}))
    with pytest.raises(InputError, match=r"names none of the photographs; one of them is 'a\.jpg'"):
        main([str(file), str(trip / "trip")], [])


def test_the_setting_says_what_a_cell_holds(trip: Path, capsys) -> None:
    table = trip / "boxes.csv"
    table.write_text('image,bbox\na.jpg,"[10, 20, 100, 80]"\n')
    with pytest.raises(InputError, match=r"set data\.boxes_format=corners or"):
        main([str(table), str(trip / "trip")], [])
    main([str(table), str(trip / "trip")], ["data.boxes_format=xywh"])
    assert "from left 10, top 20 to right 110, bottom 100" in capsys.readouterr().out
