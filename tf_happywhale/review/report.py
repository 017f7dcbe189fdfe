"""The report: every query beside its candidates, the closest decisions first."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from tf_happywhale.errors import InputError
from tf_happywhale.files import atomic_write
from tf_happywhale.review.decisions import bar_range, closest_first
from tf_happywhale.review.pages import (
    NEW_INDIVIDUAL,
    Candidate,
    Picture,
    Query,
    navigation_html,
    page_html,
    page_name,
)
from tf_happywhale.review.thumbnails import Thumbnails, data_uri

CARDS = 5
ReadPicture = Callable[[str], np.ndarray]


def write_report(
    folder: Path,
    predictions: pd.DataFrame,
    *,
    title: str,
    summary: list[tuple[str, str]],
    query_picture: ReadPicture,
    reference_picture: ReadPicture,
    species: dict[str, str],
    answers: dict[str, str],
    queries: int,
    page_size: int,
    thumbnail: int,
    figures: dict[str, Path] | None = None,
) -> Path:
    """Write `folder/report/` (pages and thumbnails) and the self-contained `folder/report.html`.

    Both are made beside their place and renamed when they are whole.

    Args:
        folder: where the report goes.
        predictions: columns image, rank, individual_id, score, p_new, reference_image, several
            rows a query; numbers may be text. The five best ranks are shown.
        title: the heading.
        summary: (name, value) rows under the heading.
        query_picture: uint8 RGB [h, w, 3] of a query's crop by image name; InputError is shown
            in the picture's place.
        reference_picture: the same for reference images.
        species: individual_id to species; may be empty.
        answers: image to its true individual_id or `new_individual`; unknown images are absent.
        queries: largest number of queries in `report.html`.
        page_size: queries a page.
        thumbnail: longest side of a picture, pixels.
        figures: PNG files by their captions, shown under the heading.

    Returns:
        The path of `report.html`.

    Raises:
        InputError: a column is missing, an image has one rank twice, or `report` is a folder of
            somebody else's.
    """
    folder = Path(folder)
    table = closest_first(predictions)
    low, high = bar_range(table["score"])
    total = table["image"].nunique()
    making, home = folder / ".report.partial", folder / "report"
    if home.exists() and not (home / "index.html").is_file():
        raise InputError(f"{home} is no report of ours: move it away, or give another output.")
    with atomic_write(folder / "report.html") as one_file, _removed(making):
        thumbnails = Thumbnails(making / "thumbnails", thumbnail)
        drawn: list[Query] = []
        rows = list(_rows_by_query(table))
        for image, ranks in tqdm(rows, desc="report", unit="query"):
            query = _query(image, ranks, species, answers.get(image, ""))
            drawn.append(_with_pictures(query, thumbnails, query_picture, reference_picture))
        plots = [Picture(data_uri(path), name) for name, path in (figures or {}).items()]
        for path in (figures or {}).values():
            shutil.copyfile(path, making / path.name)
        linked = [Picture(path.name, name) for name, path in (figures or {}).items()]
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
            )
            (making / page_name(number)).write_text(html, encoding="utf-8", newline="\n")
        shown = [
            _link(query, lambda name: data_uri(thumbnails.folder / name))
            for query in drawn[:queries]
        ]
        html = page_html(title, _lead(len(shown), total), summary, "", shown, low, high, plots)
        one_file.write_text(html, encoding="utf-8", newline="\n")
        _put_in_place(making, home)
    return folder / "report.html"


def _rows_by_query(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for image, rows in table.groupby("image", sort=False):
        yield str(image), rows.head(CARDS)


def _query(image: str, rows: pd.DataFrame, species: dict[str, str], answer: str) -> Query:
    candidates = tuple(
        Candidate(
            rank=int(row.rank),
            individual_id=row.individual_id,
            species=species.get(row.individual_id, ""),
            score=row.score,
            reference_image=row.reference_image,
            picture=None,
        )
        for row in rows.itertuples(index=False)
    )
    return Query(image, Picture(""), candidates, float(rows["p_new"].iloc[0]), answer)


def _with_pictures(
    query: Query, thumbnails: Thumbnails, query_picture: ReadPicture, reference_picture: ReadPicture
) -> Query:
    def reference(candidate: Candidate) -> Picture | None:
        if candidate.individual_id == NEW_INDIVIDUAL:
            return None
        if not candidate.reference_image:
            return Picture("", "No reference image is named.")
        return Picture(*thumbnails.draw("reference", candidate.reference_image, reference_picture))

    return replace(
        query,
        picture=Picture(*thumbnails.draw("query", query.image, query_picture)),
        candidates=tuple(replace(card, picture=reference(card)) for card in query.candidates),
    )


def _link(query: Query, source: Callable[[str], str]) -> Query:
    def linked(picture: Picture | None) -> Picture | None:
        if picture is None or not picture.source:
            return picture
        return replace(picture, source=source(picture.source))

    cards = tuple(replace(card, picture=linked(card.picture)) for card in query.candidates)
    return replace(query, picture=linked(query.picture), candidates=cards)


def _count(total: int) -> str:
    return "1 query" if total == 1 else f"{total:,} queries"


def _lead(shown: int, total: int) -> str:
    if shown >= total:
        return f"{_count(total)}, the closest decisions first."
    return (
        f"The {shown:,} closest decisions of {_count(total)}; all of them are in "
        f'<a href="report/{page_name(1)}">the folder report</a> beside this file.'
    )


@contextmanager
def _removed(folder: Path) -> Iterator[None]:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(making: Path, home: Path) -> None:
    """Rename the new folder over the old one, which comes back if that fails."""
    before = home.with_name(".report.before")
    if before.exists() and not home.exists():  # a run was killed between the two renames
        os.replace(before, home)
    shutil.rmtree(before, ignore_errors=True)
    if home.exists():
        os.replace(home, before)
    try:
        os.replace(making, home)
    except OSError:
        if before.exists():
            os.replace(before, home)
        raise
    shutil.rmtree(before, ignore_errors=True)
