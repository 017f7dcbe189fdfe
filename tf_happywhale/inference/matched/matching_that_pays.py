"""Photographs matched with a gallery point by point, if that is asked for or if it pays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.galleries.gallery_folder import is_gallery
from tf_happywhale.galleries.kept_lessons import MatchedItself
from tf_happywhale.galleries.kept_trials import Trial, keep_trial, load_trial, trial_of
from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.inference.matched.match_gallery import (
    GALLERY,
    PHOTOGRAPHS,
    Matched,
    match_itself,
    match_photographs,
)
from tf_happywhale.inference.matched.matching_in_use import (
    can_match,
    load_matching,
    matching_in_use,
)
from tf_happywhale.inference.matched.matching_trial import (
    figures_of,
    trial_plan,
    trial_sentence,
    try_matching,
    why_not_tried,
)
from tf_happywhale.inference.teaching.held_out import held_out
from tf_happywhale.inference.teaching.who_teaches import WhoTeaches
from tf_happywhale.messages import timed
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan, plan_matching
from tf_happywhale.retrieval.search.only import Only, only_of
from tf_happywhale.retrieval.teaching.matching_pays import matching_pays


@dataclass(frozen=True)
class Matchable:
    """A gallery whose pictures may be matched.

    Attributes:
        images: the reference images, as their embeddings are compared.
        experiment: the sections match and rank.
        identifier: has embedded them.
        teacher: see `who_teaches`.
        folder: of the gallery, or of a catalogue; None: it is not kept.
    """

    images: Embeddings
    experiment: Experiment
    identifier: Identifier
    teacher: WhoTeaches
    folder: Path | None

    @property
    def tried_first(self) -> bool:
        """Whether matching must show that it pays: nobody has asked for it, and a model knows the
        gallery's individuals."""
        return self.experiment.match.use == "auto" and self.teacher.asked is None

    @property
    def homes(self) -> list[Path]:
        """The folders that keep points, pairs and trials; the last one the gallery's."""
        saved = self.folder is not None and is_gallery(self.folder)
        return [self.identifier.home, *([self.folder] if saved else [])]

    def only(self, queries: Embeddings) -> Only | None:
        """Return which of the images each query may be compared with, by `identify.only`."""
        return only_of(queries, self.images, self.experiment.identify.only)


@dataclass(frozen=True)
class Tried:
    """A trial, kept or of now.

    Attributes:
        name: its digest.
        trial: what it has said.
        asked: bool [m], the images of which some were asked.
        matching, itself: what has matched the gallery with itself, and that; None: the trial was
            kept.
    """

    name: str
    trial: Trial
    asked: np.ndarray
    matching: LocalMatching | None = None
    itself: MatchedItself | None = None

    @property
    def certain(self) -> bool:
        """Whether all pictures could be read, so that the trial is kept."""
        return self.matching is None or not self.matching.failed


def match_if_it_pays(
    queries: Embeddings, gallery: Matchable
) -> tuple[LocalMatching, Matched] | None:
    """Match photographs with a gallery, and print what that rests on. None if it is not done.

    With `match.use=auto` the gallery is asked about itself first. Beside a model that was trained
    on its individuals only images that the model has left out are asked, since others' cosines are
    too high, and matching must show that it pays. Otherwise it is left out only where it does harm.

    Args:
        queries: the animals, as their embeddings are compared.
        gallery: the reference images.

    Raises:
        InputError: `match.use` is `always`, and the networks cannot be had.
    """
    if gallery.tried_first:
        return _if_a_trial_says_so(queries, gallery)
    settings, images = gallery.experiment.match, gallery.images
    matching = matching_in_use(
        settings, gallery.teacher, gallery.identifier.home, gallery.folder, (queries, images)
    )
    if matching is None:
        return None
    if (asked := gallery.teacher.asked) is None:
        asked = held_out(gallery.identifier.models, images)
    with timed(f"matching {len(queries)} with {len(images)}"):
        matching.look_at(queries, "photographs", PHOTOGRAPHS)
        matching.look_at(images, "gallery", GALLERY)
        plan = plan_matching(len(queries), len(images), settings.pairs, settings.shortlist)
        itself = match_itself(images, matching, plan, asked)
        matched = None
        if settings.use == "always" or _helps(gallery, itself, matching, plan):
            matched = _match(queries, gallery, matching, plan, itself)
    _say_failed(matching)
    return None if matched is None else (matching, matched)


def try_before_use(gallery: Matchable) -> Tried | None:
    """Find out whether matching pays in a gallery, and print and keep it; None if that need not or
    cannot be tried.

    Args:
        gallery: its images, and where they are kept until the gallery is made.
    """
    return _trial(gallery) if gallery.tried_first else None


def _match(
    queries: Embeddings,
    gallery: Matchable,
    matching: LocalMatching,
    plan: MatchPlan,
    itself: MatchedItself,
) -> Matched:
    """Match photographs with a gallery's images, those that `identify.only` leaves. With that
    filter the gallery is matched with itself again, so that its scores are learned with it; pairs
    that were matched are not matched again."""
    images, only = gallery.images, gallery.only(queries)
    if only is None:
        return match_photographs(queries, images, matching, plan, itself)
    asked = itself.asked
    filtered = match_itself(images, matching, plan, asked, gallery.only(images))
    found = match_photographs(queries, images, matching, plan, filtered, only)
    return replace(found, unfiltered=itself.lessons.own)


def _if_a_trial_says_so(
    queries: Embeddings, gallery: Matchable
) -> tuple[LocalMatching, Matched] | None:
    tried = _trial(gallery) if can_match(queries) else None
    if tried is None or not tried.trial.pays:
        return None
    settings, images = gallery.experiment.match, gallery.images
    matching = tried.matching or load_matching(settings, gallery.homes)
    if matching is None:
        return None
    plan = trial_plan(settings, len(images))
    with timed(f"matching {len(queries)} with {len(images)}"):
        itself = tried.itself or match_itself(images, matching, plan, tried.asked)
        matched = _match(queries, gallery, matching, plan, itself)
    _say_failed(matching)
    return matching, matched


def _trial(gallery: Matchable) -> Tried | None:
    """Return what a gallery says about matching, and print it. None: it cannot be tried, and why is
    printed."""
    images, settings = gallery.images, gallery.experiment.match
    if not can_match(images):
        return None
    asked = held_out(gallery.identifier.models, images)
    if why := why_not_tried(asked):
        print(why)
        return None
    best_of, homes = gallery.experiment.rank.best_of, gallery.homes
    name = trial_of(images, asked, settings, best_of)
    kept = load_trial(homes, name)
    if kept is not None:
        tried = Tried(name, kept, asked)
    else:
        matching = load_matching(settings, homes)
        if matching is None:
            return None
        plan = trial_plan(settings, len(images))
        trial, itself = try_matching(images, matching, plan, asked, best_of)
        tried = Tried(name, trial, asked, matching, itself)
        if tried.certain:
            keep_trial(homes, name, trial)
        else:
            lost = len(matching.failed)
            print(f"{lost} of its pictures cannot be read, so this is tried again next time")
    print(trial_sentence(tried.trial), flush=True)
    return tried


def _helps(
    gallery: Matchable, itself: MatchedItself, matching: LocalMatching, plan: MatchPlan
) -> bool:
    """Return whether matching helps in a gallery that no model has seen, and print it if not."""
    best_of = gallery.experiment.rank.best_of
    pays = matching_pays(gallery.images, itself.lessons.own, itself.asked, best_of)
    if not pays:
        seconds = matching.seconds_a_pair * plan.size
        takes = "" if np.isnan(seconds) else f", for about {seconds:.2g} s a photograph"
        print(
            f"Matching does not help here, so features alone count: {figures_of(pays)}{takes}. "
            "match.use=never saves the time, match.use=always uses it all the same."
        )
    return bool(pays)


def _say_failed(matching: LocalMatching) -> None:
    for image, reason in sorted(matching.failed.items()):
        print(f"not matched: {image}: {reason}")
