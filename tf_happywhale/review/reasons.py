"""What the scores of an identification rest on, as far as its pages show it."""

from __future__ import annotations

from tf_happywhale.config.report import Report
from tf_happywhale.inference.identify.identification import Identification
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.review.matched_pairs import common_of
from tf_happywhale.review.report_content import Common, Why


def reasons(
    found: Identification, model: TrainedModel, settings: Report
) -> tuple[Why | None, Common | None]:
    """Return what draws which parts the model finds alike, and what draws the matching points;
    None for what is not shown.

    Args:
        found: the animals and their candidates.
        model: the first one that embedded them.
        settings: the config's section.
    """
    why = common = None
    if not len(found.gallery):
        return why, common
    if settings.why:
        from tf_happywhale.review.explanation import why_of  # which imports Keras

        why = why_of(model, found.queries, found.gallery)
    if found.matching and settings.why is not False:
        common = common_of(found.matching, found.queries, found.gallery)
    return why, common
