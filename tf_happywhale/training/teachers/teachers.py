"""The teachers' embeddings of the images that a training sees, and what it learns from them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings
from tf_happywhale.retrieval.ensemble.members import Member
from tf_happywhale.retrieval.search.joined_rows import Stack, stack
from tf_happywhale.training.teachers.find_teachers import find_teachers
from tf_happywhale.training.teachers.principal_rows import principal_rows

BLOCK = 1024  # rows that are hashed at a time


@dataclass(frozen=True)
class Teachers:
    """An ensemble's embeddings of the images that a training sees.

    Attributes:
        sides: the teachers side by side, as they rank: first of the catalogue's images, then of
            those to identify.
        content: a digest of the embeddings and of the teachers' weights.
    """

    sides: tuple[Stack, ...]
    content: str

    @cached_property
    def targets(self) -> np.ndarray:
        """Where each image belongs, float32 [n, d] of length 1; see `principal_rows`.

        Raises:
            InputError: the teachers give all images the same embedding.
        """
        rows = np.concatenate([side.tile(np.arange(len(side))) for side in self.sides])
        found = principal_rows(rows)
        if not found.shape[1]:
            raise InputError(
                "The teachers give all images the same embedding, which teaches nothing: name "
                "others in train.teachers."
            )
        return found


def load_teachers(
    experiment: Experiment, fold: int, images: Sequence[str], more_images: Sequence[str]
) -> Teachers | None:
    """Return the teachers of one fold's training; None if there are none.

    Args:
        experiment: how to train.
        fold: the fold that validates.
        images, more_images: what is trained on, of the catalogue and of those to identify.

    Raises:
        InputError: embeddings are missing or damaged, or lack an image.
    """
    teachers = find_teachers(experiment, fold)
    if not teachers:
        return None
    splits = {"train": images} | ({"test": more_images} if more_images else {})
    sides = tuple(_side(teachers, split, names) for split, names in splits.items())
    weights = [teacher.weight for teacher in teachers]
    return Teachers(sides, digest([weights, *(_hash(side) for side in sides)]))


def _side(teachers: Sequence[Member], split: str, images: Sequence[str]) -> Stack:
    """Return all teachers' embeddings of some images of a split."""
    found = [load_embeddings(teacher.file(split)) for teacher in teachers]
    return stack(
        [each.embedding for each in found],
        [_rows(*pair, split, images) for pair in zip(teachers, found, strict=True)],
        [teacher.weight for teacher in teachers],
        squares=[each.squares for each in found],
    )


def _rows(teacher: Member, found: Embeddings, split: str, images: Sequence[str]) -> np.ndarray:
    place = {image: row for row, image in enumerate(found.image.tolist())}
    lacking = [image for image in images if image not in place]
    if lacking:
        count = "1 image" if len(lacking) == 1 else f"{len(lacking)} images"
        raise InputError(
            f"{teacher.file(split)} lacks {count} that this training sees, such as "
            f"{lacking[0]!r}: embed this catalogue with that teacher, or leave it out of "
            "train.teachers."
        )
    return np.array([place[image] for image in images], dtype=np.int64)


def _hash(side: Stack) -> list[str]:
    """Return a digest of each teacher's embeddings, in the order of the images."""
    found = []
    for part, rows in zip(side.parts, side.rows, strict=True):
        sha = hashlib.sha256(str(part.shape[1]).encode())
        for start in range(0, len(rows), BLOCK):
            block = part[rows[start : start + BLOCK]]
            sha.update(np.ascontiguousarray(block, np.float32).tobytes())
        found.append(sha.hexdigest())
    return found
