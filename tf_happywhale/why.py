"""Command: draw which parts of a photograph and of a gallery image the model finds alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.cli import command_of_places

PLACES = {
    "": (
        "[MODEL] GALLERY PHOTO INDIVIDUAL",
        "MODEL, GALLERY  as in `identify`; of several models the first is used\n"
        "PHOTO           the photograph; if it shows several animals, the most similar one counts\n"
        "INDIVIDUAL      an individual_id of the gallery; its most similar image is taken",
    )
}
EXAMPLES = [
    "python -m tf_happywhale.why whales trip/IMG_1.jpg 00017 output=trip",
    "python -m tf_happywhale.why output/demo/demo/fold0 whales trip/IMG_1.jpg 00017 output=trip",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Write a PNG to output=DIR/why: where the two pictures are similar, and which parts match."""
    import cv2
    import numpy as np

    from tf_happywhale.catalogue.animals.animal_key import (
        animal_words,
        count_animals,
        photograph_of,
    )
    from tf_happywhale.catalogue.photographs.own_output import mark_own_output
    from tf_happywhale.catalogue.photographs.photos import find_photos
    from tf_happywhale.detection.detector import find_detector
    from tf_happywhale.disk.files import atomic_write
    from tf_happywhale.errors import InputError, nearest
    from tf_happywhale.inference.box_source import with_source
    from tf_happywhale.inference.identifier import load_identifier
    from tf_happywhale.inference.named_places import read_places
    from tf_happywhale.inference.photographs import (
        embed_photographs,
        find_animals,
    )
    from tf_happywhale.inference.reference_images import load_gallery
    from tf_happywhale.places import output_folder
    from tf_happywhale.retrieval.centring import centred
    from tf_happywhale.retrieval.search.candidates import rank_individuals
    from tf_happywhale.review.explanation import why_of

    named = read_places(words, PLACES[""][0], overrides)
    photo, who = named.rest
    if Path(photo).expanduser().is_dir():
        raise InputError(f"{photo} is a folder: name one photograph.")
    experiment, identifier = load_identifier(named.model, overrides, named.gallery)
    photos = find_photos([photo])
    identifier = with_source(identifier, experiment, named.gallery, photos)
    detector = find_detector(experiment, identifier.home)
    shots = find_animals(experiment, identifier, photos, detector)
    gallery, _ = load_gallery(named.gallery, identifier, experiment, detector)
    known = gallery.take(np.flatnonzero(gallery.individual_id == who))
    if not len(known):
        near = nearest(who, sorted(set(gallery.individual_id.tolist())))
        raise InputError(f"There is no individual {who} in {named.gallery}: {near}.")
    query, _ = embed_photographs(identifier, shots, photos)
    asked, gallery = centred(query, gallery)
    rows = gallery.embedding[gallery.individual_id == who]
    found = rank_individuals(asked.embedding, rows, known.individual_id.tolist(), 1)
    best = int(found.score[:, 0].argmax())  # of several animals in the photograph
    image, reference = str(query.image[best]), str(known.image[found.reference[best, 0]])
    pictures = why_of(identifier.models[0], query, known)(image, who, reference)
    drawn = np.concatenate([picture for _, picture in pictures])
    name = re.sub(r"[^\w.-]", "_", f"{Path(photograph_of(image)).stem} {who}")
    file = output_folder(experiment) / "why" / f"{name}.png"
    mark_own_output(file.parent)
    with atomic_write(file) as making:
        making.write_bytes(cv2.imencode(".png", drawn[:, :, ::-1])[1].tobytes())
    counts = count_animals(query.image.tolist())
    first, second = animal_words(image, counts), animal_words(reference, {})
    print(f"{first} and {second}, an image of {who}: score {found.score[best, 0]:.3f}")
    print(f"look at {file}")


if __name__ == "__main__":
    command_of_places(main, "why", __doc__, EXAMPLES, PLACES)
