from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes import Box
from tf_happywhale.config import load_experiment
from tf_happywhale.training.shots import Shot
from tf_happywhale.training.trained import Trained

BODY, FIN = Box(0, 0, 90, 60), Box(30, 0, 60, 20)


@pytest.mark.parametrize(
    ("embed_source", "boxes", "crops", "source"),
    [
        ("null", {"fullbody": BODY, "backfin": FIN}, [BODY], "fullbody"),
        ("null", {"backfin": FIN}, [None], "fullbody"),
        ("backfin", {"fullbody": BODY, "backfin": FIN}, [FIN], "backfin"),
        ("backfin", {"fullbody": BODY}, [BODY], "fullbody"),
        ("backfin", {}, [None], "fullbody"),
        ("whole", {"fullbody": BODY}, [None], "fullbody"),
        ("all", {"fullbody": BODY, "backfin": FIN}, [BODY, FIN, None], "fullbody"),
        ("all", {"fullbody": BODY}, [BODY, BODY, None], "fullbody"),
    ],
)
def test_crops_are_those_that_the_records_hold(
    embed_source: str, boxes: dict[str, Box], crops: list[Box | None], source: str
) -> None:
    """A source without a box is the primary's crop, and `whole` is the whole photograph always."""
    experiment = load_experiment(
        None,
        ["records.more_sources=[backfin, whole]", f"records.embed_source={embed_source}"],
    )
    model = Trained(Path("run"), experiment)
    shot = Shot("a.jpg", Path("a.jpg"), "1" * 64, boxes)
    assert shot.boxes_for(model) == crops
    if crops[0]:
        assert shot.source(model) == source
