from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from tf_happywhale.config import Model
from tf_happywhale.models.backbones.variants import LITE, VARIANTS

TIMM = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "backbones.json").read_text(encoding="utf-8")
)["architectures"]


def test_the_config_offers_exactly_the_table():
    assert set(get_args(Model.model_fields["backbone"].annotation)) == set(VARIANTS) == set(TIMM)


@pytest.mark.parametrize("name", VARIANTS)
def test_pictures_are_as_timm_wants_them(name):
    variant = VARIANTS[name]
    if name.startswith("lite"):  # TensorFlow's own numbers, half a grey level from timm's
        assert variant.mean_std == LITE
        for ours, theirs in zip(LITE, TIMM[name]["mean_std"], strict=True):
            assert ours == pytest.approx(theirs, abs=1 / 500)
    else:
        assert [list(values) for values in variant.mean_std] == TIMM[name]["mean_std"]
    assert variant.size == TIMM[name]["size"]
