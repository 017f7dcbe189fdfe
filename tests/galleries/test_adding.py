from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError
from tf_happywhale.galleries import adding
from tf_happywhale.galleries.adding import add_confirmed
from tf_happywhale.galleries.corrections import merge, move_image, remove, rename
from tf_happywhale.galleries.gallery_folder import make_gallery, open_gallery
from tf_happywhale.galleries.gallery_tables import export_catalogue
from tf_happywhale.galleries.queries import corrections_of
from tf_happywhale.retrieval.embeddings import Embeddings

ABOUT = {"model": "m1", "source": "whole", "view": "original", "preprocess": "squashed to 128"}
NEW = "new_individual"


def with_files(folder: Path, names: list[str], ids: list[str], encounters: list[str]) -> Embeddings:
    """Images whose files hold their own path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(str(folder / name))
    contents = [hashlib.sha256(str(folder / name).encode()).hexdigest() for name in names]
    columns = {
        "picture": np.array([str(folder / name) for name in names]),
        "content": np.array(contents),
        "box": np.array(["whole 1 2 30 40"] + [""] * (len(names) - 1)),
        "encounter": np.array(encounters),
        "species": np.array(["orca"] * len(names)),
    }
    return replace(embed(range(0, 10 * len(names), 10), names, ids, ABOUT), columns=columns)


@pytest.fixture
def queries(tmp_path: Path) -> Embeddings:
    names = ["a.jpg", "q1.jpg", "q2.jpg", "q3.jpg"]
    return with_files(tmp_path / "trip", names, [""] * 4, ["", "sight", "sight", ""])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue folder whose a.jpg is not the trip's."""
    (tmp_path / "data" / "train_images").mkdir(parents=True)
    (tmp_path / "data" / "train_images" / "a.jpg").write_text("catalogue's")
    (tmp_path / "data" / "train.csv").write_text(
        "image,species,individual_id,note\na.jpg,orca,09913,=x\n", encoding="utf-8"
    )
    return tmp_path / "data"


@pytest.fixture
def gallery(tmp_path: Path, root: Path):
    known = with_files(tmp_path / "known", ["a.jpg"], ["09913"], [""])
    content = hashlib.sha256(b"catalogue's").hexdigest()
    known = replace(known, columns=known.columns | {"content": np.array([content])})
    return make_gallery(tmp_path / "gallery", known, root)


def files_in(root: Path) -> dict[Path, bytes]:
    """Content by file, without locks."""
    return {f: f.read_bytes() for f in root.rglob("*") if f.is_file() and f.name != ".lock"}


DECIDED = {"a.jpg": "09913", "q1.jpg": NEW, "q2.jpg": NEW, "q3.jpg": "my_own"}


def rows(root: Path) -> dict[str, str]:
    table = read_catalogue(root / "train.csv")
    return dict(zip(table["image"], table["individual_id"], strict=True))


def test_matches_go_into_catalogue_and_gallery_under_names_of_their_own(
    gallery, root: Path, queries: Embeddings
) -> None:
    added = add_confirmed(gallery.folder, queries, DECIDED, Data())
    assert (added.rows, added.images) == (4, 4)
    other = f"a-{queries.columns['content'][0][:8]}.jpg"
    expected = {"a.jpg": "09913", other: "09913", "q1.jpg": "new-0001", "q2.jpg": "new-0001",
                "q3.jpg": "my_own"}  # fmt: skip
    assert rows(root) == expected
    images = open_gallery(gallery.folder).images()
    assert dict(zip(images.image, images.individual_id, strict=True)) == expected
    for picture, content in zip(images.columns["picture"][1:], images.columns["content"][1:],
                                strict=True):  # fmt: skip
        assert Path(picture).resolve().parent == root / "train_images"
        assert hashlib.sha256(Path(picture).read_bytes()).hexdigest() == content
    assert images.column("species").tolist() == ["orca", "orca", "", "", ""]
    text = (root / "train.csv").read_text(encoding="utf-8")
    assert text.splitlines()[1] == "a.jpg,orca,09913,=x"
    boxes = (root / "boxes.csv").read_text(encoding="utf-8").splitlines()
    assert boxes[1:] == [f"{other},whole,1,2,30,40,1,import"]


def test_a_match_with_nobody_is_refused_before_anything_is_written(
    gallery, root: Path, queries: Embeddings
) -> None:
    """A spreadsheet has made 9913 of 09913."""
    before = files_in(root)
    wrong = {"q1.jpg": "other", "q3.jpg": "9913"}
    with pytest.raises(InputError, match=r"matched with 9913, who is not in .*nearest is 09913"):
        add_confirmed(gallery.folder, queries, wrong, Data(), ["9913"])
    assert files_in(root) == before
    assert len(open_gallery(gallery.folder)) == 1
    assert add_confirmed(gallery.folder, queries, wrong, Data()).rows == 2
    again = add_confirmed(gallery.folder, queries, wrong, Data(), ["9913"])  # there it is now
    assert again.rows == 0


def test_a_source_of_two_words_is_one_source(gallery, root: Path, queries: Embeddings) -> None:
    boxes = np.array(["dorsal fin 1 2 30 40"] * 4)
    queries = replace(queries, columns=queries.columns | {"box": boxes})
    add_confirmed(gallery.folder, queries, {"q3.jpg": "my_own"}, Data())
    lines = (root / "boxes.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == ["q3.jpg,dorsal fin,1,2,30,40,1,import"]


def test_an_id_that_somebody_was_just_given_is_given_to_nobody_else(
    gallery, root: Path, queries: Embeddings
) -> None:
    add_confirmed(gallery.folder, queries, {"q1.jpg": NEW, "q3.jpg": "new-0001"}, Data())
    assert rows(root) == {"a.jpg": "09913", "q1.jpg": "new-0002", "q3.jpg": "new-0001"}


def test_adding_again_changes_nothing(gallery, root: Path, queries: Embeddings) -> None:
    add_confirmed(gallery.folder, queries, DECIDED, Data())
    before = files_in(root)
    again = add_confirmed(gallery.folder, queries, DECIDED, Data())
    assert (again.rows, again.images) == (0, 0)
    assert files_in(root) == before
    assert len(open_gallery(gallery.folder)) == 5


@pytest.mark.parametrize("place", ["add_to_catalogue", "_as_images", "beside"])
def test_adding_that_was_stopped_is_done_again_with_the_same_end(
    gallery, root: Path, queries: Embeddings, place: str, monkeypatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(adding, place, killed)
        with pytest.raises(KeyboardInterrupt):
            add_confirmed(gallery.folder, queries, DECIDED, Data())
    assert len(open_gallery(gallery.folder)) == 1
    add_confirmed(gallery.folder, queries, DECIDED, Data())
    assert sorted(rows(root).values()) == ["09913", "09913", "my_own", "new-0001", "new-0001"]
    assert sorted(open_gallery(gallery.folder).individual_id) == sorted(rows(root).values())


@pytest.mark.parametrize("picture", range(4))
def test_killed_between_any_two_files_nothing_is_lost(
    gallery, root: Path, queries: Embeddings, picture: int, monkeypatch
) -> None:
    from tf_happywhale.galleries import catalogue_rows as files

    copy, done = files._copy, []

    def stop(source: Path, target: Path, content: str) -> None:
        if len(done) == picture:
            raise KeyboardInterrupt
        done.append(source)
        copy(source, target, content)

    with monkeypatch.context() as patched:
        patched.setattr(files, "_copy", stop)
        with pytest.raises(KeyboardInterrupt):
            add_confirmed(gallery.folder, queries, DECIDED, Data())
    assert rows(root) == {"a.jpg": "09913"}  # never a row without its picture
    assert add_confirmed(gallery.folder, queries, DECIDED, Data()).rows == 4
    assert len(list((root / "train_images").iterdir())) == 5


def test_a_catalogue_folder_alone_can_be_added_to(root: Path, queries: Embeddings) -> None:
    added = add_confirmed(root, queries, {"q3.jpg": NEW}, Data())
    assert (added.rows, added.images) == (1, None)
    assert rows(root)["q3.jpg"] == "new-0001"
    assert add_confirmed(root, queries, {"q3.jpg": NEW}, Data()).rows == 0


def test_contradictions_are_refused_before_anything_is_written(
    gallery, root: Path, queries: Embeddings
) -> None:
    with pytest.raises(InputError, match=r"z\.jpg was decided on, but"):
        add_confirmed(gallery.folder, queries, {"z.jpg": "1"}, Data())
    add_confirmed(gallery.folder, queries, {"q3.jpg": "A"}, Data())
    before = (root / "train.csv").read_bytes()
    with pytest.raises(InputError, match=r"q3\.jpg is in the gallery as A, but"):
        add_confirmed(gallery.folder, queries, {"q2.jpg": "B", "q3.jpg": "B"}, Data())
    other = replace(queries, about=ABOUT | {"model": "m2"})
    with pytest.raises(InputError, match="have model m2"):
        add_confirmed(gallery.folder, other, {"q2.jpg": "B"}, Data())
    (root / "boxes.csv").write_text("image,bbox,conf\n", encoding="utf-8")
    with pytest.raises(InputError, match="to which boxes cannot be added"):
        add_confirmed(gallery.folder, queries, {"a.jpg": "09913"}, Data())
    assert (root / "train.csv").read_bytes() == before


def test_a_new_individual_that_is_known_by_other_photographs_is_refused(
    gallery, root: Path, queries: Embeddings
) -> None:
    before = files_in(root) | files_in(gallery.folder)
    with pytest.raises(InputError, match=r"individual 09913, but .* has 09913 already, in a\.jpg"):
        add_confirmed(gallery.folder, queries, {"q3.jpg": "09913"}, Data(), new={"09913"})
    assert files_in(root) | files_in(gallery.folder) == before


@pytest.mark.parametrize("where", ["gallery", "catalogue"])
def test_a_new_individual_is_added_again_with_the_same_photographs_only(
    gallery, root: Path, queries: Embeddings, where: str
) -> None:
    folder = gallery.folder if where == "gallery" else root
    decided = {"q1.jpg": "Luna", "q2.jpg": "Luna"}
    add_confirmed(folder, queries, decided, Data(), new={"Luna"})
    before = files_in(root) | files_in(gallery.folder)
    add_confirmed(folder, queries, decided, Data(), new={"Luna"})
    assert files_in(root) | files_in(gallery.folder) == before
    with pytest.raises(InputError, match=r"has Luna already, in q[12]\.jpg"):
        add_confirmed(folder, queries, {"q3.jpg": "Luna"}, Data(), new={"Luna"})


def test_a_new_individual_that_looks_like_a_known_one_is_told(
    gallery, queries: Embeddings, capsys: pytest.CaptureFixture
) -> None:
    add_confirmed(gallery.folder, queries, {"q1.jpg": "Zoë"}, Data(), new={"Zoë"})
    add_confirmed(gallery.folder, queries, {"q3.jpg": "zoe\u0308 "}, Data(), new={"zoe\u0308 "})
    assert "'zoe[U+0308][U+0020]' looks like 'Zo[U+00EB]'" in capsys.readouterr().out


def test_a_catalogue_keeps_its_own_dialect(root: Path, queries: Embeddings) -> None:
    table = root / "katalog.csv"
    old = '\ufeffFoto;ID;"Größe; cm"\r\na.jpg;Zoë;1,5\r\n\r\n'
    table.write_bytes(old.encode("utf-16-le"))
    data = Data(catalogue=table.name, columns={"image": "foto", "individual_id": "ID"})
    add_confirmed(root, queries, {"q1.jpg": "Old Tom", "q3.jpg": "a;b"}, data)
    new = 'q1.jpg;Old Tom;\r\nq3.jpg;"a;b";\r\n'
    assert table.read_bytes().decode("utf-16-le") == old + new


@pytest.mark.parametrize(
    ("head", "row", "added"),
    [
        ("date,viewpoint", "2015-05-13,R", "2016-06-03,L"),
        ("date,viewpoint", "13/05/2015 9:00,right", "2016-06-03 16:31:31,left"),
        ("viewpoint", "", "left"),
        ("note", "=x", ""),
    ],
)
def test_date_and_side_are_written_as_the_catalogue_has_them(
    root: Path, gallery, queries: Embeddings, head: str, row: str, added: str
) -> None:
    table = f"image,species,individual_id,{head}\na.jpg,orca,09913,{row}\n"
    (root / "train.csv").write_text(table, encoding="utf-8")
    known = {"date": ["2016-06-03 16:31:31"] * 4, "viewpoint": ["left"] * 4}
    columns = {name: np.array(cells) for name, cells in known.items()}
    queries = replace(queries, columns=queries.columns | columns)
    add_confirmed(gallery.folder, queries, {"q3.jpg": "my_own"}, Data())
    assert (root / "train.csv").read_text("utf-8") == f"{table}q3.jpg,,my_own,{added}\n"
    images = open_gallery(gallery.folder).images()
    assert images.column("date").tolist() == ["", "2016-06-03 16:31:31"]
    assert images.column("viewpoint").tolist() == ["", "left"]


def test_when_and_where_go_into_the_columns_that_the_catalogue_has(
    root: Path, gallery, queries: Embeddings
) -> None:
    head = "image,species,individual_id,time,latitude,longitude,place"
    (root / "train.csv").write_text(f"{head}\na.jpg,orca,09913,,,,\n", encoding="utf-8")
    known = {"time": "16:31:31+02:00", "latitude": "57.1", "longitude": "11.2", "quality": "Q1"}
    columns = {name: np.array([cell] * 4) for name, cell in known.items()}
    queries = replace(queries, columns=queries.columns | columns)
    add_confirmed(gallery.folder, queries, {"q3.jpg": "my_own"}, Data())
    last = (root / "train.csv").read_text("utf-8").splitlines()[-1]
    assert last == "q3.jpg,,my_own,16:31:31+02:00,57.1,11.2,"
    assert open_gallery(gallery.folder).images().column("quality").tolist() == ["", "Q1"]
    export_catalogue(open_gallery(gallery.folder), root / "out.csv")
    table = read_catalogue(root / "out.csv")
    assert table.loc[1, ["time", "longitude", "quality"]].tolist() == [
        "16:31:31+02:00",
        "11.2",
        "Q1",
    ]
    assert "observer" not in table


def test_an_excel_catalogue_is_refused_before_anything_is_written(
    root: Path, queries: Embeddings
) -> None:
    import pandas as pd

    known = {"image": ["a.jpg"], "individual_id": ["09913"]}
    pd.DataFrame(known).to_excel(root / "train.xlsx", index=False)
    before = files_in(root)
    with pytest.raises(
        InputError, match=r"train\.xlsx is an Excel file, and rows can only be added to text"
    ):
        add_confirmed(root, queries, {"q1.jpg": "Luna"}, Data(catalogue="train.xlsx"))
    assert files_in(root) == before


def test_a_letter_that_the_catalogues_encoding_lacks_is_refused_first(
    root: Path, queries: Embeddings
) -> None:
    (root / "train.csv").write_bytes("image,individual_id\na.jpg,Zoë\n".encode("cp1252"))
    before = files_in(root)
    with pytest.raises(InputError, match=r"written in cp1252, which has no '鯨' \(U\+9BE8\)"):
        add_confirmed(root, queries, {"q1.jpg": "鯨"}, Data(encoding="cp1252"))
    assert files_in(root) == before


def test_a_photograph_of_nobody_known_is_not_added_beside_its_row(
    root: Path, queries: Embeddings
) -> None:
    (root / "train.csv").write_text("image,individual_id\na.jpg,09913\nq1.jpg,?\n")
    data = Data(unknown=("?",))
    with pytest.raises(InputError, match=r"has q1\.jpg as '\?', which data\.unknown leaves out"):
        add_confirmed(root, queries, {"q1.jpg": "Luna"}, data)


def test_another_photograph_at_a_photographs_path_is_refused_before_anything_is_written(
    gallery, root: Path, queries: Embeddings, tmp_path: Path
) -> None:
    """`identify` looked at another card, whose file had this name."""
    (tmp_path / "trip" / "q3.jpg").write_text("another animal")
    before = files_in(root)
    with pytest.raises(InputError, match=r"q3\.jpg is another photograph than the one"):
        add_confirmed(gallery.folder, queries, DECIDED, Data())
    assert files_in(root) == before and len(open_gallery(gallery.folder)) == 1


def test_a_photograph_that_changes_while_it_is_copied_is_not_kept(
    gallery, root: Path, queries: Embeddings, monkeypatch
) -> None:
    from tf_happywhale.galleries import catalogue_rows as files

    def another(_: Path, target: Path) -> None:
        target.write_text("another animal")

    monkeypatch.setattr(files.shutil, "copyfile", another)
    with pytest.raises(InputError, match="has become another photograph"):
        add_confirmed(gallery.folder, queries, {"q3.jpg": "A"}, Data())
    assert rows(root) == {"a.jpg": "09913"}
    assert [file.name for file in (root / "train_images").iterdir()] == ["a.jpg"]


def test_what_was_added_needs_its_photograph_no_more(
    gallery, root: Path, queries: Embeddings, tmp_path: Path
) -> None:
    add_confirmed(gallery.folder, queries, DECIDED, Data())
    for file in (tmp_path / "trip").iterdir():
        file.unlink()
    assert add_confirmed(gallery.folder, queries, DECIDED, Data()).rows == 0


def test_a_copy_under_another_name_is_the_photograph_that_is_there(
    gallery, root: Path, queries: Embeddings
) -> None:
    add_confirmed(gallery.folder, queries, DECIDED, Data())
    copy = replace(queries.take(np.array([3])), image=np.array(["backup/copy.jpg"]))
    for folder in (gallery.folder, root):
        assert add_confirmed(folder, copy, {"backup/copy.jpg": "my_own"}, Data()).rows == 0
    with pytest.raises(InputError, match=r"as my_own \(q3\.jpg\), but it was decided to be B"):
        add_confirmed(root, copy, {"backup/copy.jpg": "B"}, Data())


def test_one_photograph_under_two_names_is_one_animal(root: Path, queries: Embeddings) -> None:
    twice = queries.take(np.array([3, 3]))
    twice = replace(twice, image=np.array(["q3.jpg", "copy.jpg"]))
    with pytest.raises(InputError, match=r"^q3\.jpg and copy\.jpg are one photograph, but it was"):
        add_confirmed(root, twice, {"q3.jpg": "A", "copy.jpg": "B"}, Data())
    assert add_confirmed(root, twice, {"q3.jpg": "A", "copy.jpg": "A"}, Data()).rows == 1
    assert rows(root) == {"a.jpg": "09913", "q3.jpg": "A"}


def test_an_id_that_was_renamed_away_is_given_to_nobody_else(
    gallery, root: Path, queries: Embeddings
) -> None:
    add_confirmed(gallery.folder, queries, {"q1.jpg": NEW}, Data())
    rename(open_gallery(gallery.folder), "new-0001", "Luna")
    table = (root / "train.csv").read_text(encoding="utf-8")
    (root / "train.csv").write_text(table.replace("new-0001", "Luna"), encoding="utf-8")
    add_confirmed(gallery.folder, queries, {"q3.jpg": NEW}, Data())
    assert rows(root)["q3.jpg"] == "new-0002"


def test_a_match_with_an_individual_that_was_merged_since_is_one_with_the_other(
    gallery, root: Path, queries: Embeddings, capsys
) -> None:
    """The catalogue still has the old id, and pages made before the merge propose it."""
    add_confirmed(gallery.folder, queries, {"q1.jpg": NEW}, Data())
    rename(open_gallery(gallery.folder), "09913", "Tom")
    merge(open_gallery(gallery.folder), "Tom", "new-0001")
    decided = {"a.jpg": "09913", "q3.jpg": NEW}
    for images in (2, 0):
        added = add_confirmed(gallery.folder, queries, decided, Data(), ["09913"])
        assert added.images == images
    now = open_gallery(gallery.folder)
    assert sorted(now.individual_id.tolist()) == ["new-0001"] * 3 + ["new-0002"]
    assert "09913 was renamed to new-0001 or merged into it since the" in capsys.readouterr().out


def seen_when(queries: Embeddings, folder: Path) -> Embeddings:
    """The photographs as they are identified against a gallery that is corrected as it is now."""
    mark = np.array([corrections_of(folder)] * len(queries))
    return replace(queries, columns=queries.columns | {"corrected": mark})


def test_an_id_that_is_used_again_after_a_renaming_is_who_it_was_on_the_pages(
    gallery, root: Path, queries: Embeddings
) -> None:
    before = seen_when(queries, gallery.folder)
    rename(open_gallery(gallery.folder), "09913", "Tom")
    add_confirmed(gallery.folder, before, {"q1.jpg": "Tom"}, Data(), ["Tom"])
    move_image(open_gallery(gallery.folder), "q1.jpg", "09913")
    table = (root / "train.csv").read_text(encoding="utf-8")
    (root / "train.csv").write_text(table.replace("09913", "Tom"), encoding="utf-8")
    after = seen_when(queries, gallery.folder)
    add_confirmed(gallery.folder, after, {"q3.jpg": "09913"}, Data(), ["09913"])
    add_confirmed(gallery.folder, before, {"q2.jpg": "09913"}, Data(), ["09913"])
    assert open_gallery(gallery.folder).individual_id.tolist() == ["Tom", "09913", "09913", "Tom"]


def test_pages_that_do_not_say_which_of_two_was_meant_are_refused(
    gallery, root: Path, queries: Embeddings
) -> None:
    """An older version identified them."""
    rename(open_gallery(gallery.folder), "09913", "Tom")
    add_confirmed(gallery.folder, queries, {"q1.jpg": "Tom"}, Data(), ["Tom"])
    move_image(open_gallery(gallery.folder), "q1.jpg", "09913")
    before = files_in(root)
    with pytest.raises(
        InputError, match=r"matched with 09913, and .* has had two of that id: iden"
    ):
        add_confirmed(gallery.folder, queries, {"q3.jpg": "09913"}, Data(), ["09913"])
    assert files_in(root) == before


def test_two_ids_that_were_exchanged(gallery, root: Path, queries: Embeddings) -> None:
    add_confirmed(gallery.folder, queries, {"q1.jpg": "Zoe"}, Data())
    before = seen_when(queries, gallery.folder)
    for one, other in (("09913", "x"), ("Zoe", "09913"), ("x", "Zoe")):
        rename(open_gallery(gallery.folder), one, other)
    asked = (gallery.folder, before, {"q3.jpg": "Zoe"}, Data(), ["Zoe"])
    kept = files_in(root)
    with pytest.raises(
        InputError, match=r"^09913 is in a\.jpg by .*, but .* has Zoe there and ano"
    ):
        add_confirmed(*asked)
    assert files_in(root) == kept
    table = (root / "train.csv").read_text(encoding="utf-8")
    for one, other in (("09913", "x"), ("Zoe", "09913"), ("x", "Zoe")):
        table = table.replace(f",{one}", f",{other}")
    (root / "train.csv").write_text(table, encoding="utf-8")
    assert add_confirmed(*asked).rows == 1
    assert open_gallery(gallery.folder).individual_id.tolist() == ["Zoe", "09913", "09913"]
    assert rows(root) == {"a.jpg": "Zoe", "q1.jpg": "09913", "q3.jpg": "09913"}


def test_one_image_that_was_moved_keeps_nobody_away(
    gallery, root: Path, queries: Embeddings
) -> None:
    add_confirmed(gallery.folder, queries, {"q1.jpg": "09913"}, Data())
    move_image(open_gallery(gallery.folder), "q1.jpg", "Zoe")
    assert add_confirmed(gallery.folder, queries, {"q3.jpg": "09913"}, Data(), ["09913"]).rows == 1


def test_an_individual_that_was_removed_since_does_not_come_back(
    gallery, root: Path, queries: Embeddings
) -> None:
    add_confirmed(gallery.folder, queries, {"q1.jpg": "Zoe"}, Data())
    before = seen_when(queries, gallery.folder)
    remove(open_gallery(gallery.folder), "Zoe")
    for pages in (before, queries):
        with pytest.raises(InputError, match=r"matched with Zoe, who was removed from .*gallery"):
            add_confirmed(gallery.folder, pages, {"q3.jpg": "Zoe"}, Data(), ["Zoe"])
    assert open_gallery(gallery.folder).individual_id.tolist() == ["09913"]


def test_a_renamed_individual_whom_the_catalogue_calls_so_too(
    gallery, root: Path, queries: Embeddings
) -> None:
    before = seen_when(queries, gallery.folder)
    rename(open_gallery(gallery.folder), "09913", "Tom")
    table = (root / "train.csv").read_text(encoding="utf-8")
    (root / "train.csv").write_text(table.replace("09913", "Tom"), encoding="utf-8")
    add_confirmed(gallery.folder, before, {"q3.jpg": "09913"}, Data(), ["09913"])
    assert rows(root)["q3.jpg"] == "Tom"


def test_a_catalogue_that_is_not_the_gallerys_is_refused(
    gallery, root: Path, queries: Embeddings
) -> None:
    """The gallery was moved to where another project's catalogue lies."""
    (root / "train.csv").write_text("image,individual_id\nother.jpg,X\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"names none of the images in .*gallery\.json"):
        add_confirmed(gallery.folder, queries, DECIDED, Data())


def test_new_ones_of_an_encounter_that_was_taken_apart_are_not_forced_into_one(
    root: Path, queries: Embeddings
) -> None:
    apart = replace(queries, columns=queries.columns | {"together": np.array([""] * 4)})
    add_confirmed(root, apart, {"q1.jpg": NEW, "q2.jpg": NEW}, Data())
    assert rows(root) == {"a.jpg": "09913", "q1.jpg": "new-0001", "q2.jpg": "new-0002"}


def test_a_group_of_new_animals_gets_one_id(gallery, root: Path, queries: Embeddings) -> None:
    """Its name on the pages is no id, and other animals of the encounter are not in it."""
    decided = {"q1.jpg": NEW, "q2.jpg": NEW, "q3.jpg": NEW}
    groups = {"q1.jpg": "new_1", "q3.jpg": "new_1"}
    add_confirmed(gallery.folder, queries, decided, Data(), groups=groups)
    found = rows(root)
    assert (found["q1.jpg"], found["q2.jpg"], found["q3.jpg"]) == (
        "new-0001",
        "new-0002",
        "new-0001",
    )
    later = {"a.jpg": NEW, "q3.jpg": NEW}  # one of the group was added before
    add_confirmed(gallery.folder, queries, later, Data(), groups=dict.fromkeys(later, "new_7"))
    assert list(rows(root).values()).count("new-0001") == 3
