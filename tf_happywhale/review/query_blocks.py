"""The blocks of a report, from the ranking of its queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import count_animals, photograph_of
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.review.block import Candidate, Likeness, Picture, Query
from tf_happywhale.review.report_content import Common, Known

CARDS = 5
NAMED = 3  # photographs of an encounter in one sentence


def make_blocks(
    table: pd.DataFrame, known: Known, references: int, *, whole: bool = False
) -> list[Query]:
    """Return a block for each group of new animals, for each other encounter, and for each query
    that is in neither.

    The blocks are in the table's order; a block of several is where its first query would be.
    Their pictures have no source yet.

    Args:
        table: what `closest_first` returns.
        known: what is known of queries and individuals.
        references: pictures of each candidate.
        whole: show the whole photograph too if it shows several animals.
    """
    rows_of = {str(image): rows.head(CARDS) for image, rows in table.groupby("image", sort=False)}
    counts = count_animals(rows_of)
    groups: dict[str, list[str]] = {}
    for image in rows_of:
        encounter, group = known.encounters.get(image, ""), known.groups.get(image, "")
        key = f"in {encounter}" if encounter else f"of {image}"
        groups.setdefault(f"new {group}" if group else key, []).append(image)
    blocks, firsts = [], {known.groups.get(some[0], ""): some for some in groups.values()}
    for place, images in enumerate(groups.values()):
        first, of = images[0], counts[photograph_of(images[0])]
        rows = rows_of[first]
        block = Query(
            image=first,
            picture=Picture(""),
            candidates=_candidates(rows, known, references, known.asked_sides.get(first, "")),
            p_new=float(rows["p_new"].iloc[0]),
            answer=known.answers.get(first, ""),
            encounter=_encounter(images, known),
            more=tuple((image, Picture("")) for image in images[1:]),
            warnings=_warnings(images, known.warnings),
            sure=("least", "middle", "most")[3 * place // len(groups)],
            of=of,
            whole=Picture("") if whole and of > 1 else None,
            boxes=tuple(known.boxes.get(image, "") for image in images),
            contents=tuple(known.contents.get(image, "") for image in images),
            seen=_asked(images, known.asked),
            group=known.groups.get(first, ""),
            nearest=_nearest(known, known.groups.get(first, ""), firsts),
        )
        blocks.append(block)
    return blocks


def with_common(blocks: Sequence[Query], common: Common) -> list[Query]:
    """Return the blocks with words on what each query and its candidates have in common."""
    pairs = [
        (block.image, card.reference_image)
        for block in blocks
        for card in block.candidates
        if card.reference_image
    ]
    words = common.words(list(dict.fromkeys(pairs)))
    return [
        replace(
            block,
            candidates=tuple(
                replace(card, common=words.get((block.image, card.reference_image), ""))
                for card in block.candidates
            ),
        )
        for block in blocks
    ]


def _candidates(
    rows: pd.DataFrame, known: Known, references: int, side: str
) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            rank=int(row.rank),
            individual_id=row.individual_id,
            species=known.species.get(row.individual_id, ""),
            score=row.score,
            reference_image=row.reference_image,
            picture=_picture(row.individual_id, row.reference_image),
            more=tuple(
                (other, Picture(""))
                for other in known.references.get(row.individual_id, ())
                if other != row.reference_image
            )[: references - 1],
            seen=known.seen.get(row.reference_image, ""),
            photographs=_photographs(known.references.get(row.individual_id, ()), known, side),
        )
        for row in rows.itertuples(index=False)
    )


def _encounter(images: Sequence[str], known: Known) -> str:
    """Return the encounter of a block's images if they are all of one."""
    found = {known.encounters.get(image, "") for image in images}
    return next(iter(found)) if len(found) == 1 else ""


def _nearest(known: Known, group: str, images: Mapping[str, Sequence[str]]) -> tuple[Likeness, ...]:
    """Return the groups that may be the same animal as a group.

    Args:
        known: see there.
        group: its name; empty for none.
        images: of all groups that are shown, by name.
    """
    return tuple(
        Likeness(
            other,
            (
                tuple(images[other]),
                tuple(known.boxes.get(image, "") for image in images[other]),
                tuple(known.contents.get(image, "") for image in images[other]),
            ),
            Picture(""),
        )
        for other in known.nearest.get(group, ())
        if other in images
    )


def _asked(images: Sequence[str], asked: Mapping[str, str]) -> str:
    """Return when and from which side a block's photographs were taken."""
    facts = list(dict.fromkeys(filter(None, (asked.get(image, "") for image in images))))
    return "; ".join(facts[:NAMED]) + " …" * (len(facts) > NAMED)


def _picture(individual_id: str, reference_image: str) -> Picture | None:
    if individual_id == NEW_INDIVIDUAL:
        return None
    return Picture("", "" if reference_image else "No reference image is named.")


def _photographs(images: Sequence[str], known: Known, side: str) -> str:
    """Return how many photographs an individual has, and of one side if it is named and known."""
    if not images:
        return ""
    count = "1 photograph" if len(images) == 1 else f"{len(images)} photographs"
    sides = [known.sides.get(image, "") for image in images]
    if not side or not any(sides):
        return count
    same = sides.count(side)
    if same == len(images):
        return f"{count} of the {side} side"
    return f"{count}, {same or 'none'} of the {side} side"


def _warnings(images: Sequence[str], warnings: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return what is wrong with a block's photographs; of several, each warning names its own."""
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
