"""The Kaggle client is a fake put in its place: these tests use no network."""

from __future__ import annotations

import io
import sys
import types
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from tf_happywhale.catalogue.kaggle import kaggle_client, kaggle_files
from tf_happywhale.catalogue.kaggle.kaggle_files import fetch
from tf_happywhale.errors import ConfigError, InputError


def as_zip(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for name, data in members.items():
            zipped.writestr(name, data)
    return file.getvalue()


class Http(Exception):
    """Stands for requests.HTTPError, whose response is false in a condition."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status} Client Error")

        class Response:
            status_code = status

            def __bool__(self) -> bool:
                return False

        self.response = Response()


class Client:
    """The client's calls that are used here, answered from a dictionary of files."""

    COMPETITION_SUBMIT_UPLOAD_FAILED_MESSAGE = "Could not submit to competition"

    def __init__(self, files: dict[str, bytes], page: int = 2) -> None:
        self.files, self.page = files, page
        self.sent = dict(files)
        self.calls: list[str] = []
        self.error: BaseException | None = None
        self.message = "Successfully submitted"
        self.waiting: list[str] = []
        self.nests = True  # as 2.2.5: a file of a folder lies in that folder

    def authenticate(self) -> None:
        print("a client that talks")
        if self.error:
            raise self.error

    def with_retry(self, call, max_retries: int):
        return call

    def _page(self, token: str | None) -> SimpleNamespace:
        start = int(token or 0)
        names = list(self.files)[start : start + self.page]
        more = start + self.page < len(self.files)
        return SimpleNamespace(
            files=[SimpleNamespace(name=n, total_bytes=len(self.files[n])) for n in names],
            next_page_token=str(start + self.page) if more else "",
        )

    def competition_list_files(self, name: str, page_token=None, page_size=20):
        self.calls.append(f"list {page_token}")
        return self._page(page_token)

    dataset_list_files = competition_list_files

    def competition_download_file(self, _: str, name: str, path: str, quiet: bool) -> None:
        self.calls.append(name)
        address = name if self.nests else name.rpartition("/")[2]
        file = Path(path, address.replace(" ", "%20"))
        file.parent.mkdir(parents=True, exist_ok=True)
        self.waiting = sorted(other.name for other in file.parent.iterdir())
        if self.error:
            file.write_bytes(self.sent[name][:1])
            file.with_name(f"{file.name}.kaggle-partial").touch()
            raise self.error
        file.write_bytes(self.sent[name])

    dataset_download_file = competition_download_file

    def competition_download_files(self, name: str, path: str, quiet: bool) -> None:
        self.calls.append("archive")
        Path(path, f"{name}.zip").write_bytes(as_zip(self.sent))

    def dataset_download_files(self, name: str, path: str, quiet: bool) -> None:
        self.competition_download_files(name.rpartition("/")[2], path, quiet)

    def competition_submit(self, file: str, message: str, name: str, quiet: bool):
        self.calls.append(f"submit {Path(file).name} {message} {name}")
        if self.error:
            raise self.error
        return SimpleNamespace(message=self.message)


FILES = {"train.csv": b"image,species", "train_images/a b.jpg": b"12345", "test_images/c.jpg": b"1"}


def get(client: Client, to: Path) -> list[str]:
    """Fetch, and say which files the client was asked for."""
    client.calls.clear()
    fetch(client, kaggle_client.competition(client, "whales"), to)
    return [call for call in client.calls if not call.startswith("list")]


def contents(folder: Path) -> dict[str, bytes]:
    found = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


def install(monkeypatch, client: Client) -> None:
    module = types.ModuleType("kaggle")
    module.api = client
    monkeypatch.setitem(sys.modules, "kaggle", module)


def test_connect_gives_the_client_and_keeps_it_quiet(monkeypatch, capsys) -> None:
    client = Client({})
    install(monkeypatch, client)
    assert kaggle_client.connect() is client
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("error", [SystemExit(1), OSError("Could not find kaggle.json"), Http(401)])
def test_no_credentials_say_where_to_get_and_put_them(monkeypatch, error: BaseException) -> None:
    client = Client({})
    client.error = error
    install(monkeypatch, client)
    with pytest.raises(ConfigError) as caught:
        kaggle_client.connect()
    for word in ("kaggle.com/settings/api", "~/.kaggle/access_token", "KAGGLE_KEY"):
        assert word in str(caught.value)


def test_client_that_is_not_installed(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "kaggle", None)
    with pytest.raises(ConfigError, match="pip install"):
        kaggle_client.connect()


def test_client_that_exits_while_it_is_imported(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "kaggle.py").write_text("print('help'); exit(1)", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "kaggle", raising=False)
    with pytest.raises(ConfigError, match="token"):
        kaggle_client.connect()


@pytest.mark.parametrize("nests", [True, False], ids=["as 2.2.5", "as 1.7"])
def test_every_page_is_listed_and_every_file_fetched_to_its_place(
    tmp_path: Path, capsys, nests: bool
) -> None:
    client = Client(FILES)
    client.nests = nests
    assert get(client, tmp_path) == list(FILES)
    assert [call for call in client.calls if call.startswith("list")] == ["list None", "list 2"]
    assert contents(tmp_path) == FILES
    out = capsys.readouterr().out
    assert "3 files, 19 bytes; 0 are in" in out and "Space needed: 19 bytes; free:" in out


def test_second_run_fetches_only_what_is_missing_or_of_another_size(tmp_path: Path) -> None:
    client = Client(FILES)
    get(client, tmp_path)
    assert get(client, tmp_path) == []
    (tmp_path / "test_images" / "c.jpg").unlink()
    (tmp_path / "train.csv").write_bytes(b"my corrected one")
    assert get(client, tmp_path) == ["train.csv", "test_images/c.jpg"]
    assert contents(tmp_path) == {**FILES, "train.csv.before": b"my corrected one"}


def test_broken_off_download_keeps_what_came_and_goes_on(tmp_path: Path) -> None:
    client = Client({"train.csv": FILES["train.csv"]})
    client.error = ConnectionResetError("reset")
    with pytest.raises(InputError, match="cannot be reached"):
        get(client, tmp_path)
    assert not (tmp_path / "train.csv").exists()
    client.error = None
    get(client, tmp_path)
    assert client.waiting == ["train.csv", "train.csv.kaggle-partial"]
    client = Client(FILES)
    assert get(client, tmp_path) == ["train_images/a b.jpg", "test_images/c.jpg"]
    assert contents(tmp_path) == FILES


def test_single_file_that_comes_zipped_is_unpacked(tmp_path: Path) -> None:
    client = Client(FILES)
    client.sent["train.csv"] = as_zip({"train.csv": FILES["train.csv"]})
    get(client, tmp_path)
    assert contents(tmp_path) == FILES


def test_file_of_another_size_than_listed_is_not_taken(tmp_path: Path) -> None:
    client = Client(FILES)
    client.sent["train_images/a b.jpg"] = b"123"
    with pytest.raises(InputError, match=r"a b\.jpg came with 3 bytes, but Kaggle lists 5"):
        get(client, tmp_path)
    assert contents(tmp_path) == {"train.csv": FILES["train.csv"]}


def test_listed_archive_is_unpacked_once_and_removed(tmp_path: Path) -> None:
    client = Client({"deep/images.zip": as_zip({"x/1.jpg": b"1", "2.jpg": b"22"}), "a.csv": b"1"})
    assert get(client, tmp_path) == ["deep/images.zip", "a.csv"]
    record = kaggle_files.UNPACKED
    kept = {"deep/x/1.jpg", "deep/2.jpg", "a.csv", record}
    assert set(contents(tmp_path)) == kept
    assert get(client, tmp_path) == []
    (tmp_path / "deep" / "2.jpg").unlink()
    assert get(client, tmp_path) == ["deep/images.zip"]
    assert set(contents(tmp_path)) == kept


def test_many_files_come_as_one_archive(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(kaggle_files, "MANY_FILES", 2)
    client = Client(FILES)
    assert get(client, tmp_path) == ["archive"]
    assert contents(tmp_path) == FILES
    (tmp_path / "train.csv").unlink()
    assert get(client, tmp_path) == ["train.csv"]


def test_archive_that_lacks_a_listed_file_is_found_out(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(kaggle_files, "MANY_FILES", 2)
    client = Client(FILES)
    del client.sent["train.csv"]
    with pytest.raises(InputError, match=r"1 files of whales did not come .*train\.csv"):
        get(client, tmp_path)


def test_no_space_is_one_sentence_before_anything_comes(tmp_path: Path, monkeypatch) -> None:
    usage = kaggle_files.shutil.disk_usage(tmp_path)._replace(free=18)
    monkeypatch.setattr(kaggle_files.shutil, "disk_usage", lambda _: usage)
    client = Client(FILES)
    with pytest.raises(InputError, match=r"18 bytes free, but 19 bytes are needed: .*download\.to"):
        get(client, tmp_path)
    assert contents(tmp_path) == {}


def test_listed_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    client = Client({"../evil.csv": b"1"})
    with pytest.raises(InputError, match="leads out"):
        get(client, tmp_path / "to")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Http(403), "https://www.kaggle.com/competitions/whales/rules"),
        (Http(404), "Kaggle knows no whales"),
        (Http(429), "pause"),
        (Http(500), "HTTP 500"),
        (SystemExit(1), "~/.kaggle/access_token"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ConnectionError("no route"), "cannot be reached"),
        (TypeError("changed"), "client failed"),
    ],
)
def test_what_fails_is_one_sentence(tmp_path: Path, error: BaseException, words: str) -> None:
    client = Client(FILES)
    client.error = error
    with pytest.raises(InputError) as caught:
        get(client, tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value) and caught.value.__suppress_context__


def test_dataset_is_fetched_by_owner_and_name(tmp_path: Path) -> None:
    client = Client({"train-0-12.tfrec": b"12"})
    fetch(client, kaggle_client.dataset(client, "somebody/happywhale-512"), tmp_path)
    assert contents(tmp_path) == {"train-0-12.tfrec": b"12"}
    with pytest.raises(ConfigError, match="owner/name"):
        kaggle_client.dataset(client, "happywhale-512")
    client.error = Http(403)
    with pytest.raises(InputError, match=r"kaggle\.com/datasets/somebody/x "):
        fetch(client, kaggle_client.dataset(client, "somebody/x"), tmp_path / "other")


def submission(folder: Path, text: str) -> Path:
    path = folder / "submission.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_submission_is_sent_and_the_answer_given_back(tmp_path: Path) -> None:
    client = Client({})
    path = submission(tmp_path, "image,predictions\na.jpg,09913 1e10 NA new_individual nan\n")
    assert kaggle_client.submit(client, "whales", path, "b0") == "Successfully submitted"
    assert client.calls == ["submit submission.csv b0 whales"]
    client.message = client.COMPETITION_SUBMIT_UPLOAD_FAILED_MESSAGE
    with pytest.raises(InputError, match="broke off"):
        kaggle_client.submit(client, "whales", path, "b0")
    client.error = Http(403)
    with pytest.raises(InputError, match="rules"):
        kaggle_client.submit(client, "whales", path, "b0")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image,ids\na.jpg,x\n", "lacks the column predictions"),
        ("image,predictions,score\na.jpg,x,1\n", "must have only the columns"),
        ("predictions,image\nx,a.jpg\n", "columns image,predictions"),
        ("image,predictions\n", "no rows"),
        ("image,predictions\na.jpg,x\na.jpg,y\n", "twice"),
        ("image,predictions\na.jpg,a b c d e f\n", "6 ids"),
        ("image,predictions\na.jpg,\n", "0 ids"),
    ],
)
def test_file_that_is_no_submission_is_not_sent(tmp_path: Path, text: str, words: str) -> None:
    client = Client({})
    with pytest.raises(InputError, match=words):
        kaggle_client.submit(client, "whales", submission(tmp_path, text), "b0")
    assert client.calls == []


def test_missing_submission(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        kaggle_client.check_submission(tmp_path / "submission.csv")
