from __future__ import annotations

import json
from pathlib import Path

import pytest

from tf_happywhale.models.backbones.variants import VARIANTS, NFNet

TIMM = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "backbones.json").read_text(encoding="utf-8")
)["architectures"]
NETWORKS = [name for name, variant in VARIANTS.items() if isinstance(variant, NFNet)]


@pytest.mark.parametrize("name", NETWORKS)
def test_stages_stem_and_head_are_timms(name):
    variant = VARIANTS[name]
    stages = [[n, c] for n, c in zip(variant.depths, variant.channels, strict=True)]
    assert stages == TIMM[name]["stages"]
    assert [variant.stem, variant.head] == TIMM[name]["ends"]
