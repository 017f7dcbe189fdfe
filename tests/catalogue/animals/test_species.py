from __future__ import annotations

import pytest

from tf_happywhale.catalogue.animals.species import fix_species

WRITTEN = {
    "globis": "short_finned_pilot_whale",
    "pilot_whale": "short_finned_pilot_whale",
    "kiler_whale": "killer_whale",
    "bottlenose_dolpin": "bottlenose_dolphin",
    "long_finned_pilot_whale": "long_finned_pilot_whale",
    "killer_whale": "killer_whale",
    "": "",
}


def test_the_four_misspelt_or_merged_names_are_mended_and_no_other() -> None:
    images, who = ["00021adfb725ed.jpg"] * len(WRITTEN), ["cadddb1636b9"] * len(WRITTEN)
    assert fix_species(images, WRITTEN, who) == list(WRITTEN.values())


@pytest.mark.parametrize(
    ("image", "who"),
    [
        ("IMG_0001.JPG", "cadddb1636b9"),
        ("00021adfb725ed.jpg", "Luna"),
        ("2020/00021adfb725ed.jpg", "cadddb1636b9"),
    ],
)
def test_the_rows_of_other_people_keep_their_species(image: str, who: str) -> None:
    assert fix_species([image], ["pilot_whale"], [who]) == ["pilot_whale"]
