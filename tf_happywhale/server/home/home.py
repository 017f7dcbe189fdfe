"""The home folder: where its files lie, and what the server knows while it runs."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tf_happywhale.catalogue.photographs.own_output import MARK, mark_own_output
from tf_happywhale.config.server import Server
from tf_happywhale.disk.files import restore_folder
from tf_happywhale.disk.temporary import remove
from tf_happywhale.errors import InputError
from tf_happywhale.server.home.store import Store

CATALOGUE = "catalogue"  # the setting: a path, or `none` to start from nothing
SOURCE = "source"  # the setting: which boxes count, where the catalogue has several kinds
MODEL = "model"  # the setting: what `identify` and `gallery build` take as MODEL
NOTHING = "none"
SHORTEST = 16  # characters of a token


@dataclass
class Home:
    """One home folder, and how it is served.

    Attributes:
        folder: the home folder, absolute.
        settings: the section `server`.
        token: what programs send.
        personal: whether one person on this machine uses it, so that photographs may be read from
            that person's own folders.
    """

    folder: Path
    settings: Server = field(default_factory=Server)
    token: str = ""
    personal: bool = False

    @cached_property
    def store(self) -> Store:
        """The database."""
        return Store(self.folder / "app.sqlite")

    @property
    def uploads(self) -> Path:
        """The folder of unfinished uploads."""
        return self.folder / "uploads"

    @property
    def gallery(self) -> Path:
        """The folder of the gallery, whether it is there or not."""
        return self.folder / "gallery"

    @property
    def training(self) -> Path:
        """The folder of the training."""
        return self.folder / "training"

    @property
    def exports(self) -> Path:
        """The folder of exports."""
        return self.folder / "exports"

    @property
    def embedded(self) -> Path:
        """The folder of embeddings by model and picture, which all commands share."""
        return self.folder / "embedded"

    def trip(self, trip: str) -> Path:
        """The folder of a trip."""
        return self.folder / "trips" / trip

    def log(self, job: int) -> Path:
        """The file of what a job prints."""
        return self.folder / "jobs" / f"{job}.log"

    @property
    def catalogue(self) -> Path | None:
        """The catalogue folder; None: none was made or chosen, or the work starts from nothing."""
        chosen = self.store.setting(CATALOGUE)
        if chosen not in (None, NOTHING):
            return Path(chosen)
        made = self.folder / "catalogue"
        return made if (made / "train.csv").is_file() else None

    @property
    def has_gallery(self) -> bool:
        """Whether the gallery is there."""
        return (self.gallery / "gallery.json").is_file()

    @property
    def roots(self) -> list[Path]:
        """The folders from which files may be read."""
        own = [Path.home()] if self.personal else []
        more = [Path(root).expanduser() for root in self.settings.roots]
        return [path.resolve() for path in (self.folder, *more, *own)]

    def allows(self, real: Path) -> bool:
        """Whether a real path, without links, is in one of the roots."""
        return any(real.is_relative_to(root) for root in self.roots)

    def allowed(self, path: str | Path) -> Path:
        """Return the real path of a file or folder.

        Raises:
            InputError: it is in none of the roots.
        """
        try:
            real = Path(path).expanduser().resolve()
        except (ValueError, RuntimeError, OSError):  # a zero byte, an unknown ~name, too long
            raise InputError("This is no path of a folder or file: choose another.") from None
        if not self.allows(real):
            raise InputError(
                f"{path} is outside the folders that may be read: start with "
                "server.roots=[FOLDER], or copy it to the home folder."
            )
        return real


def open_home(folder: Path, settings: Server, *, personal: bool) -> Home:
    """Return the home in a folder, which is made if it is not there. What unfinished uploads left
    is removed. The caller holds its lock.

    Raises:
        InputError: the folder holds something else.
    """
    folder = Path(folder).expanduser().absolute()
    check_home(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark_own_output(folder)
    home = Home(folder, settings, "", personal)
    remove(home.uploads)
    restore_folder(home.gallery)  # a kill has left it aside, between two renames
    for place in (home.uploads, folder / "trips", folder / "jobs"):
        place.mkdir(exist_ok=True)
    home.token = read_token(folder, settings)
    return home


def check_home(folder: Path) -> None:
    """Raise InputError if a folder cannot become a home folder: it holds something else."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: name a folder for the application's work.")
    mine = (folder / MARK).is_file() or (folder / "app.sqlite").is_file()
    if folder.is_dir() and not mine and any(not n.startswith(".") for n in os.listdir(folder)):
        raise InputError(
            f"{folder} holds other files: name a new folder for the application's work, and choose "
            "your catalogue in the application."
        )


def read_token(folder: Path, settings: Server) -> str:
    """Return the token: from the file `server.token`, the environment, or the home folder, where
    one is made.

    Raises:
        InputError: it is too short.
    """
    if settings.token is not None:
        file = Path(settings.token).expanduser()
        if not file.is_file():
            raise InputError(f"server.token is {file}, which is not there: write a token into it.")
        return _checked(file.read_text(encoding="utf-8").strip(), str(file))
    if given := os.environ.get("HAPPYWHALE_TOKEN", "").strip():
        return _checked(given, "HAPPYWHALE_TOKEN")
    file = folder / "token"
    if not file.is_file() or not file.read_text(encoding="utf-8").strip():
        making = file.with_name(".token.making")
        remove(making)
        with open(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(32))
        os.replace(making, file)
    return _checked(file.read_text(encoding="utf-8").strip(), str(file))


def _checked(token: str, where: str) -> str:
    if len(token) < SHORTEST or not (token.isascii() and token.isprintable() and " " not in token):
        raise InputError(
            f"The token in {where} is not one: take at least {SHORTEST} letters and digits, such "
            "as `openssl rand -hex 32` prints."
        )
    return token
