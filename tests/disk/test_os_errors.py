from __future__ import annotations

import errno
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from tf_happywhale.cli import run_safely
from tf_happywhale.detection.networks import OnnxNetwork
from tf_happywhale.disk.files import atomic_write, write_text
from tf_happywhale.disk.os_errors import as_os_error, in_words
from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.keras_h5 import read_keras_h5
from tf_happywhale.models.weights.safetensors_file import SafeTensors
from tf_happywhale.retrieval.embeddings import load_embeddings
from tf_happywhale.run_folders.model_files import load_model


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOENT, "is gone"),
        (errno.EACCES, "may not be read"),
        (errno.EISDIR, "is a folder and not a file"),
        (errno.ENOSPC, "The disk of /sea is full"),
        (errno.EROFS, "The disk of /sea is read-only"),
        (errno.EIO, "The disk of /sea failed at a.jpg"),
        (errno.ENOTCONN, "is not connected"),
        (errno.ELOOP, "leads back to itself"),
        (errno.EXDEV, "cannot be read: "),
    ],
)
def test_each_refusal_names_its_file_and_what_is_wrong(code: int, words: str) -> None:
    error = OSError(code, os.strerror(code))
    sentence = in_words(error, Path("/sea/a.jpg"))
    assert words in sentence
    assert sentence.endswith(".")
    assert "/sea" in sentence
    error.filename = "/other/b"
    assert "/other" in in_words(error)


def test_what_may_not_be_written_says_so_and_an_error_without_a_file_is_quoted() -> None:
    refused = PermissionError(errno.EACCES, "Permission denied", "/sea/out")
    assert in_words(refused, doing="written").startswith("/sea/out may not be written")
    assert in_words(OSError("pipe is shut")) == "The operating system says: pipe is shut."


def error_of(number: int, path: object = None, other: object = None) -> OSError:
    return OSError(number, os.strerror(number), path, None, other)


def test_of_a_copy_the_full_disk_is_that_of_the_target(tmp_path: Path) -> None:
    sentence = in_words(error_of(errno.ENOSPC, "/card/a.jpg", str(tmp_path / "b.jpg")))
    assert "/card" not in sentence
    assert f"The disk of {tmp_path} is full" in sentence


def test_the_file_that_stands_where_a_folder_is_needed_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OSError) as met:
        write_text(tmp_path / "out" / "deep" / "a.csv", "")
    assert f"{tmp_path / 'out'} is a file and not a folder" in in_words(met.value)


def test_a_name_of_any_length_is_quoted_in_part(tmp_path: Path) -> None:
    with pytest.raises(OSError) as met:
        (tmp_path / ("x" * 5000)).write_text("")
    sentence = in_words(met.value)
    assert "too long" in sentence
    assert len(sentence) < len(str(tmp_path)) + 200


class SafetensorError(Exception):
    pass


SafetensorError.__module__ = "safetensors"


class ResourceExhaustedError(Exception):
    pass


ResourceExhaustedError.__module__ = "tensorflow.python.framework.errors_impl"


@pytest.mark.parametrize(
    "error",
    [
        SafetensorError(
            "Error while serializing: I/O error: No space left on device (os error 28)"
        ),
        ResourceExhaustedError("{temporary}; No space left on device"),
        ResourceExhaustedError(
            "{{node SaveV2}} {temporary}/part; No space left on device [Op:Save]"
        ),
        RuntimeError("Can't decrement id ref count (errno = 28, 'No space left on device')"),
        OSError("100000 requested and 16352 written"),
    ],
)
def test_writers_in_c_that_meet_a_full_disk_name_the_file_too(tmp_path: Path, error) -> None:
    with pytest.raises(OSError) as met, atomic_write(tmp_path / "a.bin") as temporary:
        raise type(error)(str(error).replace("{temporary}", str(temporary)))
    assert met.value.errno == errno.ENOSPC
    said = in_words(met.value)
    assert met.value.filename == str(tmp_path / "a.bin")
    assert said == f"The disk of {tmp_path} is full: make room, and run the command again."


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), KeyError("a"), ValueError("b")])
def test_mistakes_of_ours_are_no_faults_of_a_disk(tmp_path: Path, error) -> None:
    assert as_os_error(error) is None
    with pytest.raises(type(error)), atomic_write(tmp_path / "a"):
        raise error


def test_a_write_that_fails_names_the_file_and_not_its_temporary_name(tmp_path: Path) -> None:
    with pytest.raises(OSError) as met, atomic_write(tmp_path / "a.csv") as temporary:
        raise error_of(errno.EIO, str(temporary))
    assert in_words(met.value) == f"The disk of {tmp_path} failed at a.csv: check the disk."


def test_a_picture_that_cannot_be_read_is_not_taken_for_the_target(tmp_path: Path) -> None:
    with pytest.raises(OSError) as met, atomic_write(tmp_path / "a.csv"):
        (tmp_path / "photo.jpg").read_bytes()
    assert in_words(met.value).startswith(f"{tmp_path / 'photo.jpg'} is gone")


def test_a_command_says_one_sentence_without_a_traceback(tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit) as exited:
        run_safely((tmp_path / "photo.jpg").read_bytes)
    assert exited.value.code == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path / 'photo.jpg'} is gone: bring it back, or correct the name.\n"
    )


def test_a_mistake_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run_safely(lambda: 1 / 0)


@pytest.mark.parametrize(
    "read",
    [load_embeddings, load_model, SafeTensors, read_keras_h5, OnnxNetwork],
    ids=lambda read: read.__name__,
)
def test_a_file_that_may_not_be_read_is_not_called_damaged(
    read: Callable, tmp_path: Path, monkeypatch
) -> None:
    file = tmp_path / "model"
    file.write_bytes(b"content")
    real = Path.open

    def refuse(self: Path, *words: object, **named: object):
        if self == file:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return real(self, *words, **named)

    monkeypatch.setattr(Path, "open", refuse)
    if read is OnnxNetwork:
        monkeypatch.setitem(sys.modules, "onnxruntime", types.SimpleNamespace())
    with pytest.raises(InputError, match="model may not be read: change its permissions"):
        read(file)


def test_the_present_folder_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"The disk of {tmp_path} is full" in in_words(error_of(errno.ENOSPC, "a.csv"))
