"""The images to identify that a training sees without a label, since its teachers place them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tf_happywhale.catalogue.dataset import DataSet
from tf_happywhale.config import Experiment
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.near_duplicates import near_duplicates
from tf_happywhale.records.plan import RecordsPlan


def find_unlabelled(
    experiment: Experiment, data: DataSet, plan: RecordsPlan, fold: int, labelled: Collection[str]
) -> list[str]:
    """Return the images to identify that one fold's training sees besides those that this round
    labels by prediction. Pictures that are nearly those of the fold are left out, as where labels
    are predicted: what validates must not have been seen.

    Raises:
        InputError: an image of the catalogue and one to identify have the same name.
    """
    if not experiment.train.unlabelled:
        return []
    # Imported here, since TensorFlow takes seconds.
    from tf_happywhale.training.pseudo_labels.labelling import read_thumbnails

    both = set(data.images) & set(data.test_images)
    if both:
        raise InputError(
            f"{min(both)} is an image of the catalogue and one to identify: rename one of them, or "
            "set train.unlabelled=false."
        )
    images = [image for image in data.test_images if image not in labelled]
    validation = [image for image, number in data.fold_of.items() if number == fold]
    copies = near_duplicates(
        read_thumbnails(plan.folder, "test", images),
        read_thumbnails(plan.folder, "train", validation),
        experiment.pseudo.duplicate,
    )
    return [images[row] for row in np.flatnonzero(~copies)]
