from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.config import load_experiment
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError
from tf_happywhale.inference.embedding.shots import Shot, read_shot
from tf_happywhale.inference.which_model.trained_models import TrainedModel

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
    model = TrainedModel(Path("run"), experiment)
    shot = Shot("a.jpg", Path("a.jpg"), "1" * 64, boxes)
    assert shot.boxes_for(model) == crops
    if crops[0]:
        assert shot.source(model) == source


def test_a_photograph_that_was_replaced_after_it_was_hashed_is_not_embedded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    shot = Shot("a.png", path, sha256(path))
    model = TrainedModel(Path("run"), load_experiment(None, ["image_size=32", "records.size=32"]))
    crops, facts = read_shot(shot, model)
    assert crops.shape == (1, 32, 32, 3) and facts["side"] == "8"
    cv2.imwrite(str(path), np.ones((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match=r"a\.png has changed meanwhile"):
        read_shot(shot, model)
