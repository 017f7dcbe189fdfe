"""The files that `gallery curate` writes: the curators' page, and its lists as tables."""

from __future__ import annotations

from tf_happywhale.config import Experiment
from tf_happywhale.disk.files import write_csv
from tf_happywhale.galleries.curation import flat_map, suspected_duplicates, suspected_errors
from tf_happywhale.galleries.gallery_folder import Gallery
from tf_happywhale.galleries.gallery_tables import duplicates_table, errors_table
from tf_happywhale.galleries.matched_individuals import matched_individuals
from tf_happywhale.places import output_folder
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.ensemble.trained_on import NOTHING
from tf_happywhale.review.curation_page import TABLES, Curation, write_curation
from tf_happywhale.review.query_pictures import picture_reader


def curate_gallery(gallery: Gallery, settings: Experiment) -> None:
    """Write the page and the tables to the folder `curation` of the output, and print where."""
    images, folder = gallery.images(), output_folder(settings) / "curation"
    untaught = images.about.get("trained_on") == NOTHING
    if untaught:  # its cosines would list most images
        pairs, odd = matched_individuals(gallery, images, settings.curate.count), []
    else:
        pairs = suspected_duplicates(images, settings.curate.count)
        odd = suspected_errors(images, settings.curate.count)
    flat = flat_map(centred(images, images)[0].embedding)
    thumbnail = settings.report.thumbnail
    page = write_curation(
        folder,
        Curation(images, str(gallery.folder), flat, pairs, odd, untaught),
        picture_reader(images, thumbnail),
        thumbnail,
    )
    tables = (duplicates_table(pairs), errors_table(odd))
    for name, table in zip(TABLES, tables, strict=True):
        write_csv(folder / name, table)
    if untaught:
        print(
            "Nobody has taught the gallery's model an individual: errors are not listed, and only "
            "individuals whose images match point by point are"
        )
    print(f"look at {page}; the lists are {' and '.join(TABLES)} beside it")
