from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.catalogue.photographs.checked_names import check_names, is_plain
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


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="a.\\/:#1 é\0~", max_size=8))
def test_a_plain_name_is_its_own_path_inside_the_folder(name: str) -> None:
    pure = PurePosixPath(name.replace("\\", "/"))
    inside = not pure.is_absolute() and ".." not in pure.parts and ":" not in name
    if is_plain(name):
        assert str(pure) == name and len(pure.parts) == 1
        assert inside and "\0" not in name
    else:
        assert str(pure) != name or len(pure.parts) != 1 or not inside or "\0" in name


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="a.\\/:1 \0", max_size=8))
def test_a_name_is_refused_exactly_if_it_leaves_the_folder_or_holds_a_colon(name: str) -> None:
    pure = PurePosixPath(name.replace("\\", "/"))
    inside = bool(name) and not pure.is_absolute() and ".." not in pure.parts
    if inside and not set(name) & set(":\0"):
        check_names([name], Path("train.csv"))
    else:
        with pytest.raises(InputError, match=r"not inside the image folder|holds a colon"):
            check_names([name], Path("train.csv"))
