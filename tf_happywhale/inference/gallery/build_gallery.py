"""A new gallery, built from a catalogue folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tf_happywhale.detection.detector import find_detector
from tf_happywhale.disk.files import atomic_write
from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import Incomplete, InputError
from tf_happywhale.galleries.gallery_folder import beside, make_gallery, open_gallery
from tf_happywhale.galleries.gallery_tables import summary_lines
from tf_happywhale.galleries.kept_matching import bring_matching
from tf_happywhale.galleries.kept_trials import keep_trial
from tf_happywhale.inference.embedding.box_source import with_source
from tf_happywhale.inference.embedding.identifier import load_identifier
from tf_happywhale.inference.gallery.reference_images import embed_catalogue
from tf_happywhale.inference.matched.matching_in_use import matching_in_use
from tf_happywhale.inference.matched.matching_that_pays import Matchable, try_before_use
from tf_happywhale.inference.teaching.who_teaches import who_teaches
from tf_happywhale.inference.which_model.untaught_models import DEFAULT
from tf_happywhale.inference.which_model.which_model import own_model_of
from tf_happywhale.retrieval.centring import centred


def build_gallery(
    model: str | Path | None, catalogue: Path, folder: Path, overrides: Sequence[str]
) -> None:
    """Embed a catalogue folder into a new gallery, and print what is in it.

    Args:
        model: see `load_identifier`.
        catalogue: the catalogue folder.
        folder: of the gallery. It is written whole or not at all, and never replaced.
        overrides: `key=value`, which change the model's settings.

    Raises:
        InputError: the folder exists, there is no model or no catalogue, or no image can be read.
        Incomplete: some images cannot be read. The gallery is made without them.
    """
    with locked(folder, "building"):
        if folder.exists():
            raise InputError(f"There is a {folder} already: add to it, or name another folder.")
        experiment, identifier = load_identifier(model, overrides, catalogue)
        identifier = with_source(identifier, experiment, catalogue)
        detector = find_detector(experiment, identifier.home)
        embedded, failed = embed_catalogue(catalogue, identifier, experiment, detector)
        for image, reason in sorted(failed.items()):
            print(f"left out: {image}: {reason}")
        teacher = who_teaches(identifier, embedded)
        matching = matching_in_use(experiment.match, teacher, identifier.home, None, (embedded,))
        if matching is not None:
            matching.look_at(embedded, "gallery")
        compared = centred(embedded, embedded)[1]
        tried = try_before_use(Matchable(compared, experiment, identifier, teacher, None))
        with atomic_write(folder) as making:
            pictures = beside(making, map(Path, embedded.columns["picture"].tolist()))
            columns = embedded.columns | {"picture": np.array(pictures, np.str_)}
            own = own_model_of(model or DEFAULT, identifier.models, overrides)
            made = make_gallery(making, replace(embedded, columns=columns), catalogue, own)
            if matching is not None or tried is not None:
                bring_matching(identifier.home, made)
            if tried is not None and tried.certain:
                keep_trial([making], tried.name, tried.trial)
    print("\n".join(summary_lines(open_gallery(folder), experiment.rank)))
    if failed:
        raise Incomplete(
            f"The gallery is made without {len(failed)} images that cannot be read, listed above: "
            "replace the files, remove the gallery, and build it again, or use it without them.",
            failed,
        )
