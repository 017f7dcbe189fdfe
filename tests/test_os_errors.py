from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tf_happywhale.os_errors import in_words


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
