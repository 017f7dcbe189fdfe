"""Names of columns as other programs publish them.

CAMTRAPR: what spatialDetectionHistory reads of a record table by its defaults, and what
recordTableIndividual names files with (help pages of camtrapR 2.3, jniedballa/camtrapR on GitHub).
WILDBOOK: "Fields Available" of the page Bulk Import (WildMeOrg/wildbook-docs on GitHub).
"""

from __future__ import annotations

CAMTRAPR = (
    *("Station", "Species", "Individual", "DateTimeOriginal", "Date", "Time"),
    *("Directory", "FileName"),
)
WILDBOOK = frozenset(
    {
        *("MarkedIndividual.individualID", "Encounter.individualID", "Encounter.verbatimLocality"),
        *("Encounter.locationID", "Encounter.decimalLatitude", "Encounter.decimalLongitude"),
        *("Encounter.year", "Encounter.month", "Encounter.day", "Encounter.mediaAsset0"),
        *("Encounter.genus", "Encounter.specificEpithet", "Encounter.submitterID"),
        *("Encounter.state", "Encounter.hour", "Encounter.minutes", "Encounter.sightingID"),
    }
)
