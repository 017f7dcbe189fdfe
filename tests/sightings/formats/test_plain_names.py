from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.sightings.formats.plain_names import plain_names, renamed_sentence


def test_plain_names_stay_and_others_make_way() -> None:
    assert plain_names(["Old Tom", "Old-Tom", "09913", "*/ 1 1;"]) == {
        "Old-Tom": "Old-Tom",
        "09913": "09913",
        "Old Tom": "Old-Tom-2",
        "*/ 1 1;": "---1-1-",
    }
    assert plain_names(["a_b"], kept=".-") == {"a_b": "a-b"}


@given(st.lists(st.text(min_size=1)))
def test_different_names_stay_different_and_have_no_space(names: list[str]) -> None:
    plain = plain_names(names)
    assert len(set(plain.values())) == len(set(names))
    assert plain == plain_names(reversed(names))
    for name in plain.values():
        assert all(c.isalnum() or c in "._-" for c in name)


def test_what_is_renamed_is_said() -> None:
    assert renamed_sentence({"a": "a"}, "x.inp") == ""
    assert "1 of its names are written otherwise, such as a-b for 'a b'" in renamed_sentence(
        {"a b": "a-b", "c": "c"}, "x.inp"
    )
