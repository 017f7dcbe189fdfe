"""Downloading the files of a Kaggle competition or data set into a folder, resumed and checked."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tf_happywhale.catalogue.kaggle.archive import (
    has_size,
    move_into_place,
    path_inside,
    readable_bytes,
    unpack,
)
from tf_happywhale.catalogue.kaggle.kaggle_client import Remote, explained, list_files
from tf_happywhale.disk.files import write_json
from tf_happywhale.errors import InputError

MANY_FILES = 1000  # above this number, one archive is hours faster than single requests
WORK = ".download"  # partial files, below the folder that is filled
UNPACKED = ".unpacked.json"  # the content of archives that were unpacked and removed


def fetch(api: Any, remote: Remote, to: Path) -> None:
    """Fill the folder `to` with the files of `remote`. Files that are there already stay.

    A file is there if it has the size that Kaggle lists. Partial files are in a separate folder.
    Zip archives are unpacked in their own folder and then removed.

    Raises:
        InputError: there is no space, access or network, or a file has another size than listed.
    """
    to = Path(to)
    to.mkdir(parents=True, exist_ok=True)
    sizes = list_files(api, remote)
    missing = missing_files(sizes, to)
    whole = len(missing) > MANY_FILES
    _check_space(remote, sizes, missing, whole, to)
    if whole:
        _fetch_whole(remote, to)
    elif missing:
        with tqdm(total=sum(missing.values()), unit="B", unit_scale=True, desc="download") as bar:
            for name, size in missing.items():
                bar.set_postfix_str(name)
                _fetch_file(remote, name, size, to)
                bar.update(size)
    for name in missing:
        if name.endswith(".zip"):
            _unpack_listed(to, name)
    left = missing_files(sizes, to)
    if left:
        raise InputError(
            f"{len(left):,} files of {remote.name} did not come as Kaggle lists them, such as "
            f"{next(iter(left))!r}: run this again."
        )
    shutil.rmtree(to / WORK, ignore_errors=True)


def missing_files(sizes: dict[str, int], to: Path) -> dict[str, int]:
    """The listed files (bytes by name) that `to` lacks or has with another size."""
    unpacked = _unpacked(to)

    def there(name: str, size: int) -> bool:
        if not name.endswith(".zip"):
            return has_size(path_inside(to, name), size)
        known = unpacked.get(name, {"bytes": None})
        home = path_inside(to, name).parent
        return known["bytes"] == size and all(
            has_size(home / member, count) for member, count in known["files"].items()
        )

    return {name: size for name, size in sizes.items() if not there(name, size)}


def _check_space(
    remote: Remote, sizes: dict[str, int], missing: dict[str, int], whole: bool, to: Path
) -> None:
    archives = sum(size for name, size in missing.items() if name.endswith(".zip"))
    archives += sum(sizes.values()) if whole else 0
    here = [path_inside(to, name) for name, size in missing.items() if name.endswith(".zip")]
    here += list((to / WORK).rglob("*"))
    partial = sum(file.stat().st_size for file in here if file.is_file())
    needed = max(0, sum(missing.values()) + archives - partial)
    free = shutil.disk_usage(to).free
    print(
        f"{remote.name}: {len(sizes):,} files, {readable_bytes(sum(sizes.values()))}; "
        f"{len(sizes) - len(missing):,} are in {to} already. Space needed"
        f"{' for archives and what is in them' if archives else ''}: {readable_bytes(needed)}; "
        f"free: {readable_bytes(free)}."
    )
    if needed > free:
        raise InputError(
            f"{to} has {readable_bytes(free)} free, but {readable_bytes(needed)} are needed: free "
            "some space, or choose another folder with download.to=DIR."
        )


def _fetch_whole(remote: Remote, to: Path) -> None:
    work = to / WORK
    work.mkdir(exist_ok=True)
    with explained(remote):
        remote.fetch_archive(work)
    for archive in sorted(work.glob("*.zip")):
        unpack(archive, to)
        archive.unlink()


def _fetch_file(remote: Remote, name: str, size: int, to: Path) -> None:
    target = path_inside(to, name)
    if has_size(target, size):  # an archive that came, but was not unpacked yet
        return
    folder = to / WORK / hashlib.sha256(name.encode()).hexdigest()[:20]
    folder.mkdir(parents=True, exist_ok=True)
    with explained(remote):
        remote.fetch_file(name, folder)
    # The client names the file by its address, some versions in folders as Kaggle has them, and
    # keeps notes for resuming next to it.
    files = [file for file in folder.rglob("*") if file.is_file()]
    came = [file for file in files if file.suffix != ".kaggle-partial"]
    if len(came) == 1 and came[0].stat().st_size != size and zipfile.is_zipfile(came[0]):
        unpack(came[0], folder / "unpacked")  # Kaggle sends some single files zipped
        came = [file for file in (folder / "unpacked").rglob("*") if file.is_file()]
    if len(came) != 1 or came[0].stat().st_size != size:
        count = sum(file.stat().st_size for file in came)
        shutil.rmtree(folder)
        raise InputError(
            f"{name} came with {count:,} bytes, but Kaggle lists {size:,}: run this again."
        )
    move_into_place(came[0], target)
    shutil.rmtree(folder)


def _unpacked(to: Path) -> dict[str, Any]:
    record = to / UNPACKED
    return json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}


def _unpack_listed(to: Path, name: str) -> None:
    archive = path_inside(to, name)
    size = archive.stat().st_size
    files = unpack(archive, archive.parent)
    write_json(to / UNPACKED, {**_unpacked(to), name: {"bytes": size, "files": files}})
    archive.unlink()
