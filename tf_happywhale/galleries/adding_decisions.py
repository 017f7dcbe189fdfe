"""What was decided on the pages of `identify` is added to a catalogue and a gallery."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import animal_words, count_animals
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.config import Experiment
from tf_happywhale.errors import Incomplete, InputError
from tf_happywhale.galleries.adding import Added, add_confirmed
from tf_happywhale.galleries.decisions import read_decisions
from tf_happywhale.galleries.gallery_folder import open_gallery
from tf_happywhale.galleries.identified_animals import (
    check_identified,
    identified,
    no_longer_found,
)
from tf_happywhale.galleries.kept_matching import bring_matching
from tf_happywhale.galleries.new_catalogue import begin_catalogue
from tf_happywhale.galleries.queries import PhotographFinder, load_queries
from tf_happywhale.places import embeddings_home, output_folder


def add_decisions(folder: Path, file: Path, settings: Experiment) -> None:
    """Add what was decided on the pages of `identify` to a gallery and its catalogue.

    What was added is printed.

    Args:
        folder: a saved gallery, or a catalogue folder.
        file: the decisions that the pages exported.
        settings: `output` is the folder that `identify` wrote.

    Raises:
        InputError: the table decides on nothing, or was made on other pages; or see
            `add_confirmed`.
        Incomplete: some of the decisions are about animals that were identified before, and are not
            found any more. All others were added.
    """
    data, output, elsewhere = settings.data, output_folder(settings), settings.identify.photographs
    queries = load_queries(output)
    keys = queries.image.tolist()
    decisions = read_decisions(file, data.encoding, keys)
    if not decisions.decided:
        raise InputError(
            f"{file} decides on nothing: it has no row with the decision match or new, so there is "
            "nothing to add."
        )
    boxes, contents = identified(queries)
    check_identified(file, boxes, contents, data.encoding)
    gone = no_longer_found(file, contents, data.encoding)
    lost = (
        f"{len(gone)} of {len(decisions.decided)} decisions of {file} are about animals that are "
        f"not found any more, such as {next(iter(gone), '')}, since other boxes were identified"
    )
    if len(gone) == len(decisions.decided):
        raise InputError(f"{lost}: decide on the present pages.")
    decisions = decisions.without(gone)
    elsewhere = None if elsewhere is None else Path(elsewhere).expanduser()
    find = PhotographFinder(queries, output, elsewhere).path
    decided = decisions.decided
    if begin_catalogue(folder, queries.about, data):
        print(f"{folder}: a new catalogue")
    matched, new, groups = decisions.matched, decisions.new, decisions.groups
    added = add_confirmed(folder, queries, decided, data, matched, new, find, groups)
    if added.images is not None:
        bring_matching(embeddings_home(settings), open_gallery(folder))
    _say_added(added, decided, count_animals(keys))
    if gone:
        raise Incomplete(
            f"{lost}. All others were added: decide on the present pages if these are still to be."
        )


def _say_added(added: Added, decided: Mapping[str, str], counts: Mapping[str, int]) -> None:
    """Print what was added. `counts`: how many animals each photograph has."""
    for one in added.confirmed:
        if decided.get(one.key) == NEW_INDIVIDUAL:
            print(f"{animal_words(one.key, counts)}: a new individual, {one.individual_id}")
    for what, count in (("catalogue", added.rows), ("gallery", added.images)):
        if count is not None:
            there = len(added.confirmed) - count
            print(f"{what}: {count} images added, {there} were there already")
