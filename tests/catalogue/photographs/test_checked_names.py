from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.photographs.checked_names import check_names
from tf_happywhale.errors import InputError

LEAVING = [
    "../x.jpg",
    "a/../../x.jpg",
    "/etc/x.jpg",
    "..\\x.jpg",
    "C:\\x.jpg",
    "\\\\host\\x.jpg",
    "",
]


@pytest.mark.parametrize("name", LEAVING)
def test_names_that_leave_the_folder_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="not inside the image folder"):
        check_names(["good.jpg", name], Path("train.csv"))


def test_names_in_folders_below_and_with_dots_are_fine() -> None:
    check_names(["2020/a.jpg", "a..b.jpg", "...jpg", "a b.jpg", "é.jpg"], Path("train.csv"))
