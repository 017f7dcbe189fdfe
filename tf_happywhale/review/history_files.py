"""The folder that `history` writes: a page, its tables, and files for other programs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tf_happywhale.catalogue.photographs.own_output import is_own_output, mark_own_output
from tf_happywhale.config import Experiment
from tf_happywhale.disk.files import shown, write_csv, write_text
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import is_gallery, open_gallery
from tf_happywhale.galleries.gallery_taught import own_questions
from tf_happywhale.places import output_folder
from tf_happywhale.retrieval.teaching.misses import misses
from tf_happywhale.review.history_page import history_page
from tf_happywhale.sightings.history_texts import (
    GROUPS,
    SECR,
    TABLES,
    program_files,
    survey_tables,
)
from tf_happywhale.sightings.missed_matches import MissedShare
from tf_happywhale.sightings.survey import survey_of
from tf_happywhale.sightings.table import read_sightings

PAGE = "index.html"


def write_history(place: Path, settings: Experiment) -> None:
    """Write capture histories, pictures and files for other programs, and print what they say.

    Files of an earlier call are replaced one by one; files of others in the folder stay.

    Args:
        place: a gallery, a catalogue folder or a table, see `read_sightings`.
        settings: its sections `history`, `data` and `rank` are read.
    """
    folder = output_folder(settings) / "history"
    if folder.is_dir() and shown(folder.iterdir()) and not is_own_output(folder):
        raise InputError(
            f"{folder} holds files that are not of `history`: set output to another folder."
        )
    table = read_sightings(place, settings.data, output_folder(settings) / ".stages")

    @cache
    def missed() -> MissedShare | None:
        return missed_share(place, settings)

    survey = survey_of(table, settings.history, missed)
    texts, notes = program_files(survey)
    tables = survey_tables(survey)
    mark_own_output(folder)
    for name, text in texts.items():
        write_text(folder / name, text)
    for name, content in tables.items():
        write_csv(folder / name, content)
    for name in (*SECR, *GROUPS, *TABLES):
        if name not in texts and name not in tables:
            (folder / name).unlink(missing_ok=True)  # of an earlier call: it would be out of date
    write_text(folder / PAGE, history_page(survey, tables, list(texts), notes))
    print("\n".join([*survey.notes, *notes]))
    print(f"look at {folder / PAGE}; beside it lie {', '.join(texts)}")


def missed_share(place: Path, settings: Experiment) -> MissedShare | None:
    """Return the share of matches that a person misses who looks at so many candidates; None if
    it is neither given nor taught by the gallery."""
    given, looked = settings.history.missed, settings.history.looked
    if given is not None:
        return MissedShare(given, given, given, "as history.missed says")
    if not is_gallery(place):
        return None
    asked = own_questions(open_gallery(place), settings.rank)
    found = [] if asked is None else misses(asked, looks=(looked,))
    if not found:
        return None
    one = found[0]
    candidates = "the first candidate" if looked == 1 else f"the first {looked} candidates"
    return MissedShare(
        one.share,
        one.low,
        one.high,
        f"if a person looked at {candidates} of one photograph by embeddings alone; several "
        "photographs of an encounter, and matched points, miss fewer",
    )
