"""The picture that an annotation file is of, where each picture has its own file."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from tf_happywhale.errors import InputError


def annotated_picture(said: str, file: Path, folder: Path) -> str:
    """The picture's name, relative to the folder of the annotations.

    Args:
        said: what the file says, a name or a path on another machine.
        file: the annotation, such as `a.xml` for `a.jpg`.
        folder: where the annotations lie.

    Raises:
        InputError: it names no picture, or a picture with another name than the file.
    """
    name = PurePosixPath(said.strip().replace("\\", "/")).name
    if not name:
        raise InputError(f"{file} does not name its picture: export it again.")
    if file.stem not in (name, PurePosixPath(name).stem):
        raise InputError(
            f"{file} names the picture {name}, but the file has another name: correct the name in "
            "it, or rename the file."
        )
    return (PurePosixPath(file.relative_to(folder).parent.as_posix()) / name).as_posix()
