"""A catalogue's embeddings with the individual and the fold of each image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.ensemble.trained_on import check_held_out, held_out_folds


@dataclass(frozen=True)
class LabelledGallery:
    """Embeddings of a catalogue's n images by an ensemble, and what is known about each image.

    Attributes:
        embeddings: the images' embeddings by every member.
        individual_ids: the individual in each image, str [n].
        fold_of: the fold of each image of the catalogue, by the image's name.
    """

    embeddings: EnsembleEmbeddings
    individual_ids: Sequence[str]
    fold_of: Mapping[str, int]

    def __post_init__(self) -> None:
        ids = np.asarray(self.individual_ids, dtype=np.str_)
        object.__setattr__(self, "individual_ids", ids)

    def __len__(self) -> int:
        return len(self.embeddings)

    @property
    def images(self) -> np.ndarray:
        """Names of the images, str [n]."""
        return self.embeddings.images

    @cached_property
    def folds(self) -> np.ndarray:
        """The fold of each image, int64 [n]."""
        return np.array([self.fold_of[image] for image in self.images.tolist()], dtype=np.int64)

    @cached_property
    def truth(self) -> np.ndarray:
        """The right answer for each image when the other folds are the gallery, str [n]: its
        individual, or `new_individual` if all images of the individual lie in one fold."""
        _, who = np.unique(self.individual_ids, return_inverse=True)
        first = np.zeros(who.max(initial=-1) + 1, np.int64)
        first[who] = self.folds
        several = np.zeros(len(first), bool)
        several[who[self.folds != first[who]]] = True
        return np.where(several[who], self.individual_ids, NEW_INDIVIDUAL)

    @cached_property
    def held_out(self) -> list[list[int]]:
        """For each member the folds on which it was not trained.

        Raises:
            InputError: a member does not say what it was trained on, or means other folds.
        """
        return [
            held_out_folds(self.name(n), about, self.fold_of)
            for n, about in enumerate(self._trained_on)
        ]

    @cached_property
    def judged(self) -> list[int]:
        """The folds on which at least one member was not trained; errors: see `held_out`."""
        return sorted({fold for own in self.held_out for fold in own})

    @cached_property
    def untold(self) -> list[int]:
        """The members that do not say what they were trained on, such as other programs' models.
        Nothing can be learned from them about new individuals."""
        return [n for n, about in enumerate(self._trained_on) if not about]

    @property
    def _trained_on(self) -> list[str]:
        return [member.about.get("trained_on", "") for member in self.embeddings.members]

    def inside(self, fold: int) -> np.ndarray:
        """Return which images lie in a fold, bool [n]."""
        return self.folds == fold

    def judges(self, fold: int) -> list[int]:
        """Return the members that were not trained on a fold; errors: see `held_out`."""
        return [n for n, own in enumerate(self.held_out) if fold in own]

    def every_member_judges(self) -> bool:
        """Return whether every member has a fold on which it was not trained, and says so."""
        try:
            return all(self.held_out)
        except InputError:
            return False

    def check_held_out(self, member: int, fold: int) -> None:
        """Raise InputError if a member was trained on a fold, or does not say so."""
        check_held_out(self.name(member), self._trained_on[member], fold, self.fold_of)

    def check_labels(self) -> None:
        """Raise InputError if a member was embedded with other labels than these, or if the
        members' heads have other individuals, or another order of them, than the first."""
        members = self.embeddings.members
        for number, (member, rows) in enumerate(
            zip(members, self.embeddings.rows, strict=True), start=1
        ):
            said = member.individual_id[rows]
            wrong = (said != self.individual_ids) & (said != "")  # empty: the catalogue decides
            if wrong.any():
                raise InputError(
                    f"Model {number} has embedded {self.images[wrong][0]} as {said[wrong][0]}, but "
                    f"it is {self.individual_ids[wrong][0]} in the catalogue: run embed again."
                )
            heads = [head.centre_id.tolist() for head in (member, members[0])]
            if all(heads) and heads[0] != heads[1]:
                raise InputError(
                    f"Model {number} was trained with other individuals, or in another order, than "
                    "the first: an ensemble's models need the same catalogue."
                )

    def only(self, members: Sequence[int]) -> LabelledGallery:
        """Return the same images with the embeddings of some of the members."""
        return replace(self, embeddings=self.embeddings.only(members))

    def with_unseen(self) -> LabelledGallery:
        """Return the same gallery with the individuals marked on which a member was not trained;
        see `EnsembleEmbeddings.unseen`."""
        ids = self.individual_ids
        trained = [ids[~np.isin(self.folds, own)] for own in self.held_out]
        unseen = tuple(~np.isin(ids, seen) for seen in trained)
        return replace(self, embeddings=replace(self.embeddings, unseen=unseen))

    def name(self, member: int) -> str:
        """Return a member's name in errors, such as `Model 2 (fold 1)`."""
        fold = self.embeddings.members[member].about.get("fold")
        return f"Model {member + 1}" + (f" (fold {fold})" if fold else "")
