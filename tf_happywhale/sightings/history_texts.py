"""The files of a survey for other programs, as text."""

from __future__ import annotations

import pandas as pd

from tf_happywhale.sightings.estimates import estimates_table
from tf_happywhale.sightings.formats.groups import asnipe_text, socprog_text
from tf_happywhale.sightings.formats.mark import mark_text, read_in_r, rmark_text
from tf_happywhale.sightings.formats.plain_names import renamed_sentence
from tf_happywhale.sightings.formats.secr import (
    detector_names,
    numbered_sentence,
    secr_files,
    session_names,
)
from tf_happywhale.sightings.occasions import occasions_table
from tf_happywhale.sightings.progress import discovery_table, frequency_table, history_table
from tf_happywhale.sightings.survey import Survey

SECR = ("secr_captures.txt", "secr_traps.txt")
GROUPS = ("socprog.csv", "asnipe.csv")


def program_files(survey: Survey) -> tuple[dict[str, str], list[str]]:
    """Return the text of each file for another program by its name, and sentences on files that
    cannot be written, or that lack something."""
    files = {
        "capture_history.inp": mark_text(survey.history, survey.names),
        "capture_history.csv": rmark_text(survey.history),
        "read_in_R.R": "",
    }
    secr: tuple[int, ...] = ()
    notes = [renamed_sentence(survey.names, "capture_history.inp")]
    if survey.detectors.places:
        occasions, places = survey.history.occasions, survey.detectors.places
        made = secr_files(survey.chosen, occasions, places, survey.names)
        files |= dict(zip(SECR, (made.captures, made.traps), strict=True))
        secr = made.occasions
        notes.append(f"{SECR[1]} has {survey.detectors.plane.in_words()}.")
        notes.append(renamed_sentence(detector_names(places), SECR[1]))
        notes.append(numbered_sentence(session_names(occasions), SECR[0]))
        if made.left_out:
            notes.append(
                f"{SECR[0]} lacks {made.left_out} photographs, whose place has no coordinates."
            )
    else:
        lacking = "place" if survey.detectors.plane else "place and coordinates"
        why = survey.detectors.too_far or f"no photograph of an occasion has {lacking}"
        notes.append(f"There are no files for secr: {why}.")
    if len(survey.groups):
        texts = (socprog_text(survey.groups), asnipe_text(survey.groups))
        files |= dict(zip(GROUPS, texts, strict=True))
    else:
        lacking = "an encounter" if survey.group == "encounter" else "a place"  # a day is known
        notes.append(f"There are no files for SOCPROG and asnipe: no photograph names {lacking}.")
    files["read_in_R.R"] = read_in_r(groups=bool(len(survey.groups)), secr=secr)
    return files, [note for note in notes if note]


def survey_tables(survey: Survey) -> dict[str, pd.DataFrame]:
    """Return the tables of a survey by the names of their files; none for what is not known."""
    tables = {
        "histories.csv": history_table(survey.history, survey.days, survey.names),
        "occasions.csv": occasions_table(survey.history.occasions, survey.history.per_occasion),
        "estimates.csv": estimates_table(survey.estimates),
        "discovery.csv": discovery_table(survey.days),
        "frequencies.csv": frequency_table(survey.history),
        "calendar.csv": survey.calendar.table(),
        "residence.csv": survey.residence,
        "associations.csv": _rounded(survey.pairs),
        "left_out.csv": survey.chosen.left_out[["image", "individual_id", "date", "why"]],
        "names.csv": names_table(survey),
    }
    return {name: table for name, table in tables.items() if len(table)}


TABLES = ("histories.csv", "occasions.csv", "estimates.csv", "discovery.csv", "frequencies.csv",
          "calendar.csv", "residence.csv", "associations.csv", "left_out.csv",
          "names.csv")  # fmt: skip


def names_table(survey: Survey) -> pd.DataFrame:
    """Return the individuals, places and sessions that other programs' files call otherwise."""
    places = survey.detectors.places
    all_names = {
        "individual": survey.names,
        "place": detector_names(places),
        "session": session_names(survey.history.occasions) if places else {},
    }
    rows = [
        (what, name, plain)
        for what, names in all_names.items()
        for name, plain in sorted(names.items())
        if name != plain
    ]
    return pd.DataFrame(rows, columns=["what", "name", "name_in_files"])


def _rounded(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs.assign(half_weight_index=[f"{one:.4f}" for one in pairs["half_weight_index"]])
