"""The pages that `identify` writes, on which a person confirms or corrects the matches."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import count_animals
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.tables.dates_and_sides import side_of
from tf_happywhale.catalogue.tables.dates_of_images import day_of, to_the_minute
from tf_happywhale.config.report import Report
from tf_happywhale.galleries.queries import short_content
from tf_happywhale.inference.identify.identification import Identification
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.encounter_split import together_of
from tf_happywhale.retrieval.search.only import ONLY
from tf_happywhale.review.html_parts import NOBODY
from tf_happywhale.review.query_pages import write_report
from tf_happywhale.review.query_pictures import picture_reader, whole_reader
from tf_happywhale.review.report_content import Common, Known, ReportContent, Why


def write_match_pages(
    output: Path,
    found: Identification,
    settings: Report,
    why: Why | None = None,
    common: Common | None = None,
) -> Path:
    """Write the pages, and return the path of the first one.

    Args:
        output: the folder of the report.
        found: the animals and their candidates.
        settings: the config's section.
        why: draws what a score rests on; None: that is not shown.
        common: says and draws what two pictures have in common; None: that is not shown.
    """
    queries, gallery = found.queries, found.gallery
    known = _known(found)
    animals, photographs = len(queries), len(count_animals(queries.image.tolist()))
    several = f", {animals} animals" if animals > photographs else ""
    content = ReportContent(
        title="Who is who?",
        summary=[
            ("Gallery", found.gallery_size or _size(gallery, len(known.references))),
            ("To identify", f"{photographs} photographs{several}"),
        ],
        query_picture=picture_reader(queries, settings.thumbnail),
        whole_picture=whole_reader(queries, settings.thumbnail),
        reference_picture=picture_reader(gallery, settings.thumbnail),
        known=known,
        why=why,
        common=common,
        notes=[note.replace(NEW_INDIVIDUAL, f"“{NOBODY}”") for note in found.notes],
    )
    write_report(output, found.predictions, content, settings)
    return output / "report" / "index.html"


def _size(gallery: Embeddings, individuals: int) -> str:
    if not len(gallery):
        return "none yet"
    return f"{len(gallery)} images of {individuals} individuals"


def _known(found: Identification) -> Known:
    """Return what the embeddings' columns say of individuals and images."""
    queries, gallery = found.queries, found.gallery
    references: dict[str, list[str]] = {}
    for who, image in zip(gallery.individual_id.tolist(), gallery.image.tolist(), strict=True):
        references.setdefault(who, []).append(image)
    contents = map(short_content, queries.column("content"))
    return Known(
        species=dict(zip(gallery.individual_id, gallery.column("species"), strict=True)),
        references=references,
        seen=_seen(gallery, "encounter"),
        asked=_seen_and_compared(queries),
        sides=_sides(gallery),
        asked_sides=_sides(queries),
        encounters=dict(zip(queries.image, together_of(queries), strict=True)),
        boxes=dict(zip(queries.image, queries.column("box"), strict=True)),
        contents=dict(zip(queries.image, contents, strict=True)),
        warnings=found.warnings,
        groups=found.groups.name,
        nearest=found.groups.nearest,
    )


def _seen(images: Embeddings, *more: str) -> dict[str, str]:
    """Return when, where, from which side and with what each image was taken, and `more` columns,
    by image."""
    columns = [images.column(name).tolist() for name in ("date", "time")]
    moments = [_moment(*row) for row in zip(*columns, strict=True)]
    others = [images.column(name).tolist() for name in (*more, "viewpoint")]
    columns = [images.column(name).tolist() for name in ("place", "latitude", "longitude")]
    places = [_place(*row) for row in zip(*columns, strict=True)]
    facts = zip(moments, *others, places, images.column("camera").tolist(), strict=True)
    return {
        image: ", ".join(filter(None, row))
        for image, row in zip(images.image.tolist(), facts, strict=True)
    }


def _seen_and_compared(queries: Embeddings) -> dict[str, str]:
    """Return the same of the animals to identify, with what each was compared with."""
    seen, only = _seen(queries), queries.column(ONLY).tolist()
    for image, words in zip(queries.image.tolist(), only, strict=True):
        if words:
            seen[image] = ". ".join(filter(None, [seen[image], f"Compared with {words}"]))
    return seen


def _moment(date: str, time: str) -> str:
    """Return a date with the time of day, to the minute."""
    with_time = f"{date} {time[:5]}" if date and time and day_of(date) == date else date
    return to_the_minute(with_time)


def _place(name: str, latitude: str, longitude: str) -> str:
    """Return a place by its name, or else by its coordinates to about 100 m."""
    if name or not (latitude and longitude):
        return name
    return f"{float(latitude):.3f} {float(longitude):.3f}"


def _sides(images: Embeddings) -> dict[str, str]:
    sides = map(side_of, images.column("viewpoint").tolist())
    return dict(zip(images.image.tolist(), sides, strict=True))
