"""The report: every query beside its candidates, the closest decisions first."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import count_animals, photograph_of
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.photographs.own_output import mark_own_output
from tf_happywhale.disk.files import atomic_write
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError
from tf_happywhale.review.cards import Candidate, Picture, Query
from tf_happywhale.review.closeness import bar_range, closest_first
from tf_happywhale.review.page_html import navigation_html, page_html, page_name
from tf_happywhale.review.thumbnails import Thumbnails, data_uri

CARDS = 5
NAMED = 3  # photographs of an encounter in one warning
ReadPicture = Callable[[str], np.ndarray]
Why = Callable[[str, str, str], list[tuple[str, np.ndarray]]]


@dataclass(frozen=True)
class Known:
    """What is known of individuals and images besides their ranking; all of it may be empty.

    Attributes:
        species: by individual_id.
        answers: the true individual_id or `new_individual`, by query.
        references: an individual's reference images, by individual_id.
        seen: when or in which encounter a reference image was taken, by image.
        encounters: of queries; those of one are shown in one block.
        warnings: what is wrong with a query's picture, in words.
        boxes: `source xmin ymin xmax ymax`, by query; exported with the decisions.
        contents: a part of the hash of its photograph's bytes, by query; exported too.
    """

    species: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    encounters: Mapping[str, str] = field(default_factory=dict)
    warnings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    boxes: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)


def write_report(
    folder: Path,
    predictions: pd.DataFrame,
    *,
    title: str,
    summary: list[tuple[str, str]],
    query_picture: ReadPicture,
    reference_picture: ReadPicture,
    known: Known,
    queries: int,
    page_size: int,
    thumbnail: int,
    references: int = 1,
    figures: dict[str, Path] | None = None,
    why: Why | None = None,
    whole_picture: ReadPicture | None = None,
) -> Path:
    """Write `folder/report/` (pages and thumbnails) and the self-contained `folder/report.html`.

    Both are made beside their place and renamed when they are whole.

    Args:
        folder: where the report goes.
        predictions: columns image, rank, individual_id, score, p_new, reference_image, several
            rows a query; numbers may be text. The five best ranks are shown. Where photographs show
            several animals also box_number and reference_box_number.
        title: the heading.
        summary: (name, value) rows under the heading.
        query_picture: uint8 RGB [h, w, 3] of a query's crop by image name; InputError is shown
            in the picture's place.
        reference_picture: the same for reference images.
        known: species, answers, further reference images and so on.
        queries: largest number of queries in `report.html`.
        page_size: queries a page.
        thumbnail: longest side of a picture, pixels.
        references: pictures of a candidate in `report/`; `report.html` has the nearest only.
        figures: PNG files by their captions, shown under the heading.
        why: captions and pictures of what a match rests on, from query, candidate and reference
            image; for each candidate that is shown.
        whole_picture: the whole photograph of a query with numbered boxes, uint8 RGB [h, w, 3], if
            it shows several queries.

    Returns:
        The path of `report.html`.

    Raises:
        InputError: a column is missing, an image has one rank twice, or `report` is a folder of
            somebody else's.
    """
    folder = Path(folder)
    table = closest_first(predictions)
    low, high = bar_range(table["score"])
    home = folder / "report"
    if home.exists() and not (home / "index.html").is_file():
        raise InputError(f"{home} is not a report of ours: move it away, or give another output.")
    blocks = _blocks(table, known, references)
    total = len(blocks)
    name = digest([title, table.to_csv(index=False)])[:16]
    with (
        atomic_write(folder / "report.html", lasting=False) as one_file,
        atomic_write(home, lasting=False) as making,
    ):
        mark_own_output(making)
        thumbnails = Thumbnails(making / "thumbnails", thumbnail)
        thumbnails.draw_all("query", _images(blocks, of_queries=True), query_picture)
        thumbnails.draw_all("reference", _images(blocks, of_queries=False), reference_picture)
        if whole_picture is not None:
            shared = [block.image for block in blocks if block.of > 1]
            thumbnails.draw_all("whole", shared, whole_picture, 2 * thumbnail)
            blocks = [_in_whole(block, thumbnails) for block in blocks]
        drawn = [_with_pictures(block, thumbnails) for block in blocks]
        if why is not None:
            drawn = [_explained(block, thumbnails, why) for block in drawn]
        plots = [Picture(data_uri(path), caption) for caption, path in (figures or {}).items()]
        names: dict[str, str] = {}
        for caption, path in (figures or {}).items():
            taken = path.name in names.values()  # each fold has a figure of the same name
            names[caption] = f"{path.parent.name}-{path.name}" if taken else path.name
            shutil.copyfile(path, making / names[caption])
        linked = [Picture(names[caption], caption) for caption in names]
        pages = max(1, math.ceil(total / page_size))
        for number in range(1, pages + 1):
            shown = drawn[(number - 1) * page_size : number * page_size]
            html = page_html(
                title if number == 1 else f"{title}, page {number}",
                f"{_count(total)}, the closest decisions first.",
                summary if number == 1 else [],
                navigation_html(number, pages),
                [_link(query, lambda name: f"thumbnails/{name}") for query in shown],
                low,
                high,
                linked if number == 1 else [],
                known.species,
                name,
            )
            (making / page_name(number)).write_text(html, encoding="utf-8", newline="\n")
        shown = [
            _link(_short(query), lambda name: data_uri(thumbnails.folder / name))
            for query in drawn[:queries]
        ]
        html = page_html(
            title, _lead(len(shown), total), summary, "", shown, low, high, plots, known.species,
            name,
        )  # fmt: skip
        one_file.write_text(html, encoding="utf-8", newline="\n")
    return folder / "report.html"


def _blocks(table: pd.DataFrame, known: Known, references: int) -> list[Query]:
    """The queries in the table's order, an encounter's where its first stands; no pictures yet."""
    rows_of = {str(image): rows.head(CARDS) for image, rows in table.groupby("image", sort=False)}
    counts = count_animals(rows_of)
    groups: dict[str, list[str]] = {}
    for image in rows_of:
        encounter = known.encounters.get(image, "")
        groups.setdefault(f"in {encounter}" if encounter else f"of {image}", []).append(image)
    blocks = []
    for place, images in enumerate(groups.values()):
        first, *others = images
        block = _query(first, rows_of[first], known, references)
        block = replace(block, of=counts[photograph_of(first)])
        sure = ("least", "middle", "most")[3 * place // len(groups)]
        more = tuple((image, Picture("")) for image in others)
        boxes = tuple(known.boxes.get(image, "") for image in images)
        contents = tuple(known.contents.get(image, "") for image in images)
        said = _warnings(images, known.warnings)
        blocks.append(
            replace(block, sure=sure, more=more, boxes=boxes, contents=contents, warnings=said)
        )
    return blocks


def _warnings(images: Sequence[str], warnings: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What is wrong with a block's pictures; if it has several, each warning names its pictures."""
    if len(images) == 1:
        return tuple(warnings.get(images[0], ()))
    named: dict[str, list[str]] = {}
    for image in images:
        for what in warnings.get(image, ()):
            named.setdefault(what, []).append(image)
    said = []
    for what, names in named.items():
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        said.append(f"{', '.join(names[:NAMED])}{more}: {what}")
    return tuple(said)


def _query(image: str, rows: pd.DataFrame, known: Known, references: int) -> Query:
    candidates = tuple(
        Candidate(
            rank=int(row.rank),
            individual_id=row.individual_id,
            species=known.species.get(row.individual_id, ""),
            score=row.score,
            reference_image=row.reference_image,
            picture=None if row.individual_id == NEW_INDIVIDUAL else Picture(""),
            more=tuple(
                (other, Picture(""))
                for other in known.references.get(row.individual_id, ())
                if other != row.reference_image
            )[: references - 1],
            seen=known.seen.get(row.reference_image, ""),
        )
        for row in rows.itertuples(index=False)
    )
    return Query(
        image,
        Picture(""),
        candidates,
        float(rows["p_new"].iloc[0]),
        known.answers.get(image, ""),
        encounter=known.encounters.get(image, ""),
    )


def _images(blocks: list[Query], *, of_queries: bool) -> list[str]:
    """Every image that is shown, once."""
    found: list[str] = []
    for block in blocks:
        if of_queries:
            found += [block.image, *(name for name, _ in block.more)]
            continue
        for card in block.candidates:
            found += [card.reference_image, *(name for name, _ in card.more)]
    return [image for image in dict.fromkeys(found) if image]


def _with_pictures(query: Query, thumbnails: Thumbnails) -> Query:
    def reference(candidate: Candidate) -> Candidate:
        if candidate.picture is None:
            return candidate
        if not candidate.reference_image:
            return replace(candidate, picture=Picture("", "No reference image is named."))
        return replace(
            candidate,
            picture=Picture(*thumbnails.drawn("reference", candidate.reference_image)),
            more=_drawn(thumbnails, "reference", candidate.more),
        )

    return replace(
        query,
        picture=Picture(*thumbnails.drawn("query", query.image)),
        more=_drawn(thumbnails, "query", query.more),
        candidates=tuple(map(reference, query.candidates)),
    )


def _in_whole(query: Query, thumbnails: Thumbnails) -> Query:
    if query.of == 1:
        return query
    return replace(query, whole=Picture(*thumbnails.drawn("whole", query.image)))


def _drawn(
    thumbnails: Thumbnails, kind: str, pictures: Sequence[tuple[str, Picture]]
) -> tuple[tuple[str, Picture], ...]:
    return tuple((name, Picture(*thumbnails.drawn(kind, name))) for name, _ in pictures)


def _explained(query: Query, thumbnails: Thumbnails, why: Why) -> Query:
    """A block with the pictures of what each candidate's score rests on, as large as made."""
    made = {}
    for card in query.candidates:
        if not card.reference_image:
            continue
        with suppress(InputError):  # the card says that its picture cannot be read
            pictures = why(query.image, card.individual_id, card.reference_image)
            for n, (caption, picture) in enumerate(pictures):
                name = f"{query.image}\0{card.reference_image}\0{card.rank}\0{n}"
                made[name] = (f"{card.rank}, {card.individual_id}: {caption}", picture)
    longest = max((max(picture.shape) for _, picture in made.values()), default=1)
    thumbnails.draw_all("why", list(made), lambda name: made[name][1], longest)
    shown = [(made[name][0], Picture(*thumbnails.drawn("why", name))) for name in made]
    return replace(query, why=tuple(shown))


def _short(query: Query) -> Query:
    """A block for the one file: the nearest reference only, and nothing that unfolds."""
    cards = tuple(replace(card, more=()) for card in query.candidates)
    return replace(query, candidates=cards, why=())


def _link(query: Query, source: Callable[[str], str]) -> Query:
    def linked(picture: Picture | None) -> Picture | None:
        if picture is None or not picture.source:
            return picture
        return replace(picture, source=source(picture.source))

    def all_linked(pictures: Sequence[tuple[str, Picture]]) -> tuple[tuple[str, Picture], ...]:
        return tuple((name, linked(picture)) for name, picture in pictures)

    cards = tuple(
        replace(card, picture=linked(card.picture), more=all_linked(card.more))
        for card in query.candidates
    )
    return replace(
        query,
        picture=linked(query.picture),
        whole=linked(query.whole),
        candidates=cards,
        more=all_linked(query.more),
        why=all_linked(query.why),
    )


def _count(total: int) -> str:
    return "1 query" if total == 1 else f"{total:,} queries"


def _lead(shown: int, total: int) -> str:
    if shown >= total:
        return f"{_count(total)}, the closest decisions first."
    return (
        f"The {shown:,} closest decisions of {_count(total)}; all of them are in "
        f'<a href="report/{page_name(1)}">the folder report</a> beside this file.'
    )
