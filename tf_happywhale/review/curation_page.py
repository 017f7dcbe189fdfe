"""The curators' page: a map of the gallery, and what should be looked at with one's own eyes."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.photographs.own_output import mark_own_output
from tf_happywhale.disk.files import atomic_write
from tf_happywhale.galleries.curation import Odd, Pair
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.review.cards import Picture, picture_html, text
from tf_happywhale.review.style import STYLE
from tf_happywhale.review.thumbnails import Thumbnails

POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
COLOURS = (
    "#0b6e85", "#d1495b", "#edae49", "#5b8e3e", "#6f4c9b", "#c46a2b", "#3a6ea5", "#b5398a",
    "#7a7a35", "#2a9d8f",
)  # fmt: skip
WIDTH, HEIGHT, MOST = 1000, 620, 6000  # of the map, and its points


def write_curation(
    folder: Path,
    gallery: Embeddings,
    flat: np.ndarray,
    pairs: Sequence[Pair],
    odd: Sequence[Odd],
    *,
    picture: Callable[[str], np.ndarray],
    thumbnail: int,
    name: str,
) -> Path:
    """Write `folder/index.html` and its thumbnails, whole or not at all; the page's path.

    Args:
        folder: replaced if it is there.
        gallery: all images.
        flat: where each of them stands on the map, [n, 2].
        pairs: individuals that may be one.
        odd: images that may be somebody else's.
        picture: uint8 RGB [h, w, 3] of a gallery image.
        thumbnail: longest side of a picture, pixels.
        name: of the gallery, for the commands that are suggested.
    """
    with atomic_write(folder, lasting=False) as making:
        mark_own_output(making)
        thumbnails = Thumbnails(making / "thumbnails", thumbnail)
        shown = [image for pair in pairs for image in pair.images]
        shown += [image for one in odd for image in (one.image, one.own_image, one.other_image)]
        thumbnails.draw_all("reference", list(dict.fromkeys(shown)), picture)

        def figure(image: str, caption: str) -> str:
            source, reason = thumbnails.drawn("reference", image)
            place = Picture(f"thumbnails/{source}" if source else "", reason)
            return (
                f"<figure>{picture_html(place, image)}<figcaption>{caption}<br>"
                f"<bdi>{text(image)}</bdi></figcaption></figure>"
            )

        counts = Counter(gallery.individual_id.tolist())
        html = _page(
            gallery,
            map_svg(gallery, flat),
            "".join(_pair(pair, counts, figure, name) for pair in pairs),
            "".join(_odd(one, counts, figure, name) for one in odd if one.doubt > 0),
        )
        (making / "index.html").write_text(html, encoding="utf-8", newline="\n")
    return folder / "index.html"


def map_svg(gallery: Embeddings, flat: np.ndarray) -> str:
    """The map as SVG: a point an image, coloured by species, its name when pointed at; of more
    than `MOST` images every so-manieth."""
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
            f"<title>{text(words)}</title></circle>"
        )
    legend = "".join(
        f'<li><span style="background:{colour[kind]}"></span>{text(kind.replace("_", " "))}</li>'
        for kind in kinds[: len(COLOURS)]
        if kind
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Map of the gallery">'
        f'{"".join(points)}</svg><ul class="legend">{legend}</ul>'
    )


def _pair(pair: Pair, counts: Counter, figure: Callable[[str, str], str], name: str) -> str:
    figures = "".join(
        figure(image, f"<b><bdi>{text(who)}</bdi></b>, {_images(counts[who])}")
        for who, image in zip(pair.individual_ids, pair.images, strict=True)
    )
    fewer, more = sorted(pair.individual_ids, key=lambda who: (counts[who], who))
    return _item(figures, f"Alike: {pair.score:.3f}", ["merge", name, fewer, more])


def _odd(odd: Odd, counts: Counter, figure: Callable[[str, str], str], name: str) -> str:
    own, other = (f"<b><bdi>{text(who)}</bdi></b>" for who in (odd.individual_id, odd.other_id))
    figures = (
        figure(odd.image, f"Is it really {own}?")
        + figure(odd.own_image, f"{own}, {_images(counts[odd.individual_id])}, {odd.own_score:.3f}")
        + figure(odd.other_image, f"Or {other}? {odd.other_score:.3f}")
    )
    return _item(figures, f"Nearer by {odd.doubt:.3f}", ["move", name, odd.image, odd.other_id])


def _item(figures: str, words: str, verb: Sequence[str]) -> str:
    command = f"python -m tf_happywhale.gallery {shlex.join(verb)}"
    return (
        f'<li class="pair"><div class="figures">{figures}</div><p>{words}. '
        f"<code>{text(command)}</code></p></li>"
    )


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _page(gallery: Embeddings, drawn: str, pairs: str, odd: str) -> str:
    individuals = len(set(gallery.individual_id.tolist()))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{text(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What to look at</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>What to look at</h1>
<p class="lead">{len(gallery):,} images of {individuals:,} individuals.</p>
<p class="lead">Neither list is a verdict: a model thinks so, you decide. It knows its own
training images too well; what it was trained on wrongly it may not find.</p>
<nav aria-label="Lists"><a href="#duplicates">One animal, two ids?</a>
<a href="#errors">The wrong animal?</a><a href="#map">Map</a></nav>
</header>
<main>
<h2 id="duplicates">One animal, two ids?</h2>
<p class="lead">Different individuals whose pictures look most alike.</p>
<ol class="pairs">{pairs or "<li>None.</li>"}</ol>
<h2 id="errors">The wrong animal?</h2>
<p class="lead">Images that are nearer to another individual than to their own.</p>
<ol class="pairs">{odd or "<li>None.</li>"}</ol>
<h2 id="map">Map</h2>
<p class="lead">Images that the model finds alike lie close together.</p>
<div class="map">{drawn}</div>
</main>
</body>
</html>
"""
