"""Darwin Core occurrences: `occurrence.csv` and `meta.xml`, an archive that GBIF and OBIS read.

An occurrence is an animal in a photograph: `organismID` is the individual, `eventID` the encounter.
Sources: https://dwc.tdwg.org/terms/, https://dwc.tdwg.org/text/ (meta.xml) and
https://rs.gbif.org/core/dwc_occurrence_2022-02-02.xml. What has no term of its own is JSON in
`dynamicProperties`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.formats.json_values import expect, parse_json
from tf_happywhale.exchange.found import Animal, Found, one_of
from tf_happywhale.exchange.rows import Row, moment_of
from tf_happywhale.exchange.species_names import scientific_name

FILE, META = "occurrence.csv", "meta.xml"
TERMS = "http://rs.tdwg.org/dwc/terms/"
PROPERTIES = ("viewpoint", "quality", "distinctiveness")
KEEPS = (
    *("species", "encounter", "date", "time", "latitude", "longitude", "place", "observer"),
    *PROPERTIES,
)
COLUMNS = (
    *("occurrenceID", "basisOfRecord", "occurrenceStatus", "organismID", "individualCount"),
    *("eventID", "eventDate", "decimalLatitude", "decimalLongitude", "geodeticDatum", "locality"),
    *("recordedBy", "scientificName", "vernacularName", "associatedMedia", "dynamicProperties"),
)


def to_darwin_core(rows: Sequence[Row], species: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of `occurrence.csv`.

    Args:
        rows: of the export.
        species: scientific names by species.
    """
    return [_occurrence(row, scientific_name(row["species"], species)) for row in rows]


def meta_xml() -> str:
    """The text of `meta.xml`, which says what is in each column."""
    fields = "".join(
        f'    <field index="{place}" term="{TERMS}{name}"/>\n' for place, name in enumerate(COLUMNS)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<archive xmlns="http://rs.tdwg.org/dwc/text/">\n'
        f'  <core encoding="UTF-8" fieldsTerminatedBy="," linesTerminatedBy="\\n" '
        f'fieldsEnclosedBy="&quot;" ignoreHeaderLines="1" rowType="{TERMS}Occurrence">\n'
        f"    <files><location>{FILE}</location></files>\n"
        f'    <id index="0"/>\n{fields}  </core>\n</archive>\n'
    )


def from_darwin_core(table: pd.DataFrame, file: Path) -> Found:
    """The animals of a table of occurrences, all text, names of columns in lower case, its index
    the lines of `file`.

    Raises:
        InputError: dynamicProperties is not JSON.
    """
    animals = []
    absent = ranges = several = 0
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        where = f"Line {line} of {file}"
        if row.get("occurrencestatus", "").strip().lower() == "absent":
            absent += 1
            continue
        facts = _properties(row.get("dynamicproperties", ""), where)
        facts |= {
            "species": one_of(row, ("scientificname", "vernacularname")),
            "encounter": row.get("eventid", ""),
            "date": row.get("eventdate", ""),
            "latitude": row.get("decimallatitude", ""),
            "longitude": row.get("decimallongitude", ""),
            "place": one_of(row, ("locality", "locationid")),
            "observer": row.get("recordedby", ""),
        }
        if "/" in facts["date"]:
            ranges += 1
            facts["date"] = ""
        media = [one.strip() for one in row.get("associatedmedia", "").split("|") if one.strip()]
        several += len(media) > 1
        own = media[0] if media else ""
        name = "" if media else row["occurrenceid"]
        animals.append(Animal(own, row["organismid"], facts, None, where, name))
    said = (
        (absent, "records of absent animals are left out"),
        (ranges, "dates are a span of days, and count as not known"),
        (several, "records name several media: the first is taken"),
    )
    return Found(animals, tuple(f"{count} {what}" for count, what in said if count))


def _occurrence(row: Row, scientific: str) -> dict[str, str]:
    more = {name: row[name] for name in PROPERTIES if row[name]}
    return {
        "occurrenceID": row["image"],
        "basisOfRecord": "HumanObservation",
        "occurrenceStatus": "present",
        "organismID": row["individual_id"],
        "individualCount": "1",
        "eventID": row["encounter"],
        "eventDate": moment_of(row, "T"),
        "decimalLatitude": row["latitude"],
        "decimalLongitude": row["longitude"],
        "geodeticDatum": "EPSG:4326" if row["latitude"] else "",
        "locality": row["place"],
        "recordedBy": row["observer"],
        "scientificName": scientific,
        "vernacularName": "" if scientific == row["species"] else row["species"],
        # A bar parts several media, so that it cannot be in a name.
        "associatedMedia": "" if "|" in row["image"] else photograph_of(row["image"]),
        "dynamicProperties": json.dumps(more, ensure_ascii=False) if more else "",
    }


def _properties(cell: str, where: str) -> dict[str, str]:
    if not cell.strip().startswith("{"):
        return dict.fromkeys(PROPERTIES, "")
    tree = expect(parse_json(cell, f"{where}: dynamicProperties"), dict, where)
    return {name: str(tree.get(name) or "") for name in PROPERTIES}
