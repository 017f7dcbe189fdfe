"""Command: say who is in new photographs, by a trained model and a gallery of known individuals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tf_happywhale.cli import command_of_places

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from tf_happywhale.catalogue.photographs.photos import Photo
    from tf_happywhale.config import Experiment
    from tf_happywhale.detection.detector import Detector
    from tf_happywhale.inference.identifier import Identifier
    from tf_happywhale.inference.shots import Shot
    from tf_happywhale.retrieval.embeddings import Embeddings
    from tf_happywhale.retrieval.ranking.ranking import Ranking
    from tf_happywhale.retrieval.search.candidates import Candidates

PLACES = {
    "": (
        "MODEL GALLERY PHOTO...",
        "MODEL    a run folder, what `export` made of it, or an ensemble's config\n"
        "GALLERY  a catalogue folder, or a gallery that `gallery build` made\n"
        "PHOTO    photographs, or folders of them",
    )
}
EXAMPLES = [
    "python -m tf_happywhale.identify output/demo/demo/fold0 output/demo/pod new_photographs",
    "python -m tf_happywhale.identify MODEL whales trip1 trip2 output=trips",
    "python -m tf_happywhale.identify MODEL whales trip identify.encounters=folders",
    "python -m tf_happywhale.identify MODEL whales trip identify.detector=weights.onnx",
]
OUTPUT = "identified"  # where nothing else is said: never the model's own output


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Embed, rank, and write predictions.csv, photographs.csv, queries.npz and the pages."""
    from tf_happywhale.disk.locks import locked
    from tf_happywhale.places import output_folder

    model, gallery_folder, *given = words
    with timed("the model"):
        experiment, identifier, unknown = load_identifier(Path(model), overrides)
    with locked(output_folder(experiment), "identifying into", inside=True):
        identify(experiment, identifier, unknown, Path(gallery_folder), given)


def identify(
    experiment: Experiment, identifier: Identifier, unknown: str, folder: Path, given: Sequence[str]
) -> None:
    """`main`, once the models are read and nobody else writes to the output."""
    from tf_happywhale.catalogue.photographs.own_output import mark_new_output
    from tf_happywhale.catalogue.photographs.photo_files import skipped_lines
    from tf_happywhale.catalogue.photographs.photos import group_photos, search_photos
    from tf_happywhale.catalogue.tables.reading import reading_of
    from tf_happywhale.detection.detector import find_detector
    from tf_happywhale.disk.files import write_csv
    from tf_happywhale.galleries.queries import save_queries
    from tf_happywhale.inference.identifier import not_honoured
    from tf_happywhale.inference.reference_images import damaged, load_gallery
    from tf_happywhale.places import output_folder
    from tf_happywhale.retrieval.search.encounter_split import judge_together

    output = output_folder(experiment)
    for sentence in not_honoured(experiment.rank):
        print(sentence)
    if len(identifier.models) > 1:
        print(f"{len(identifier.models)} models identify together")
    if unknown:
        print(f"P(new) is not known, and new_individual comes last: {unknown}")
    elif identifier.learned.unsure(experiment.rank):
        print(identifier.learned.unsure(experiment.rank))
    reading = reading_of(experiment.data)
    found, listing = search_photos(given)
    for sentence in skipped_lines(listing):
        print(sentence)
    photos = group_photos(found, experiment.identify.encounters, reading)
    mark_new_output(output)
    detector = find_detector(experiment, identifier.home)
    with timed(f"boxes of {len(photos)} photographs"):
        shots = find_boxes(experiment, identifier, photos, detector)
    with timed("embedding the gallery"):
        gallery, unread = load_gallery(folder, identifier, experiment.data, detector)
    with timed("embedding the photographs"):
        queries, failed = embed_queries(identifier, shots, photos)
    for image, reason in [*sorted(unread.items()), *sorted(failed.items())]:
        print(f"left out: {image}: {reason}")
    for sentence in damaged(queries):
        print(sentence)
    with timed(f"ranking {len(queries)} against {len(gallery)}"):
        search_alone = searcher(experiment, gallery)
        queries, apart = judge_together(queries, search_alone, identifier.learned.p_right)
        ranking = rank(experiment, identifier, queries, gallery)
    for sentence in dict.fromkeys(apart.values()):
        print(sentence)
    table = ranking.table(experiment.rank.candidates)
    write_csv(output / "predictions.csv", table)
    save_queries(output, queries)
    warned = quality_warnings(experiment, queries)
    warned |= {key: [sentence, *warned[key]] for key, sentence in apart.items()}
    write_csv(output / "photographs.csv", photographs(queries, warned, listing.not_read | failed))
    with timed("the pages"):
        why = None
        if experiment.report.why:
            from tf_happywhale.review.explanation import why_of

            why = why_of(identifier.models[0], queries, gallery)
        page = write_pages(experiment, table, queries, gallery, warned, why)
    print(f"\nlook at {page}; the table is {output / 'predictions.csv'}")
    check_complete(unread, failed, output / "photographs.csv")


def check_complete(unread: dict[str, str], failed: dict[str, str], table: Path) -> None:
    """Raise Incomplete if images could not be read: images of the gallery, which were not compared,
    or photographs, which have no answer."""
    from tf_happywhale.errors import Incomplete

    parts = []
    if failed:
        parts.append(f"{len(failed)} of the photographs have no answer ({table} says why)")
    if unread:
        parts.append(f"{len(unread)} of the gallery's images were not compared")
    if parts:
        raise Incomplete(
            f"{' and '.join(parts)}, since they cannot be read; the others are done. Replace the "
            "files listed above, or take them out, and run this again."
        )


def load_identifier(model: Path, overrides: Sequence[str]) -> tuple[Experiment, Identifier, str]:
    """The settings, the models as one, and why P(new) is not known, if it is not."""
    from tf_happywhale.inference.identifier import identifier_of
    from tf_happywhale.inference.trained_models import find_trained
    from tf_happywhale.places import output_folder

    experiment, models = find_trained(model, [f"output={OUTPUT}", *overrides])
    home = experiment.identify.cache
    home = output_folder(experiment) / "embedded" if home is None else Path(home).expanduser()
    batch_size = experiment.embed.batch_size
    identifier, unknown = identifier_of(models, experiment.rank, home, batch_size)
    return experiment, identifier, unknown


def find_boxes(
    experiment: Experiment,
    identifier: Identifier,
    photos: Sequence[Photo],
    detector: Detector | None,
) -> list[Shot]:
    """The animals in the photographs. Their boxes come from a table, else from the detector if
    there is one. A photograph without a box is used whole."""
    from functools import partial

    from tf_happywhale.catalogue.boxes.animal_boxes import Telling, animal_rows
    from tf_happywhale.catalogue.boxes.find_boxes import WantedBoxes, boxes_of_photos
    from tf_happywhale.catalogue.tables.reading import reading_of
    from tf_happywhale.inference.reference_images import boxed, make_shots, unfit

    settings, telling = experiment.identify, None
    if settings.animals == "all":
        telling = Telling(settings.min_confidence, experiment.detect.overlap)
    images, sources = [photo.image for photo in photos], identifier.sources
    wanted = WantedBoxes(
        [*sources, *identifier.stand_ins],
        required=() if detector else sources,
        reading=reading_of(experiment.data),
        choose=partial(animal_rows, telling=telling),
    )
    boxes = boxes_of_photos(photos, settings.boxes, wanted)
    paths = [photo.path for photo in photos]
    shots = make_shots(images, paths, boxes, identifier.home, detector, "photographs", telling)
    for sentence in [*boxed(shots, identifier, "photographs"), *unfit(shots)]:
        print(sentence)
    return shots


def embed_queries(
    identifier: Identifier, shots: Sequence[Shot], photos: Sequence[Photo]
) -> tuple[Embeddings, dict[str, str]]:
    """The photographs that can be read, with their encounters, and why the others cannot."""
    from dataclasses import replace

    import numpy as np

    from tf_happywhale.catalogue.animals.animal_key import photograph_of
    from tf_happywhale.errors import InputError

    queries, failed = identifier.embed(shots, [""] * len(shots), "photographs")
    if not len(queries):
        raise InputError(f"No photograph can be read: {min(failed.values())}")
    encounters = {photo.image: photo.encounter for photo in photos}
    column = [encounters[photograph_of(image)] for image in queries.image.tolist()]
    columns = queries.columns | {"encounter": np.array(column, np.str_)}
    reasons = {photograph_of(image): reason for image, reason in failed.items()}
    return replace(queries, columns=columns), reasons


def searcher(experiment: Experiment, gallery: Embeddings) -> Callable[[np.ndarray], Candidates]:
    """A function from embeddings [n, d] to their candidates in the gallery, each by itself."""
    from functools import partial

    from tf_happywhale.retrieval.search.candidates import rank_individuals

    settings, ids = experiment.rank, gallery.individual_id.tolist()
    return partial(
        rank_individuals,
        gallery=gallery.embedding,
        individual_ids=ids,
        k=settings.candidates,
        engine=settings.engine,
        shortlist=settings.shortlist,
        memory=settings.memory * 2**20,
        best_of=settings.best_of,
        index=settings.index,
    )


def rank(
    experiment: Experiment, identifier: Identifier, queries: Embeddings, gallery: Embeddings
) -> Ranking:
    """Candidates, with `new_individual` among them. Photographs of one encounter are ranked
    together if they may show one animal."""
    from tf_happywhale.catalogue.animals.individuals import most_frequent
    from tf_happywhale.retrieval.ranking.ranking import Ranking
    from tf_happywhale.retrieval.search.encounter_split import several_animals, together_of
    from tf_happywhale.retrieval.search.encounters import rank_encounters

    settings, ids = experiment.rank, gallery.individual_id.tolist()
    if several_animals(queries):
        print(
            f"{several_animals(queries)} animals are in photographs of an encounter that show "
            "several: each is ranked alone, since the photographs of an encounter show one animal"
        )
    found = rank_encounters(
        queries.embedding,
        gallery.embedding,
        ids,
        together_of(queries),
        settings.candidates,
        searcher(experiment, gallery),
        settings.best_of,
    )
    return Ranking(
        images=queries.image,
        candidates=found,
        rule=identifier.learned.rule(settings, found.score),
        p_new=identifier.learned.p_new(found.score),
        gallery_images=gallery.image,
        padding=most_frequent(ids),
    )


def quality_warnings(experiment: Experiment, queries: Embeddings) -> dict[str, list[str]]:
    """The warnings about each animal's crop, by its key."""
    from tf_happywhale.pictures.quality import CropQuality, warnings

    names = ("side", "sharpness", "confidence", "damage")
    columns = [queries.column(name).tolist() for name in names]
    return {
        image: [damage] * bool(damage)
        + warnings(
            CropQuality(int(side), float(sharp), float(sure or math.nan)), experiment.quality
        )
        for image, side, sharp, sure, damage in zip(queries.image.tolist(), *columns, strict=True)
    }


def photographs(
    queries: Embeddings, warned: dict[str, list[str]], failed: dict[str, str]
) -> pd.DataFrame:
    """photographs.csv: a row for each animal, with what was looked at in its photograph and what is
    wrong with it."""
    import pandas as pd

    from tf_happywhale.catalogue.animals.animal_key import key_columns

    names = ["encounter", "box", "side", "sharpness", "confidence"]
    keys = key_columns(queries.image.tolist())
    table = pd.DataFrame({**keys, **{name: queries.column(name) for name in names}})
    table["warnings"] = [" ".join(warned[image]) for image in queries.image.tolist()]
    rows = [{"image": image, "warnings": reason} for image, reason in failed.items()]
    return pd.concat([table, pd.DataFrame(rows)]).fillna("").replace({"confidence": {"nan": ""}})


def write_pages(
    experiment: Experiment,
    table: pd.DataFrame,
    queries: Embeddings,
    gallery: Embeddings,
    warned: dict[str, list[str]],
    why: Callable | None = None,
) -> Path:
    """The pages on which a person judges the matches."""
    from tf_happywhale.galleries.queries import in_short
    from tf_happywhale.places import output_folder
    from tf_happywhale.retrieval.search.encounter_split import together_of
    from tf_happywhale.review.query_pages import write_report
    from tf_happywhale.review.query_pictures import picture_reader, whole_reader
    from tf_happywhale.review.report_content import Known, ReportContent

    references: dict[str, list[str]] = {}
    for who, image in zip(gallery.individual_id.tolist(), gallery.image.tolist(), strict=True):
        references.setdefault(who, []).append(image)
    when = zip(gallery.column("date").tolist(), gallery.column("encounter").tolist(), strict=True)
    summary = [
        ("Gallery", f"{len(gallery)} images of {len(references)} individuals"),
        ("To identify", asked(queries)),
    ]
    report, output = experiment.report, output_folder(experiment)
    content = ReportContent(
        title="Who is who?",
        summary=summary,
        query_picture=picture_reader(queries, report.thumbnail),
        whole_picture=whole_reader(queries, report.thumbnail),
        reference_picture=picture_reader(gallery, report.thumbnail),
        known=Known(
            species=dict(zip(gallery.individual_id, gallery.column("species"), strict=True)),
            references=references,
            seen=dict(
                zip(gallery.image, (", ".join(filter(None, facts)) for facts in when), strict=True)
            ),
            encounters=dict(zip(queries.image, together_of(queries), strict=True)),
            boxes=dict(zip(queries.image, queries.column("box"), strict=True)),
            contents=dict(
                zip(queries.image, map(in_short, queries.column("content")), strict=True)
            ),
            warnings=warned,
        ),
        why=why,
    )
    write_report(output, table, content, report)
    return output / "report" / "index.html"


def asked(queries: Embeddings) -> str:
    """How many photographs there are to identify, and how many animals if there are more."""
    from tf_happywhale.catalogue.animals.animal_key import count_animals

    photographs = len(count_animals(queries.image.tolist()))
    several = f", {len(queries)} animals" if len(queries) > photographs else ""
    return f"{photographs} photographs{several}"


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something took."""
    import time

    started = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    command_of_places(main, "identify", __doc__, EXAMPLES, PLACES)
