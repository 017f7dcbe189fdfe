"""Corrections of the species names that Happywhale misspells."""

from __future__ import annotations

import re
from collections.abc import Iterable

SPECIES_FIXES = {
    "globis": "short_finned_pilot_whale",  # a former genus name of the same animals
    "pilot_whale": "short_finned_pilot_whale",
    "kiler_whale": "killer_whale",
    "bottlenose_dolpin": "bottlenose_dolphin",
}
IMAGE = re.compile(r"[0-9a-f]{14,16}\.jpg")  # only Happywhale's names have this form
INDIVIDUAL = re.compile(r"[0-9a-f]{12}")


def fix_species(
    images: Iterable[str], species: Iterable[str], individual_ids: Iterable[str]
) -> list[str]:
    """Species names, with Happywhale's four misspelt or merged names corrected in Happywhale's own
    rows, which are recognised by the names of image and individual."""
    return [
        SPECIES_FIXES[kind]
        if kind in SPECIES_FIXES and IMAGE.fullmatch(image) and INDIVIDUAL.fullmatch(who)
        else kind
        for image, kind, who in zip(images, species, individual_ids, strict=True)
    ]
