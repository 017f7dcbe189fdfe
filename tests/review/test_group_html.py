"""Blocks of groups of new animals."""

from __future__ import annotations

import html
import json
import re

import pandas as pd
import pytest

from tf_happywhale.review.block import Query
from tf_happywhale.review.block_html import query_html
from tf_happywhale.review.query_blocks import make_blocks
from tf_happywhale.review.report_content import Known

GROUPS = {"a.jpg": "new_1", "b.jpg": "new_1", "c.jpg": "new_2", "d.jpg#2": "new_1"}
NEAREST = {"new_1": ["new_2", "gone"], "new_2": ["new_1"]}


@pytest.fixture
def blocks() -> list[Query]:
    columns = ["image", "rank", "individual_id", "score", "p_new", "reference_image"]
    rows = []
    for image in ("a.jpg", "k.jpg", "c.jpg", "b.jpg", "d.jpg#2"):
        rows.append((image, 1, "new_individual", 0.6, 0.7, ""))
        rows.append((image, 2, "ann", 0.5, 0.7, "r.jpg"))
    known = Known(
        groups=GROUPS,
        nearest=NEAREST,
        boxes={"c.jpg": "whole 1 2 3 4"},
        encounters={"c.jpg": "e1", "a.jpg": "e2"},
    )
    return make_blocks(pd.DataFrame(rows, columns=columns), known, 1)


def test_a_group_is_one_block_where_its_first_animal_is(blocks: list[Query]) -> None:
    assert [block.name for block in blocks] == ["new_1", "k.jpg", "e1"]
    first, known, alone = blocks
    assert [image for image, _ in first.more] == ["b.jpg", "d.jpg#2"]
    assert (first.group, first.encounter) == ("new_1", "")
    assert (known.group, known.nearest) == ("", ())
    assert (alone.group, alone.encounter) == ("new_2", "e1")
    assert [other.group for other in first.nearest] == ["new_2"]
    assert ("query", "c.jpg") in first.pictures()


def test_each_picture_can_be_taken_out_and_groups_be_joined(blocks: list[Query]) -> None:
    page = query_html(blocks[0], (0, 1))
    assert re.findall(r'data-out="([^"]*)"', page) == ["a.jpg", "b.jpg", "d.jpg#2"]
    assert 'data-group="new_1"' in page
    joined = re.search(r'data-group="new_2" data-animals="([^"]*)"', page)
    assert joined is not None
    assert json.loads(html.unescape(joined[1])) == [["c.jpg", 1, "whole 1 2 3 4", ""]]
    assert "data-out" not in query_html(blocks[2], (0, 1))
    assert "data-animals=" not in query_html(blocks[1], (0, 1)).replace(" data-animals=", "", 1)
