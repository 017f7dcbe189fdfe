from __future__ import annotations

import pandas as pd

from tf_happywhale.catalogue.species import fix_species


def test_the_four_misspelt_or_merged_names_are_mended_and_no_other() -> None:
    written = [
        "globis",
        "pilot_whale",
        "kiler_whale",
        "bottlenose_dolpin",
        "long_finned_pilot_whale",
        "short_finned_pilot_whale",
        "killer_whale",
        "",
    ]
    assert list(fix_species(pd.Series(written))) == [
        "short_finned_pilot_whale",
        "short_finned_pilot_whale",
        "killer_whale",
        "bottlenose_dolphin",
        "long_finned_pilot_whale",
        "short_finned_pilot_whale",
        "killer_whale",
        "",
    ]
