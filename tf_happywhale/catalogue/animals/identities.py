"""Checks of the ids of individuals: what cannot be an id, and what may be a typing error."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.errors import InputError

PLACEHOLDERS = frozenset(
    {
        *("", "?", "??", "???", "-", "--", "na", "n/a", "n.a.", "nan", "nil", "none", "null"),
        *("unknown", "unk", "unidentified", "not identified", "not known", "no id", "tbd", "tba"),
        *("unbekannt", "inconnu", "desconocido", "desconocida", "sconosciuto"),
    }
)
SHOWN = 3  # pairs
SHEET_ERROR = re.compile(r"#(REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|N/A|SPILL!|CALC!|#+)")
SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d\d")  # as a spreadsheet shows and saves long numbers


def check_identity(individual_id: str, where: str = "") -> None:
    """Raise InputError if a text cannot be an individual's id: it is empty, `new_individual` or an
    error of a spreadsheet, or holds a control character.

    Args:
        individual_id: any text.
        where: its file and line, for the error.
    """
    at = f"{where}: " if where else ""
    if not as_seen(individual_id):
        leave = ", or leave such rows out with data.unknown='[\"\"]'" if where else ""
        raise InputError(f"{at}individual_id {individual_id!r} is empty: name the animal{leave}.")
    if not individual_id.isprintable() and "Cc" in map(unicodedata.category, individual_id):
        raise InputError(
            f"{at}individual_id {individual_id[:80]!r} holds a line break or another control "
            "character: remove it."
        )
    if SHEET_ERROR.fullmatch(individual_id.strip()):
        raise InputError(
            f"{at}individual_id {individual_id!r} is an error of the spreadsheet, not an id: "
            "correct the cell there, and save the table again."
        )
    if as_seen(individual_id) == NEW_INDIVIDUAL:
        raise InputError(
            f"{at}new_individual is not the id of an individual: give the animal its own id"
            f"{', or remove the row' if where else ''}."
        )


def check_not_among(others: Iterable[str], individuals: Iterable[str], where: str) -> None:
    """Raise InputError if an answer that is none of `individuals` may be one of them, or no animal.

    Args:
        others: answers that are neither among `individuals` nor `new_individual`.
        individuals: those of the catalogue.
        where: the file of the answers, for the error.
    """
    seen = {as_seen(who): who for who in individuals}
    for other in others:
        written = as_seen(other)
        twin = seen.get(written)
        if twin is not None:
            raise InputError(
                f"{where}: {spelled_out(other)} looks the same as {spelled_out(twin)} in the "
                "catalogue: write it the same way."
            )
        check_identity(other, where)
        if written in PLACEHOLDERS:
            words = shlex.quote(json.dumps([other], ensure_ascii=False))
            raise InputError(
                f"{where}: {other!r} may mean that nobody knows the animal, or that it is a new "
                f"one: leave such rows out with data.unknown={words}, or write new_individual."
            )


def as_seen(text: str) -> str:
    """A text as people see it: without case, Unicode form, invisible letters and outer spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split()).casefold()
    seen = unicodedata.normalize("NFKC", text)
    seen = "".join(letter for letter in seen if unicodedata.category(letter) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFKC", " ".join(seen.split()).casefold())


def lookalikes(individual_ids: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of ids that look the same, each group in text order."""
    groups: dict[str, list[str]] = {}
    for identity in sorted(set(individual_ids)):
        groups.setdefault(as_seen(identity), []).append(identity)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def lookalike_of(individual_id: str, others: Iterable[str]) -> str | None:
    """Another id that looks the same as this one; None if there is none."""
    seen = as_seen(individual_id)
    return next((o for o in sorted(others) if o != individual_id and as_seen(o) == seen), None)


def spelled_out(text: str) -> str:
    """A text in quotes, with invisible and accented letters written as code points."""
    inner = "".join(
        letter if " " <= letter <= "~" else f"[U+{ord(letter):04X}]" for letter in text.strip(" ")
    )
    front = len(text) - len(text.lstrip(" "))
    back = len(text) - front - len(text.strip(" "))
    return f"'{'[U+0020]' * front}{inner}{'[U+0020]' * back}'"


def id_warnings(individual_ids: Sequence[str], where: str) -> list[str]:
    """Sentences about ids that may be another individual than they say, or nobody.

    Args:
        individual_ids: of each animal.
        where: the file, which begins each sentence.
    """
    return [
        *lookalike_warnings(individual_ids, where),
        *shortened_warnings(individual_ids, where),
        *placeholder_warnings(individual_ids, where),
    ]


def lookalike_warnings(names: Iterable[str], where: str, what: str = "individuals") -> list[str]:
    """A sentence for each group of names that look the same; only the first few of many groups.

    Args:
        names: ids, or names of something else.
        where: the file or the column, which begins each sentence.
        what: what they are names of.
    """
    groups = lookalikes(names)
    said = [
        f"{where}: {' and '.join(map(spelled_out, group))} look the same but count as "
        f"different {what}: if they are one, write them the same way."
        for group in groups[:SHOWN]
    ]
    if len(groups) > SHOWN:
        ids = "ids" if what == "individuals" else what
        said.append(f"{where}: {len(groups) - SHOWN} more groups of {ids} look the same.")
    return said


def shortened_warnings(individual_ids: Iterable[str], where: str) -> list[str]:
    """A sentence about ids such as `1.23E+11`, which a spreadsheet makes of a long number."""
    odd = [who for who in dict.fromkeys(individual_ids) if SHORTENED.fullmatch(who.strip())]
    if not odd:
        return []
    return [
        f"{where}: {odd[0]!r} looks like a long number that a spreadsheet has shortened, so "
        "several individuals may have become one: if so, format the column as text there, type "
        "the ids again, and save the table again."
    ]


def placeholder_warnings(individual_ids: Iterable[str], where: str) -> list[str]:
    """A sentence about words such as `unknown`, which would count as animals."""
    counts = Counter(individual_ids)
    odd = [who for who in counts if as_seen(who) in PLACEHOLDERS]
    if not odd:
        return []
    each = ", ".join(
        f"{who!r} ({counts[who]} image{'s' if counts[who] > 1 else ''})" for who in odd
    )
    count = "counts as one animal" if len(odd) == 1 else "each count as one animal"
    return [
        f"{where}: {each} {count}. If this means that nobody knows, leave such rows out "
        f"with data.unknown={shlex.quote(json.dumps(odd, ensure_ascii=False))}."
    ]
