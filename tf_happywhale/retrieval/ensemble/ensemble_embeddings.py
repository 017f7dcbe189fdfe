"""The embeddings of the same images by each model of an ensemble, matched by image name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.joined_rows import Stack, stack


@dataclass(frozen=True)
class EnsembleEmbeddings:
    """Embeddings of n images by every model of an ensemble.

    Models may store images in different orders: `rows[m][i]` is the row of image `i` in model `m`'s
    embeddings.

    Attributes:
        images: names, str [n].
        members: each model's embeddings, in its own order of images.
        rows: for each member int64 [n].
        mirrored: each model's embeddings of the mirrored pictures; empty if there are none.
        mirrored_rows: for each of these int64 [n].
        unseen: for each member bool [n]: no image of this image's individual was in its training,
            so that the centre in its head means nothing. Empty if it is not asked for.
    """

    images: np.ndarray
    members: tuple[Embeddings, ...]
    rows: tuple[np.ndarray, ...]
    mirrored: tuple[Embeddings, ...] = ()
    mirrored_rows: tuple[np.ndarray, ...] = ()
    unseen: tuple[np.ndarray, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def take(self, images: np.ndarray) -> EnsembleEmbeddings:
        """Return some of the images, by number or a mask."""
        return replace(
            self,
            images=self.images[images],
            rows=tuple(rows[images] for rows in self.rows),
            mirrored_rows=tuple(rows[images] for rows in self.mirrored_rows),
            unseen=tuple(rows[images] for rows in self.unseen),
        )

    def only(self, members: Sequence[int]) -> EnsembleEmbeddings:
        """Return the same images with the embeddings of some of the members."""
        return replace(
            self,
            members=tuple(self.members[n] for n in members),
            rows=tuple(self.rows[n] for n in members),
            mirrored=tuple(self.mirrored[n] for n in members if self.mirrored),
            mirrored_rows=tuple(self.mirrored_rows[n] for n in members if self.mirrored),
            unseen=tuple(self.unseen[n] for n in members if self.unseen),
        )

    def stack(self, shares: Sequence[float], *, lengths: bool = False) -> Stack:
        """Return the members side by side; `shares` and `lengths`: see `stack`."""
        parts = [member.embedding for member in self.members]
        squares = [member.squares for member in self.members]
        return stack(parts, self.rows, shares, lengths=lengths, squares=squares)

    def mirror(self) -> EnsembleEmbeddings:
        """Return the embeddings of the mirrored pictures, as those of the pictures themselves."""
        return replace(self, members=self.mirrored, rows=self.mirrored_rows)

    def centres(self, shares: Sequence[float], individual_ids: Sequence[str]) -> Stack:
        """Return for each image the centre of its individual in the members' heads, or the nearest
        of several sub-centres; the image itself if a member was never trained on the individual.

        Raises:
            InputError: a head lacks an individual.
        """
        parts, rows = [], []
        for n, member in enumerate(self.members):
            place = {identity: row for row, identity in enumerate(member.centre_id.tolist())}
            lacking = next((i for i in individual_ids if i not in place), None)
            if lacking is not None:
                raise InputError(
                    f"The head of a model has no centre for {lacking}: set rank.centre_share=0, or "
                    "train and embed with this catalogue."
                )
            row, part = np.array([place[i] for i in individual_ids], dtype=np.int64), member.centre
            row = nearest_centre(member, self.rows[n], row)
            if self.unseen:
                own = np.flatnonzero(self.unseen[n])
                row[own] = len(part) + np.arange(len(own))
                part = np.concatenate([part, member.embedding[self.rows[n][own]]])
            parts.append(part)
            rows.append(row)
        return stack(parts, rows, shares)


def nearest_centre(member: Embeddings, images: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return for images (rows of the embedding) the row of the nearest sub-centre of their
    individual, int64 [n]; `last` is where the sub-centres of each individual end."""
    count = len(member.centre_id) // max(1, len(set(member.centre_id.tolist())))
    if count == 1:
        return last
    centre = member.centre / np.maximum(np.linalg.norm(member.centre, axis=1, keepdims=True), 1e-12)
    embedding = member.embedding[images]
    cosines = [np.einsum("nd,nd->n", embedding, centre[last - n]) for n in range(count)]
    return last - np.argmax(cosines, axis=0)


def make_ensemble(
    members: Sequence[Embeddings], images: Sequence[str], mirrored: Sequence[Embeddings] = ()
) -> EnsembleEmbeddings:
    """Return the members' embeddings, matched by image name.

    Raises:
        InputError: a member's images are not `images`, or its mirrored embeddings are of another
            model, other images or other individuals.
    """
    for number, pair in enumerate(zip(members, mirrored, strict=bool(mirrored)), start=1):
        _check_mirrored(number, *pair)
    return EnsembleEmbeddings(
        np.asarray(images, dtype=np.str_),
        tuple(members),
        tuple(member.rows_of(images) for member in members),
        tuple(mirrored),
        tuple(member.rows_of(images) for member in mirrored),
    )


def _check_mirrored(number: int, original: Embeddings, mirrored: Embeddings) -> None:
    alike = mirrored.about == original.about | {"view": "mirrored"}
    who = [dict(zip(e.image.tolist(), e.individual_id.tolist(), strict=True))
           for e in (original, mirrored)]  # fmt: skip
    if not alike or who[0] != who[1]:
        raise InputError(
            f"The mirrored embeddings of model {number} are not of the same model and images as "
            "the others: run embed again."
        )
