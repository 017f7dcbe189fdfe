"""The report: every query beside its candidates, the hardest decisions first."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.photographs.own_output import mark_own_output
from tf_happywhale.config.report import Report
from tf_happywhale.disk.files import atomic_write
from tf_happywhale.disk.hashes import digest
from tf_happywhale.review.block import Picture, Query
from tf_happywhale.review.block_pictures import draw_pictures, link_pictures
from tf_happywhale.review.closeness import bar_range, closest_first
from tf_happywhale.review.other_files import check_pages, keep_other_files
from tf_happywhale.review.page_html import Page, navigation_html, page_html, page_name
from tf_happywhale.review.query_blocks import make_blocks, with_common
from tf_happywhale.review.report_content import ReportContent
from tf_happywhale.review.thumbnails import Thumbnails, data_uri


def write_report(
    folder: Path, predictions: pd.DataFrame, content: ReportContent, settings: Report
) -> Path:
    """Write `folder/report/` and `folder/report.html`, which needs no other file; return its path.

    Both are written under temporary names and renamed when they are complete. What a person keeps
    in `report/`, such as decisions, stays.

    Args:
        folder: where the report is written.
        predictions: what `rank` writes; numbers may be text. The five best ranks are shown.
        content: what is shown around the ranking.
        settings: numbers of queries and pictures, and the size of pictures.

    Raises:
        InputError: a column is missing, an image has one rank twice, or `report` or `report.html`
            was not written by this program.
    """
    table = closest_first(predictions)
    home = folder / "report"
    check_pages(home, folder / "report.html")
    blocks = _blocks(table, content, settings)
    page = Page(
        title=content.title,
        lead=_lead(len(blocks), len(blocks)),
        bar=bar_range(table["score"]),
        individuals=content.known.species,
        report=digest([content.title, table.to_csv(index=False)])[:16],
        reading=content.common.reading if content.common else "",
    )
    with (
        atomic_write(folder / "report.html", lasting=False) as one_file,
        atomic_write(home, lasting=False) as making,
    ):
        mark_own_output(making)
        thumbnails = Thumbnails(making / "thumbnails", settings.thumbnail)
        drawn = draw_pictures(blocks, thumbnails, content)
        _write_pages(making, drawn, page, content, settings.page_size)
        shown = [
            link_pictures(_short(query), lambda name: data_uri(thumbnails.folder / name))
            for query in drawn[: settings.queries]
        ]
        plots = [Picture(data_uri(path), caption) for caption, path in content.figures.items()]
        lead = _lead(len(shown), len(drawn))
        page = replace(page, lead=lead, queries=shown, reading="")  # lines are in the folder only
        page = replace(page, summary=content.summary, figures=plots, notes=content.notes)
        _write(one_file, page)
        keep_other_files(home, making)
    return folder / "report.html"


def _blocks(table: pd.DataFrame, content: ReportContent, settings: Report) -> list[Query]:
    whole = content.whole_picture is not None
    blocks = make_blocks(table, content.known, settings.references, whole=whole)
    return with_common(blocks, content.common) if content.common else blocks


def _write_pages(
    folder: Path, blocks: Sequence[Query], page: Page, content: ReportContent, size: int
) -> None:
    """Write the pages of the folder `report`, `size` blocks each, and copy the figures into it."""
    names: dict[str, str] = {}
    for caption, path in content.figures.items():
        taken = path.name in names.values()  # each fold has a figure of the same name
        names[caption] = f"{path.parent.name}-{path.name}" if taken else path.name
        shutil.copyfile(path, folder / names[caption])
    plots = [Picture(name, caption) for caption, name in names.items()]
    pages = max(1, math.ceil(len(blocks) / size))
    for number in range(1, pages + 1):
        shown = blocks[(number - 1) * size : number * size]
        queries = [link_pictures(query, lambda name: f"thumbnails/{name}") for query in shown]
        its = replace(page, queries=queries, navigation=navigation_html(number, pages))
        if number == 1:
            its = replace(its, summary=content.summary, figures=plots, notes=content.notes)
        else:
            its = replace(its, title=f"{page.title}, page {number}")
        _write(folder / page_name(number), its)


def _write(file: Path, page: Page) -> None:
    file.write_text(page_html(page), encoding="utf-8", newline="\n")


def _short(query: Query) -> Query:
    """Return a block for the one file: only the nearest reference, and nothing that unfolds."""
    cards = tuple(replace(card, more=()) for card in query.candidates)
    return replace(query, candidates=cards, why=())


def _lead(shown: int, total: int) -> str:
    if shown >= total:
        return f"{total:,} to decide, the hardest first."
    return (
        f"The {shown:,} hardest of {total:,} to decide; all of them are in "
        f'<a href="report/{page_name(1)}">the folder report</a> beside this file.'
    )
