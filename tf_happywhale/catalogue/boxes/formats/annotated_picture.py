"""The picture that an annotation file belongs to, where each picture has a file of its own."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from tf_happywhale.errors import InputError


def annotated_picture(said: str, file: Path, folder: Path) -> str:
    """The picture's name, seen from the folder of the annotations.

    Args:
        said: what the file says, a name or a path on another machine.
        file: the annotation, such as `a.xml` for `a.jpg`.
        folder: where the annotations lie.

    Raises:
        InputError: it names no picture, or a picture with another name than the file.
    """
    name = PurePosixPath(said.strip().replace("\\", "/")).name
    if not name:
        raise InputError(f"{file} does not say of which picture it is: export it again.")
    if file.stem not in (name, PurePosixPath(name).stem):
        raise InputError(
            f"{file} says that it is of {name}, which has another name: correct the name in it, or "
            "rename the file."
        )
    return (PurePosixPath(file.relative_to(folder).parent.as_posix()) / name).as_posix()
