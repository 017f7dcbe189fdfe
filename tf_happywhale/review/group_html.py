"""Parts of the block of a group of new animals as HTML: its pictures, and groups like it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from tf_happywhale.catalogue.animals.animal_key import split_key
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.review.block import Query, words
from tf_happywhale.review.html_parts import picture_html

JOIN = "abc"  # keys that join a group with those like it


def members_html(query: Query) -> str:
    """Return the pictures of a group, each with a button that takes it out."""
    items = "".join(
        f'<li title="{escape(words(name))}">{picture_html(picture, words(name))}'
        f'<button type="button" data-out="{escape(name)}" aria-pressed="false" '
        f'aria-label="{escape(words(name))} is another animal">Not it</button></li>'
        for name, picture in ((query.image, query.picture), *query.more)
    )
    return f'<ul class="strip members" aria-label="Pictures of the group">{items}</ul>'


def nearest_html(query: Query) -> str:
    """Return groups that may be the same animal, each with a button that says so; empty if there
    are none."""
    items = "".join(
        f"<li>{picture_html(other.picture, f'A picture of {other.group}')}"
        f'<button type="button" data-decision="new" data-id="{NEW_INDIVIDUAL}" data-rank="" '
        f'data-group="{escape(other.group)}" '
        f'data-animals="{escape(json.dumps(animals(*other.facts), ensure_ascii=False))}" '
        f'aria-pressed="false"><kbd>{key}</kbd> Same as <bdi>{escape(other.group)}</bdi></button>'
        "</li>"
        for key, other in zip(JOIN, query.nearest, strict=False)
    )
    if not items:
        return ""
    return (
        '<div class="nearest"><p class="detail">Other new animals that look most like it:</p>'
        f'<ul class="strip">{items}</ul></div>'
    )


def animals(
    images: Sequence[str], boxes: Sequence[str], contents: Sequence[str]
) -> list[list[str | int]]:
    """Return what the decisions name of some animals: photograph, number, box and content.

    Args:
        images: their keys.
        boxes, contents: empty text, or nothing at all, where they are not known.
    """
    unknown = ("",) * len(images)
    rows = zip(images, boxes or unknown, contents or unknown, strict=True)
    return [[*split_key(image), box, content] for image, box, content in rows]
