"""Species names as Happywhale spells them, and as they should be."""

from __future__ import annotations

import pandas as pd

SPECIES_FIXES = {
    "globis": "short_finned_pilot_whale",  # a former genus name of the same animals
    "pilot_whale": "short_finned_pilot_whale",
    "kiler_whale": "killer_whale",
    "bottlenose_dolpin": "bottlenose_dolphin",
}


def fix_species(species: pd.Series) -> pd.Series:
    """Species names with Happywhale's four misspelt or merged ones mended; others unchanged."""
    return species.replace(SPECIES_FIXES)
