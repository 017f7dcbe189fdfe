"""The pictures of a report's blocks: drawn as thumbnails, then linked or put into the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.review.block import Candidate, Picture, Query
from tf_happywhale.review.report_content import ReportContent
from tf_happywhale.review.thumbnails import Thumbnails

FIRST = 3  # candidates for which is drawn what they have in common with the query
QUALITY = 75  # of those JPEGs, which are larger than the others


def draw_pictures(
    blocks: Sequence[Query], thumbnails: Thumbnails, content: ReportContent
) -> list[Query]:
    """Draw every picture once, and return the blocks with the file names of their thumbnails."""
    readers = {
        "query": content.query_picture,
        "reference": content.reference_picture,
        "whole": content.whole_picture,
    }
    pictures = dict.fromkeys(picture for block in blocks for picture in block.pictures())
    for kind, read in readers.items():
        images = [image for its, image in pictures if its == kind]
        if images:
            longest = thumbnails.longest * (2 if kind == "whole" else 1)
            thumbnails.draw_all(kind, images, read, longest)

    def drawn(kind: str, image: str, _: Picture) -> Picture:
        return Picture(*thumbnails.drawn(kind, image))

    shown = [block.change_pictures(drawn) for block in blocks]
    if content.why is None and content.common is None:
        return shown
    return [_explained(block, thumbnails, content) for block in shown]


def link_pictures(block: Query, source: Callable[[str], str]) -> Query:
    """Return the block with `source(file name)` as the source of each picture."""

    def linked(kind: str, image: str, picture: Picture) -> Picture:
        return replace(picture, source=source(picture.source)) if picture.source else picture

    return block.change_pictures(linked)


def _explained(query: Query, thumbnails: Thumbnails, content: ReportContent) -> Query:
    """Return the block with pictures of what each candidate's score is based on, in full size."""
    made = {}
    cards = [card for card in query.candidates if card.reference_image]
    for place, card in enumerate(cards):
        with suppress(InputError):  # the card says that its picture cannot be read
            found = _pictures(query, card, content, with_common=place < FIRST)
            for n, (caption, picture) in enumerate(found):
                name = f"{query.image}\0{card.reference_image}\0{card.rank}\0{n}"
                made[name] = (f"{card.rank}, {card.individual_id}: {caption}", picture)
    longest = max((max(picture.shape) for _, picture in made.values()), default=1)
    thumbnails.draw_all("why", list(made), lambda name: made[name][1], longest, QUALITY)
    shown = [(made[name][0], Picture(*thumbnails.drawn("why", name))) for name in made]
    return replace(query, why=tuple(shown))


def _pictures(
    query: Query, card: Candidate, content: ReportContent, with_common: bool
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield captions and pictures of what a candidate's score is based on."""
    if content.common and card.common and with_common:
        yield card.common, content.common.picture((query.image, card.reference_image))
    if content.why:
        yield from content.why(query.image, card.individual_id, card.reference_image)
