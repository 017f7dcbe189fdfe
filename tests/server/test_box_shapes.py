"""Boxes as numbers, which the page moves by mouse and keyboard; run by Node.js where it is."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from tf_happywhale.server.routes.page_routes import STATIC

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
PICTURE = {"width": 1000, "height": 500}
BOX = {"xmin": 100, "ymin": 50, "xmax": 300, "ymax": 150}


def run(module: str, name: str, *words: Any) -> Any:
    """What a function of a module returns."""
    source = (STATIC / "parts" / module).read_text(encoding="utf-8")
    call = f"\nconsole.log(JSON.stringify({name}(...{json.dumps(words)})));"
    done = subprocess.run(
        [NODE, "--input-type=module"],
        input=source + call, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def corners(box: dict[str, float]) -> list[float]:
    return [box[name] for name in ("xmin", "ymin", "xmax", "ymax")]


def test_a_moved_box_keeps_its_size_and_stays_in_the_picture() -> None:
    assert corners(run("box_shapes.js", "moved", BOX, 10, -20, PICTURE)) == [110, 30, 310, 130]
    assert corners(run("box_shapes.js", "moved", BOX, 9999, -9999, PICTURE)) == [800, 0, 1000, 100]


def test_an_edge_stops_at_the_picture_and_before_the_other_edge() -> None:
    far = run("box_shapes.js", "resized", BOX, "se", 9999, 9999, PICTURE)
    assert corners(far) == [100, 50, 1000, 500]
    thin = run("box_shapes.js", "resized", BOX, "nw", 9999, 9999, PICTURE)
    assert corners(thin) == [292, 142, 300, 150]


def test_a_box_is_drawn_in_any_direction_and_a_slip_is_none() -> None:
    drawn = run("box_shapes.js", "boxBetween", [400, 300], [-50, 100.4], PICTURE)
    assert corners(drawn) == [0, 100, 400, 300]
    assert run("box_shapes.js", "boxBetween", [400, 300], [403, 400], PICTURE) is None


def test_boxes_are_numbered_in_their_order() -> None:
    numbered = run("box_shapes.js", "numbered", [BOX | {"number": 3}, BOX])
    assert [(box["number"], box["origin"]) for box in numbered] == [(1, "manual"), (2, "manual")]
