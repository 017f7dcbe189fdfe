"""What decisions say about groups of new animals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.decided_groups import DecidedGroups
from tf_happywhale.galleries.decisions import decided_before, read_decisions
from tf_happywhale.retrieval.embeddings import Embeddings

HEAD = "image,decision,individual_id,group\n"


def read(folder: Path, rows: str):
    (folder / "decisions.csv").write_text(HEAD + rows, encoding="utf-8")
    return read_decisions(folder / "decisions.csv")


def test_the_table_says_who_is_in_which_group(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "a,new,new_individual,new_2\nb,new,,new_2\nc,apart,,new_2\nd,new,Ann,new_1\n"
        "e,match,Bob,\nf,new,new_individual,\ng,skip,,\n",
    )
    assert found.groups == {"a": "new_2", "b": "new_2"}
    assert found.apart == {"c": "new_2"}
    assert "c" not in found.decided
    groups = found.about_groups
    assert groups.name == {"a": "new_2", "b": "new_2", "d": "Ann"}
    assert groups.known == {"e"}
    assert groups.new == {"f"}  # of which nobody has said who else it is
    keys, is_new = list("abcdefgh"), np.array([False] * 7 + [True])
    assert groups.grouped(keys, is_new).tolist() == [True] * 4 + [False, True, False, True]
    links = groups.links(keys)
    assert links.must == [("a", "b")]
    assert set(links.cannot) == {("d", "a"), ("c", "a"), ("c", "b")}


def test_two_groups_of_one_animal_are_a_contradiction(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="decides on 'a' again, differently"):
        read(tmp_path, "a,new,,new_1\na,new,,new_2\n")


def test_a_decided_group_keeps_its_name_and_no_other_gets_it() -> None:
    decided = DecidedGroups(name={"d": "new_1"}, apart={"a": "new_3"})
    assert decided.names([["a"], ["b", "c"], ["d"], ["e"]]) == ["new_4", "new_2", "new_1", "new_5"]


def test_an_animal_stays_out_of_a_group_that_was_given_an_id(tmp_path: Path) -> None:
    groups = read(tmp_path, "a,apart,,new_1\nb,new,W12,new_1\n").about_groups
    assert groups.apart == {"a": "W12"}
    assert groups.links(["a", "b", "c"]).cannot == [("a", "b")]
    assert groups.names([["a"], ["b"]]) == ["new_2", "W12"]  # new_1 is W12 in the decisions


def before(folder: Path, rows: str, keys: list[str]):
    (folder / "decisions.csv").write_text(HEAD + rows, encoding="utf-8")
    columns = {name: np.array([""] * len(keys), np.str_) for name in ("content", "box")}
    some = np.array(keys, np.str_)
    queries = Embeddings(np.ones((len(keys), 2), np.float32), some, some, columns=columns)
    settings = load_experiment(None, [f"identify.decisions={folder / 'decisions.csv'}"])
    return decided_before(settings, queries)


def test_decisions_without_effect_are_said(tmp_path: Path, capsys) -> None:
    with pytest.raises(InputError, match=r"decides on none of the animals .* such as x: set"):
        before(tmp_path, "x,new,,new_1\ny,apart,,new_1\n", ["a", "b"])
    before(tmp_path, "x,new,,new_1\nb,apart,,new_1\n", ["a", "b"])
    said = capsys.readouterr().out
    assert "1 of 2 decisions are about animals that are not among those identified, such as x" in (
        said
    )
    assert "1 animals were taken out of groups of which nobody was decided to stay, such as b" in (
        said
    )
    before(tmp_path, "a,new,,new_1\nb,apart,,new_1\n", ["a", "b"])
    before(tmp_path, "a,skip,,\n", ["b"])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("Zoe", "", r"Line 3 .*'b' is a new individual without a name, but 'a' .* new_2 is Zoe:"),
        ("", "Zoe", r"'b' is Zoe, but 'a' of the same group new_2 is a new individual without a"),
        ("Zoe", "Ann", r"'b' is Ann, but 'a' of the same group new_2 is Zoe: animals of one group"),
    ],
)
def test_one_group_with_two_ids_is_refused(
    tmp_path: Path, first: str, second: str, said: str
) -> None:
    """Two groups were joined on the pages, and then one of them was given a name."""
    with pytest.raises(InputError, match=said):
        read(tmp_path, f"a,new,{first},new_2\nb,new,{second},new_2\n")
    found = read(tmp_path, f"a,new,{first},new_2\nb,new,{second},\n").decided
    assert found == {"a": first or "new_individual", "b": second or "new_individual"}
    assert read(tmp_path, f"a,new,{first},new_2\nb,match,Tom,new_2\n").decided["b"] == "Tom"
