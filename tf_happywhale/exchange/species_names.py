"""Scientific names of species, where a species is one or the settings say it."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Genus and epithet, perhaps with a subspecies: Tursiops truncatus, Pusa hispida saimensis.
BINOMIAL = re.compile(r"[A-Z][a-z]+[ _][a-z][a-z-]+([ _][a-z][a-z-]+)?")


def scientific_name(species: str, named: Mapping[str, str]) -> str:
    """The scientific name of a species; empty if it is not known.

    Args:
        species: as a catalogue has it, such as `bottlenose_dolphin` or `Tursiops truncatus`.
        named: scientific names by species, from `exchange.species`.
    """
    name = named.get(species, species)
    return name.replace("_", " ") if BINOMIAL.fullmatch(name) else ""
