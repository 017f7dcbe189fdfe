"""The page of a survey: its pictures, each with its table, and what can be said of abundance."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from tf_happywhale.review.html_parts import head_html
from tf_happywhale.sightings.pictures.calendar_picture import calendar_svg, rest_sentence
from tf_happywhale.sightings.pictures.curves import discovery_svg, frequency_svg
from tf_happywhale.sightings.pictures.map_picture import map_svg
from tf_happywhale.sightings.pictures.network_picture import knot_sentence, network_svg
from tf_happywhale.sightings.survey import Survey

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
MOST_ROWS = 30  # of a table on the page; its file has all of them
LEADS = {
    "discovery": "Each sighting is an individual on a day. While the line climbs steeply, most "
    "animals are still new; where it is level, most of those that come here are known.",
    "frequencies": "On how many occasions each individual was seen. Many that were seen once are "
    "visitors, or have changed, or are sightings whose match was missed.",
    "calendar": "A row is an individual, a column a {part}; the darker, the more days.",
    "map": "A circle is a place, its area the number of individuals seen there. A line joins "
    "places at which the same individuals were seen. Dots are photographs. North is above; there "
    "is no coastline.",
    "network": "A line joins individuals that were seen in one group, where a group is {group}. "
    "Its strength is the half-weight index: 1 if they were always seen together.",
}
GROUP_WORDS = {"encounter": "an encounter", "day_place": "all that was seen at a place on a day",
               "day": "all that was seen on a day"}  # fmt: skip


def history_page(
    survey: Survey, tables: dict[str, pd.DataFrame], files: Sequence[str], notes: Sequence[str]
) -> str:
    """Return the page as HTML.

    Args:
        survey: what was seen.
        tables: by the names of their files, which lie beside the page.
        files: names of the files for other programs.
        notes: sentences on these files.
    """
    parts = list(_parts(survey, tables))
    links = "".join(f'<a href="#{key}">{title}</a>\n' for key, title, _ in parts)
    return f"""{head_html("What was seen", POLICY)}
<body>
<header>
<h1>What was seen</h1>
{_summary(survey)}
<div class="notes">{_paragraphs(survey.notes)}</div>
<nav aria-label="Pictures">{links}<a href="#files">Files</a></nav>
</header>
<main>
{"".join(html for _, _, html in parts)}
<h2 id="files">Files</h2>
<p class="lead">They lie beside this page. read_in_R.R says what R needs to know of them.</p>
<p>{_links([*files, *tables])}</p>
<div class="notes">{_paragraphs(notes)}</div>
</main>
</body>
</html>
"""


def _paragraphs(sentences: Sequence[str]) -> str:
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def _parts(survey: Survey, tables: dict[str, pd.DataFrame]):
    """Yield the key, the title and the HTML of each part that something is known of."""
    calendar = survey.calendar
    yield _part(
        "discovery", "How the catalogue grows", discovery_svg(tables["discovery.csv"]), tables
    )
    yield _part(
        "frequencies", "How often each was seen", frequency_svg(tables["frequencies.csv"]), tables
    )
    words = [LEADS["calendar"].format(part=calendar.part), rest_sentence(calendar)]
    yield _part("calendar", "Calendar", calendar_svg(calendar), tables, words)
    if survey.located.plane is not None:
        drawn = map_svg(survey.located, survey.residence)
        yield _part("map", "Map", drawn, tables, table="residence.csv")
    else:
        why = "no photograph that counts has a latitude and a longitude"
        words = [f"There is no map: {survey.located.too_far or why}."]
        yield _part("map", "Map", "", tables, words, table="residence.csv")
    if len(survey.pairs):
        words = [LEADS["network"].format(group=GROUP_WORDS[survey.group])]
        words.append(knot_sentence(survey.pairs))
        drawn = network_svg(survey.pairs)
        yield _part("network", "Who with whom", drawn, tables, words, "associations.csv")
    else:
        words = ["There is no network: no two individuals were seen in one group."]
        yield _part("network", "Who with whom", "", tables, words, "associations.csv")
    if "estimates.csv" in tables:
        words = ["What a closed population says; see the sentences above."]
        yield _part("estimates", "Abundance, a first look", "", tables, words)


def _part(
    key: str,
    title: str,
    drawn: str,
    tables: dict[str, pd.DataFrame],
    words: Sequence[str] | None = None,
    table: str = "",
) -> tuple[str, str, str]:
    """Return a part: its key, its title, and the HTML of its words, its picture and its table."""
    words = [LEADS[key]] if words is None else words
    name = table or f"{key}.csv"
    leads = "".join(f'<p class="lead">{escape(one)}</p>' for one in words if one)
    picture = f'<div class="drawing">{drawn}</div>' if drawn else ""
    rows = _table_html(name, tables[name]) if name in tables else ""
    return key, title, f'<h2 id="{key}">{title}</h2>\n{leads}\n{picture}\n{rows}\n'


def _table_html(name: str, table: pd.DataFrame) -> str:
    """Return a table that opens when it is touched, with a link to its file."""
    shown = table.iloc[:MOST_ROWS, :12]
    head = "".join(f"<th>{escape(str(column))}</th>" for column in shown.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in shown.itertuples(index=False)
    )
    more = "" if shown.shape == table.shape else f" The file has all {len(table):,} rows."
    return (
        f'<details class="numbers"><summary>The numbers</summary><p class="lead">{_links([name])}.'
        f'{more}</p><div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _links(names: Sequence[str]) -> str:
    return ", ".join(f'<a href="{escape(name)}">{escape(name)}</a>' for name in names)


def _summary(survey: Survey) -> str:
    """Return the numbers at the top of the page."""
    days = survey.days["day"]
    numbers = {
        "individuals": f"{len(survey.history):,}",
        "sightings": f"{len(survey.days):,}",
        "days": f"{days.nunique():,}",
        "from": days.min(),
        "to": days.max(),
        "occasions": f"{len(survey.history.occasions):,}",
    }
    cells = "".join(
        f"<div><dt>{name}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in numbers.items()
    )
    return f'<dl class="summary">{cells}</dl>'
