"""Encounter histories for program MARK (`.inp`), and as a table for RMark.

MARK: a line is `/* id */ 01101 1;`: a comment, the history, how many animals have it, and a
semicolon (Cooch and White, Program MARK: A Gentle Introduction, chapter 2; the example
EDWARDSANDEBERHARDT.INP that comes with MARK). RMark's `convert.inp` takes the first semicolon of a
line as its end and the comment as the row's name, so the comment must be free of semicolons, and
each must be another one.

RMark: a table whose column `ch` holds the histories (RMark, help of `import.chdata`). R makes
numbers of the cells of a column of digits, also between quotes, so that `0110` would become 110: it
must be told that they are text, see `read_in_r`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from tf_happywhale.sightings.capture_history import CaptureHistory

_READ_IN_R = """\
# What R needs to know of these files. Run it in this folder.

# RMark: `ch` is text; without colClasses R would make numbers of the histories.
history <- read.csv("capture_history.csv", colClasses = "character")
history$freq <- as.numeric(history$freq)
# processed <- RMark::process.data(history, model = "Closed")

# MARK's own file, through RMark:
# history <- RMark::convert.inp("capture_history.inp", use.comments = TRUE)
"""
_ASNIPE = """
# asnipe: ids are text, also those of digits.
groups <- read.csv("asnipe.csv", colClasses = "character")
# gbi <- asnipe::get_group_by_individual(groups, data_format = "individuals")
"""
_SECR = """
# secr: a place detects an individual once on an occasion.
# captures <- secr::read.capthist("secr_captures.txt", "secr_traps.txt",
#   detector = "proximity", noccasions = c(OCCASIONS))
"""


def mark_text(history: CaptureHistory, names: dict[str, str]) -> str:
    """Return the `.inp` file.

    Args:
        history: what is written; its individuals in their order.
        names: what each individual is called in the comment, see `plain_names`.
    """
    first, last = history.occasions[0], history.occasions[-1]
    head = (
        f"/* {len(history)} individuals, {len(history.occasions)} occasions from "
        f"{first.first.isoformat()} to {last.last.isoformat()}: see occasions.csv */"
    )
    lines = [
        f"/* {names[who]} */ {text} 1;"
        for who, text in zip(history.individual_ids, history.texts(), strict=True)
    ]
    return "\n".join([head, *lines]) + "\n"


def read_in_r(*, groups: bool = True, secr: Sequence[int] = ()) -> str:
    """Return the lines that read the files in R that there are.

    Args:
        groups: whether there is asnipe's.
        secr: how many occasions each session has, in secr's order, which would count those with a
            capture; none if there are no files for secr.
    """
    text = _READ_IN_R + _ASNIPE * groups
    return text + _SECR.replace("OCCASIONS", ", ".join(map(str, secr))) * bool(secr)


def rmark_text(history: CaptureHistory) -> str:
    """Return the table `ch,freq,individual_id`, with every cell that is text in quotes."""
    rows = [
        (text, 1, who) for who, text in zip(history.individual_ids, history.texts(), strict=True)
    ]
    return quoted_csv(("ch", "freq", "individual_id"), rows)


def quoted_csv(header: tuple[str, ...], rows: list[tuple]) -> str:
    """Return a table as CSV; text is in quotes, so that its commas and quotes do no harm."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()
