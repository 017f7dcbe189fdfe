"""Kaggle through its own client, the package `kaggle` 2.x: sign in, list files, submit, and explain
errors.

The client signs in while it is imported, so it is imported inside `connect`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import ConfigError, HappywhaleError, InputError

PAGE_SIZE = 200  # the most that Kaggle lists at a time
RETRIES = 5  # they take ten seconds; then the network counts as down
CREDENTIALS = (
    "Kaggle does not know who you are: make a token at https://www.kaggle.com/settings/api and put "
    "it into the file ~/.kaggle/access_token or the variable KAGGLE_API_TOKEN (an older key works "
    "too: ~/.kaggle/kaggle.json, or KAGGLE_USERNAME and KAGGLE_KEY), then run this again."
)


@dataclass(frozen=True)
class Remote:
    """One competition or data set: its name, and the client's calls for it."""

    name: str
    refused: str  # what to do about HTTP 403
    list_page: Callable[[str | None], Any]
    fetch_file: Callable[[str, Path], Any]
    fetch_archive: Callable[[Path], Any]


def connect() -> Any:
    """The signed-in client.

    Raises:
        ConfigError: the package is missing, or there are no credentials that Kaggle accepts.
    """
    try:
        with redirect_stdout(io.StringIO()):
            import kaggle

            kaggle.api.authenticate()
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"The package {error.name} is missing: install it with `pip install 'kaggle>=2'`."
        ) from None
    except (Exception, SystemExit) as error:
        raise ConfigError(_sentence(error, CREDENTIALS, "kaggle.com")) from None
    return kaggle.api


def competition(api: Any, name: str) -> Remote:
    """The files of a competition."""
    return Remote(
        name,
        f"Kaggle gives {name} only to people who accepted its rules: open "
        f"https://www.kaggle.com/competitions/{name}/rules with the account of the token, accept "
        "them, and run this again.",
        lambda token: api.competition_list_files(name, page_token=token, page_size=PAGE_SIZE),
        lambda file, to: api.competition_download_file(name, file, path=str(to), quiet=True),
        lambda to: api.competition_download_files(name, path=str(to), quiet=False),
    )


def dataset(api: Any, name: str) -> Remote:
    """The files of a data set `owner/name`."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise ConfigError(f"download.dataset is {name!r}, but it must be owner/name.")
    return Remote(
        name,
        f"Kaggle does not show {name} to this account: open "
        f"https://www.kaggle.com/datasets/{name} with the account of the token, accept its terms "
        "or ask its owner, and run this again.",
        lambda token: api.dataset_list_files(name, page_token=token, page_size=PAGE_SIZE),
        lambda file, to: api.dataset_download_file(name, file, path=str(to), quiet=True),
        lambda to: api.dataset_download_files(name, path=str(to), quiet=False),
    )


def list_files(api: Any, remote: Remote) -> dict[str, int]:
    """Size in bytes of every file by its name, page after page."""
    sizes: dict[str, int] = {}
    token = None
    with explained(remote), tqdm(unit=" files", desc="list") as bar:
        while True:
            page = api.with_retry(remote.list_page, max_retries=RETRIES)(token)
            sizes.update({file.name: int(file.total_bytes) for file in page.files})
            bar.update(len(page.files))
            if not page.next_page_token or page.next_page_token == token:
                break
            token = page.next_page_token
    if not sizes:
        raise InputError(f"Kaggle lists no file for {remote.name}: check the name.")
    return sizes


def submit(api: Any, name: str, file: Path, message: str) -> str:
    """Send a submission to the competition `name`, and return Kaggle's answer.

    Raises:
        InputError: the file is not a submission, or Kaggle does not take it.
    """
    check_submission(file)
    with explained(competition(api, name)):
        answer = api.competition_submit(str(file), message, name, quiet=True)
    if answer.message == api.COMPETITION_SUBMIT_UPLOAD_FAILED_MESSAGE:
        raise InputError(f"The upload of {file} to Kaggle broke off: run this again.")
    return answer.message


def check_submission(file: Path) -> None:
    """Raise InputError unless `file` has columns image,predictions and one to five ids a row."""
    if not Path(file).is_file():
        raise InputError(f"There is no file {file}: rank first, or check `output`.")
    table = read_text_table(file, ("image", "predictions"))
    if list(table.columns) != ["image", "predictions"]:
        raise InputError(f"{file} must have only the columns image,predictions: rank again.")
    if table.empty:
        raise InputError(f"{file} has no rows: rank again.")
    twice = table.loc[table["image"].duplicated(), "image"]
    if len(twice):
        raise InputError(f"{file} lists the image {twice.iloc[0]!r} twice: rank again.")
    for image, predictions in zip(table["image"], table["predictions"], strict=True):
        if not 1 <= len(predictions.split()) <= 5:
            raise InputError(
                f"{file} has {len(predictions.split())} ids for the image {image!r}, but Kaggle "
                "takes one to five, separated by spaces: rank again."
            )


@contextmanager
def explained(remote: Remote) -> Iterator[None]:
    """Turn all errors and exits of the client into one InputError with one sentence."""
    try:
        with redirect_stdout(io.StringIO()):
            yield
    except HappywhaleError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(_sentence(error, remote.refused, remote.name)) from None


def _sentence(error: BaseException, refused: str, name: str) -> str:
    # A response of status 4xx is false in a condition.
    response = getattr(error, "response", None)
    status = None if response is None else response.status_code
    words = {
        401: CREDENTIALS,
        403: refused,
        404: f"Kaggle knows no {name}: check download.competition and download.dataset.",
        429: "Kaggle asks for a pause after so many requests: run this again in some minutes.",
    }
    if status is not None:
        late = f"Kaggle answered with HTTP {status}: run this again later; what came is kept."
        return words.get(status, late)
    # Without credentials version 2 of the client exits, and version 1 raises a bare OSError.
    if isinstance(error, SystemExit) or (type(error) is OSError and error.errno is None):
        return CREDENTIALS
    reason = " ".join(str(error).split())[:200]
    if not isinstance(error, OSError):
        return f"Kaggle's client failed ({type(error).__name__}: {reason}): run this again."
    if error.errno is not None and not isinstance(error, (ConnectionError, TimeoutError)):
        return f"A file cannot be written ({reason}): make room, or give another folder."
    return (
        f"Kaggle cannot be reached ({type(error).__name__}): check the network and run this again."
    )
