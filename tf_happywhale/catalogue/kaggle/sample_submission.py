"""`sample_submission.csv`: the images that a submission must answer, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.catalogue.photographs.known_names import KnownNames
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import InputError

SAMPLE = "sample_submission.csv"  # in a data folder


def read_sample(file: Path) -> list[str]:
    """The images of a sample submission, in its order."""
    return list(read_text_table(file, ("image",))["image"])


def rows_asked(sample: Path, images: Sequence[str]) -> list[tuple[str, str]]:
    """A submission's rows: each name of the sample, and the image of the data that it means.

    Names may differ in slashes and Unicode form, and their ending may be missing. Images that the
    sample does not list have no row.

    Raises:
        InputError: the sample lists an image that is not among `images`.
    """
    known = KnownNames(images, "among the images")
    rows = [(name, known.find(name, str(sample))) for name in read_sample(sample)]
    lacking = [name for name, image in rows if image is None]
    if lacking:
        example = f", whose images are named like {images[0]!r}" if images else ""
        raise InputError(
            f"{sample} lists {_count(lacking)} that the data lacks, the first {lacking[0]!r}"
            f"{example}: add them, or correct the names."
        )
    return rows


def check_rows(file: Path, images: Sequence[str], sample: Path) -> None:
    """Raise InputError if a submission's images [n] are not the sample's, in the same order."""
    wanted, images = read_sample(sample), list(images)
    if images == wanted:
        return
    there, asked = set(images), set(wanted)
    lacking = [name for name in wanted if name not in there]
    others = [image for image in images if image not in asked]
    differences = [
        f"it {what} {_count(names)}, the first {names[0]!r}"
        for what, names in (("lacks", lacking), ("adds", others))
        if names
    ]
    if not differences:
        pairs = zip(images, wanted, strict=False)
        row = next((n for n, (own, other) in enumerate(pairs) if own != other), len(wanted))
        differences = [f"its order differs from line {row + 2} on, or it has an image twice"]
    raise InputError(
        f"{file} does not have the rows of {sample}: {' and '.join(differences)}. Rank again with "
        "this data folder."
    )


def _count(names: Sequence[str]) -> str:
    return "1 image" if len(names) == 1 else f"{len(names)} images"
