"""Command: draw what a photograph and the images of an individual have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.cli import command_of_places

PLACES = {
    "": (
        "[MODEL] GALLERY PHOTO INDIVIDUAL",
        "MODEL, GALLERY  as in `identify`; of several models the first is used\n"
        "PHOTO           the photograph; if it shows several animals, the most similar one counts\n"
        "INDIVIDUAL      an individual_id of the gallery; its most similar image is taken\n"
        "Drawn are the points that match, if pictures are matched (match.use), and the parts that\n"
        "a trained model finds alike.",
    )
}
EXAMPLES = [
    "python -m tf_happywhale.why whales trip/IMG_1.jpg 00017 output=trip",
    "python -m tf_happywhale.why output/demo/demo/fold0 whales trip/IMG_1.jpg 00017 output=trip",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Write a PNG to output=DIR/why: which points of the two pictures match, or which parts the
    model finds alike."""
    from tf_happywhale.catalogue.animals.animal_key import animal_words, count_animals
    from tf_happywhale.catalogue.photographs.photos import find_photos
    from tf_happywhale.detection.detector import find_detector
    from tf_happywhale.errors import InputError, nearest
    from tf_happywhale.inference.embedding.box_source import with_source
    from tf_happywhale.inference.embedding.identifier import load_identifier
    from tf_happywhale.inference.gallery.reference_images import load_gallery
    from tf_happywhale.inference.identify.photographs import embed_photographs, find_animals
    from tf_happywhale.inference.matched.matching_in_use import matching_in_use
    from tf_happywhale.inference.teaching.who_teaches import who_teaches
    from tf_happywhale.inference.which_model.named_places import read_places
    from tf_happywhale.places import output_folder
    from tf_happywhale.retrieval.centring import centred
    from tf_happywhale.review.best_pair import best_pair, write_pair

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
    everyone = set(gallery.individual_id.tolist())
    if who not in everyone:
        near = nearest(who, sorted(everyone))
        raise InputError(f"There is no individual {who} in {named.gallery}: {near}.")
    asked, compared = centred(embed_photographs(identifier, shots, photos)[0], gallery)
    matching = matching_in_use(
        experiment.match,
        who_teaches(identifier, gallery),
        identifier.home,
        named.gallery,
        (asked, compared),
    )
    found = best_pair(asked, compared, who, identifier.models[0], matching)
    file = write_pair(found, who, output_folder(experiment) / "why")
    first = animal_words(found.image, count_animals(asked.image.tolist()))
    second = animal_words(found.reference, {})
    print(f"{first} and {second}, an image of {who}: {found.words}")
    print(f"look at {file}")


if __name__ == "__main__":
    command_of_places(main, "why", __doc__, EXAMPLES, PLACES)
