"""Boxes as others write them: tables, JSON and XML files, and folders of them.

| file | from | read by |
|---|---|---|
| a table, told by its header | this package, annotation tools, Happywhale | `importers/tables.py` |
| a folder of `<image>.txt`, lines `class cx cy w h [conf]` | YOLO | `importers/yolo.py` |
"""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.catalogue.boxes import BoxRow
from tf_happywhale.catalogue.importers.conventions import AUTO
from tf_happywhale.catalogue.importers.tables import table_rows
from tf_happywhale.catalogue.importers.yolo import label_files, yolo_rows
from tf_happywhale.catalogue.table import read_text_table
from tf_happywhale.errors import InputError


def read_box_rows(path: Path, convention: str = AUTO) -> list[BoxRow]:
    """Every row of a file or folder of boxes, in its order.

    Args:
        path: one of the formats above.
        convention: what the four numbers of a `bbox` or `box` cell are: `corners`, `xywh` (left,
            top, width, height), `cxcywh` (middle, width, height); `auto`: the numbers must tell.

    Raises:
        InputError: the file is missing, is in none of the formats, or a row is wrong or can be read
            in two ways. It names the line.
    """
    asked = None if convention == AUTO else convention
    if path.is_dir():
        if not label_files(path):
            raise InputError(
                f"{path} holds no YOLO label files: there must be an <image>.txt each."
            )
        return yolo_rows(path)
    return table_rows(read_text_table(path, ()), path, asked)
