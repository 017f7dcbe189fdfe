"""The curators' page: suspected duplicates, suspected errors, and a map of the gallery."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.photographs.own_output import mark_own_output
from tf_happywhale.disk.files import atomic_write
from tf_happywhale.galleries.curation import Odd, Pair
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.review.block import Picture
from tf_happywhale.review.html_parts import head_html, picture_html
from tf_happywhale.review.other_files import keep_other_files
from tf_happywhale.review.thumbnails import Thumbnails

POLICY = (  # a page that a server gives away has buttons, of the server's script and style
    "default-src 'none'; img-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self'; "
    "connect-src 'self'"
)
COLOURS = (
    "#0b6e85", "#d1495b", "#edae49", "#5b8e3e", "#6f4c9b", "#c46a2b", "#3a6ea5", "#b5398a",
    "#7a7a35", "#2a9d8f",
)  # fmt: skip
WIDTH, HEIGHT = 1000, 620  # of the map, in the SVG's units
MOST = 6000  # points of the map
TABLES = ("duplicates.csv", "errors.csv")  # the page's lists, which are written beside it
TAUGHT = (
    "Both lists are suggestions of a model; you decide. The model knows its own training images "
    "too well, so it may miss errors among them."
)
MATCH = {False: "look most alike", True: "match best"}
UNTAUGHT = (
    "Nobody has taught the model an individual, so it cannot say which images have a wrong id. "
    "Listed are individuals of which two images match point by point, as far as they were matched "
    "when photographs were identified. You decide: sand, rocks or water may match, too."
)


@dataclass(frozen=True)
class Curation:
    """What a gallery's curators should look at.

    Attributes:
        gallery: all images.
        name: of the gallery, for the commands that are suggested.
        flat: the place of each image on the map, [n, 2].
        pairs: individuals that may be one.
        odd: images that may show another individual.
        untaught: whether nobody has taught the model an individual. Then `odd` is empty, and the
            scores of `pairs` are numbers of matching points.
    """

    gallery: Embeddings
    name: str
    flat: np.ndarray
    pairs: Sequence[Pair]
    odd: Sequence[Odd]
    untaught: bool = False


def write_curation(
    folder: Path, curation: Curation, picture: Callable[[str], np.ndarray], thumbnail: int
) -> Path:
    """Write `folder/index.html` and its thumbnails, complete or not at all; return the page's path.

    Args:
        folder: replaced if it exists, but for what a person keeps there.
        curation: what is shown.
        picture: a function from an image's name to its crop, uint8 RGB [h, w, 3].
        thumbnail: longest side of a picture, pixels.
    """
    with atomic_write(folder, lasting=False) as making:
        mark_own_output(making)
        thumbnails = Thumbnails(making / "thumbnails", thumbnail)
        shown = [image for pair in curation.pairs for image in pair.images]
        for odd in curation.odd:
            shown += [odd.image, odd.own_image, odd.other_image]
        thumbnails.draw_all("reference", list(dict.fromkeys(shown)), picture)
        html = _page(curation, thumbnails)
        (making / "index.html").write_text(html, encoding="utf-8", newline="\n")
        keep_other_files(folder, making, TABLES)
    return folder / "index.html"


def map_svg(gallery: Embeddings, flat: np.ndarray) -> str:
    """Return the map as SVG: one point for each image, with its name, coloured by species.

    Of more than `MOST` images, every second (third, ...) one is drawn.

    Args:
        gallery: the images.
        flat: the place of each image on the map, [n, 2].
    """
    low, high = flat.min(axis=0), flat.max(axis=0)
    span = np.where(high > low, high - low, 1)
    place = 10 + (flat - low) / span * (np.array([WIDTH, HEIGHT]) - 20)
    species = gallery.column("species").tolist()
    kinds = [kind for kind, _ in Counter(species).most_common()]
    colour = {kind: COLOURS[n] if n < len(COLOURS) else "#888" for n, kind in enumerate(kinds)}
    points = []
    for row in range(0, len(gallery), -(-len(gallery) // MOST)):
        x, y = place[row]
        words = f"{gallery.individual_id[row]}, {gallery.image[row]}"
        points.append(
            f'<circle cx="{x:.1f}" cy="{HEIGHT - y:.1f}" r="4" fill="{colour[species[row]]}">'
            f"<title>{escape(words)}</title></circle>"
        )
    legend = "".join(
        f'<li><span style="background:{colour[kind]}"></span>{escape(kind.replace("_", " "))}</li>'
        for kind in kinds[: len(COLOURS)]
        if kind
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Map of the gallery">'
        f'{"".join(points)}</svg><ul class="legend">{legend}</ul>'
    )


def _figure(thumbnails: Thumbnails, image: str, caption: str) -> str:
    """Return a picture with a caption, which is HTML, and its name."""
    source, reason = thumbnails.drawn("reference", image)
    place = Picture(f"thumbnails/{source}" if source else "", reason)
    return (
        f"<figure>{picture_html(place, image)}<figcaption>{caption}<br>"
        f"<bdi>{escape(image)}</bdi></figcaption></figure>"
    )


def _pair(pair: Pair, counts: Counter, thumbnails: Thumbnails, curation: Curation) -> str:
    figures = "".join(
        _figure(thumbnails, image, f"<b><bdi>{escape(who)}</bdi></b>, {_images(counts[who])}")
        for who, image in zip(pair.individual_ids, pair.images, strict=True)
    )
    fewer, more = sorted(pair.individual_ids, key=lambda who: (counts[who], who))
    words = f"Similarity {pair.score:.3f}"
    if curation.untaught:
        words = f"{pair.score:.0f} matching points fit together"
    return _item(figures, words, ["merge", curation.name, fewer, more])


def _odd(odd: Odd, counts: Counter, thumbnails: Thumbnails, name: str) -> str:
    own, other = (f"<b><bdi>{escape(who)}</bdi></b>" for who in (odd.individual_id, odd.other_id))
    count = _images(counts[odd.individual_id])
    figures = (
        _figure(thumbnails, odd.image, f"Is it really {own}?")
        + _figure(thumbnails, odd.own_image, f"{own}, {count}, {odd.own_score:.3f}")
        + _figure(thumbnails, odd.other_image, f"Or {other}? {odd.other_score:.3f}")
    )
    return _item(
        figures,
        f"Nearer to the other individual by {odd.doubt:.3f}",
        ["move", name, odd.image, odd.other_id],
    )


def _item(figures: str, words: str, verb: Sequence[str]) -> str:
    command = f"python -m tf_happywhale.gallery {shlex.join(verb)}"
    asked = json.dumps([verb[0], *verb[2:]], ensure_ascii=False)
    return (
        f'<li class="pair"><div class="figures">{figures}</div><p>{words}. '
        f'<code data-correction="{escape(asked)}">{escape(command)}</code></p></li>'
    )


def _errors(curation: Curation, counts: Counter, thumbnails: Thumbnails) -> str:
    odd = [one for one in curation.odd if one.doubt > 0]
    items = "".join(_odd(one, counts, thumbnails, curation.name) for one in odd)
    return f"""<h2 id="errors">The wrong animal?</h2>
<p class="lead">Images that are nearer to another individual than to their own.</p>
<ol class="pairs">{items or "<li>None.</li>"}</ol>
"""


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _page(curation: Curation, thumbnails: Thumbnails) -> str:
    gallery = curation.gallery
    counts = Counter(gallery.individual_id.tolist())
    pairs = "".join(_pair(pair, counts, thumbnails, curation) for pair in curation.pairs)
    lead, link, errors = UNTAUGHT, "", ""
    if not curation.untaught:
        lead, link = TAUGHT, '<a href="#errors">The wrong animal?</a>'
        errors = _errors(curation, counts, thumbnails)
    return f"""{head_html("What to look at", POLICY)}
<body>
<header>
<h1>What to look at</h1>
<p class="lead">{len(gallery):,} images of {len(counts):,} individuals.</p>
<p class="lead">{lead}</p>
<nav aria-label="Lists"><a href="#duplicates">One animal, two ids?</a>
{link}<a href="#map">Map</a></nav>
</header>
<main>
<h2 id="duplicates">One animal, two ids?</h2>
<p class="lead">Different individuals whose pictures {MATCH[curation.untaught]}.</p>
<ol class="pairs">{pairs or "<li>None.</li>"}</ol>
{errors}<h2 id="map">Map</h2>
<p class="lead">Images that the model finds alike lie close together.</p>
<div class="map">{map_svg(gallery, curation.flat)}</div>
</main>
</body>
</html>
"""
