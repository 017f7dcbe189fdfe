"""The bar that stays at the top of a page: progress, filters, the search for an id, the export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.review.block import Query

SURE = {"least": "the least sure third", "middle": "the middle third", "most": "the surest third"}


def toolbar_html(queries: Sequence[Query], individuals: Mapping[str, str]) -> str:
    """Return the bar.

    Args:
        queries: the blocks of the page.
        individuals: species of all individuals that can be searched, by individual_id.
    """
    species = sorted({query.species for query in queries} - {""})
    kinds = {kind: kind.replace("_", " ") for kind in species}
    options = "".join(
        f'<option value="{escape(who)}">{escape(kind.replace("_", " "))}</option>'
        for who, kind in sorted(individuals.items())
        if who != NEW_INDIVIDUAL
    )
    states = {"undecided": "undecided", "decided": "decided", "skipped": "skipped"}
    return f"""<section class="toolbar scripted" aria-label="Deciding">
<p class="far"><progress id="progress-bar" max="{max(1, len(queries))}" value="0"
aria-label="decided"></progress> <span id="progress"></span></p>
{_select("state", "Show", states)}
{_select("sure", "How sure the model is", SURE)}
{_select("species", "Species", kinds)}
<label>Search for an id <input id="search" list="individuals" autocomplete="off" spellcheck="false"
autocapitalize="off"></label><datalist id="individuals">{options}</datalist>
<p id="status" role="status" aria-live="polite"></p>
<button type="button" id="export" disabled>Export decisions.csv</button>
</section>"""


def _select(name: str, label: str, options: Mapping[str, str]) -> str:
    inside = "".join(
        f'<option value="{escape(value)}">{escape(words)}</option>'
        for value, words in options.items()
    )
    hidden = "" if options else " hidden"
    return (
        f'<label{hidden}>{label} <select id="{name}"><option value="">all</option>{inside}</select>'
        "</label>"
    )
