"""One query beside its candidates, as HTML: whatever a file or a person named is escaped here."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tf_happywhale.catalogue.animals.animal_key import animal_words, photograph_of, split_key
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL

NUMBERS = ("none", "one", "two", "three", "four", "five")
FIN = (
    '<svg viewBox="0 0 120 80" aria-hidden="true" fill="none" stroke="currentColor" '
    'stroke-width="3" stroke-dasharray="6 6" stroke-linecap="round">'
    '<path d="M22 64C38 56 52 36 58 14C76 20 84 40 82 64"/><path d="M8 66H112"/></svg>'
)


@dataclass(frozen=True)
class Picture:
    """What stands in a picture's place: `source` for <img>, or else the `reason` for none."""

    source: str
    reason: str = ""


@dataclass(frozen=True)
class Candidate:
    """One card: an individual, or `new_individual` (which has no picture).

    Attributes:
        rank: counted from 1.
        individual_id: who.
        species: empty where unknown.
        score: higher is more alike.
        reference_image: the image nearest to the query.
        picture: of it.
        more: further reference images of the individual, with their pictures.
        seen: when or in which encounter the reference image was taken; empty where unknown.
    """

    rank: int
    individual_id: str
    species: str
    score: float
    reference_image: str
    picture: Picture | None
    more: tuple[tuple[str, Picture], ...] = ()
    seen: str = ""


@dataclass(frozen=True)
class Query:
    """One block: an animal in a photograph or in an encounter, and its candidates by rank.

    Attributes:
        image: the key of the animal in the photograph that stands first.
        picture: of it.
        candidates: by rank.
        p_new: probability of a new individual; NaN where unknown.
        answer: who it is; empty where unknown.
        encounter: empty if the photograph stands alone.
        more: the encounter's other photographs, with their pictures.
        warnings: what is wrong with the photograph, in words.
        sure: `least`, `middle` or `most`, by how close the first two scores are.
        why: pictures of what the candidates' scores rest on, each with its caption.
        of: how many animals the photograph shows.
        whole: the whole photograph with all boxes, if it shows several animals.
        boxes: `source xmin ymin xmax ymax` of each photograph; empty if it is not known.
        contents: a part of the hash of each photograph's bytes; empty if it is not known.
    """

    image: str
    picture: Picture
    candidates: tuple[Candidate, ...]
    p_new: float
    answer: str
    encounter: str = ""
    more: tuple[tuple[str, Picture], ...] = ()
    warnings: tuple[str, ...] = ()
    sure: str = "middle"
    why: tuple[tuple[str, Picture], ...] = ()
    of: int = 1
    whole: Picture | None = None
    boxes: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What a person calls the block."""
        return self.encounter or words(self.image, self.of)

    @property
    def species(self) -> str:
        """Of the best individual; empty where unknown."""
        found = (card.species for card in self.candidates if card.individual_id != NEW_INDIVIDUAL)
        return next(found, "")


def words(key: str, of: int = 1) -> str:
    """What a person calls an animal in a photograph that shows so many."""
    return animal_words(key, {photograph_of(key): of})


def text(value: str) -> str:
    """Escaped for HTML text and attributes."""
    return escape(value, quote=True)


def name_of(individual_id: str) -> str:
    """The words that stand for an individual, escaped."""
    if individual_id == NEW_INDIVIDUAL:
        return "Nobody in the catalogue"
    return f"<bdi>{text(individual_id)}</bdi>"


def chance_of_new(p_new: float) -> str:
    """p_new (0 to 1) as a sentence; empty if it is not known."""
    if math.isnan(p_new):
        return ""
    percent = f"{p_new * 100:.0f}%"
    if p_new < 0.005:
        percent = "Less than 1%"
    elif p_new > 0.995:
        percent = "More than 99%"
    return f"{percent} likely to be a new individual."


def verdict_html(query: Query) -> str:
    """Where the right answer stands, in symbol and words; empty if it is not known."""
    if not query.answer:
        return ""
    for candidate in query.candidates:
        if candidate.individual_id == query.answer:
            kind = "found-first" if candidate.rank == 1 else "found-later"
            return f'<span class="pill {kind}">✓ found at rank {candidate.rank}</span>'
    shown = len(query.candidates)
    number = NUMBERS[shown] if shown < len(NUMBERS) else str(shown)
    new = query.answer == NEW_INDIVIDUAL
    is_whom = "a new individual" if new else f"<bdi>{text(query.answer)}</bdi>"
    return f'<span class="pill not-found">✗ not among the {number}: it is {is_whom}</span>'


def picture_html(picture: Picture | None, alt: str) -> str:
    """A picture in its frame, or why there is none; None draws the outline of nobody's fin."""
    if picture is None:
        inside = FIN
    elif picture.source:
        inside = f'<img src="{text(picture.source)}" alt="{text(alt)}" loading="lazy">'
    else:
        inside = f'<p class="no-picture">No picture. {text(picture.reason)}</p>'
    return f'<div class="picture">{inside}</div>'


def strip_html(pictures: Sequence[tuple[str, Picture]], label: str) -> str:
    """Small pictures in a row, each with its file's name; nothing where there is none."""
    if not pictures:
        return ""
    items = "".join(
        f'<li title="{text(words(name))}">{picture_html(picture, words(name))}</li>'
        for name, picture in pictures
    )
    return f'<ul class="strip" aria-label="{text(label)}">{items}</ul>'


def button_html(
    decision: str, individual_id: str, words: str, rank: str = "", said: str = ""
) -> str:
    """A button that decides; `words` are HTML already, `said` is what a screen reader says."""
    spoken = f' aria-label="{text(said)}"' if said else ""
    return (
        f'<button type="button" data-decision="{decision}" data-id="{text(individual_id)}" '
        f'data-rank="{rank}" aria-pressed="false"{spoken}>{words}</button>'
    )


def candidate_html(candidate: Candidate, answer: str, low: float, high: float) -> str:
    """One card; the bar runs from score `low` (empty) to `high` (full)."""
    who = candidate.individual_id
    right = bool(answer) and who == answer
    nobody = who == NEW_INDIVIDUAL
    file = words(candidate.reference_image)
    alt = f"{who}, reference image {file}"
    species = candidate.species.replace("_", " ")
    known = math.isfinite(candidate.score)
    share = (candidate.score - low) / (high - low) if known else 0.0
    choose = button_html(
        "new" if nobody else "match",
        who,
        f"<kbd>{candidate.rank}</kbd> {'Nobody here' if nobody else 'This one'}",
        str(candidate.rank),
        "It is a new individual" if nobody else f"It is {who}, rank {candidate.rank}",
    )
    return "".join(
        [
            f'<li class="candidate{" right" * right}{" nobody" * nobody}">',
            picture_html(None if nobody else candidate.picture, alt),
            strip_html(candidate.more, f"More pictures of {who}"),
            f'<span class="rank" title="rank">{candidate.rank}</span>',
            f'<p class="who">{name_of(who)}</p>',
            f'<p class="detail"><bdi>{text(species)}</bdi></p>' if species and not nobody else "",
            '<p class="detail">a new individual</p>' if nobody else "",
            f'<p class="score"><span class="bar"><span style="width:{_percent(share)}"></span>'
            f"</span><b>{f'{candidate.score:.3f}' if known else 'no score'}</b></p>",
            f'<p class="detail"><bdi>{text(candidate.seen)}</bdi></p>' if candidate.seen else "",
            f'<p class="detail"><span class="file" title="{text(file)}"><bdi>{text(file)}</bdi>'
            "</span></p>"
            if file
            else "",
            '<p class="mark">✓ right</p>' if right else "",
            choose,
            "</li>",
        ]
    )


def query_html(query: Query, low: float, high: float) -> str:
    """One block of the page."""
    sentences = [chance_of_new(query.p_new), _difference(query)]
    cards = "".join(candidate_html(card, query.answer, low, high) for card in query.candidates)
    images = [query.image, *(image for image, _ in query.more)]
    name = words(query.image, query.of)
    together = f'<span class="pill">{len(images)} photographs</span>' if query.encounter else ""
    alerts = "".join(f'<span class="pill warning">⚠ {text(what)}</span>' for what in query.warnings)
    boxes = query.boxes or ("",) * len(images)
    facts_of = zip(images, boxes, query.contents or ("",) * len(images), strict=True)
    animals = [[*split_key(image), box, content] for image, box, content in facts_of]
    facts = {
        "images": json.dumps(images, ensure_ascii=False),
        "animals": json.dumps(animals, ensure_ascii=False),
        "name": query.name,
        "encounter": query.encounter,
        "sure": query.sure,
        "species": query.species,
    }
    data = " ".join(f'data-{name}="{text(value)}"' for name, value in facts.items())
    return (
        f'<article class="query" tabindex="-1" {data}><header><h2><bdi>{text(query.name)}</bdi>'
        f"</h2>{together}{verdict_html(query)}{alerts}"
        '<span class="decision pill"></span></header>'
        f'<figure class="asked">{picture_html(query.picture, f"The query {name}")}'
        f"{_whole(query)}"
        f"{strip_html(query.more, 'Other photographs of the encounter')}"
        f"<figcaption><strong>Who is this?</strong> {' '.join(filter(None, sentences))}"
        f'</figcaption><p class="decide">'
        + button_html("new", NEW_INDIVIDUAL, "<kbd>n</kbd> New")
        + button_html("skip", "", "<kbd>s</kbd> Skip")
        + '<button type="button" data-search="1"><kbd>/</kbd> Another id</button>'
        f'</p></figure><ol class="candidates">{cards}</ol>{_why(query)}</article>\n'
    )


def _whole(query: Query) -> str:
    if query.whole is None:
        return ""
    photograph, number = split_key(query.image)
    alt = f"The whole photograph {photograph}, in which this animal is number {number}"
    return f'<div class="whole">{picture_html(query.whole, alt)}</div>'


def _why(query: Query) -> str:
    if not query.why:
        return ""
    figures = "".join(
        f'<figure><img src="{text(picture.source)}" alt="{text(caption)}" loading="lazy">'
        f"<figcaption>{text(caption)}</figcaption></figure>"
        for caption, picture in query.why
    )
    return (
        '<details class="why"><summary>What do the scores rest on? <kbd>w</kbd></summary>'
        f'<div class="figures">{figures}</div></details>'
    )


def _difference(query: Query) -> str:
    if len(query.candidates) < 2:
        return ""
    gap = abs(query.candidates[0].score - query.candidates[1].score)
    if not math.isfinite(gap):
        return ""
    return f"The first two scores differ by {f'{gap:.3f}' if gap >= 0.0005 else 'less than 0.001'}."


def _percent(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.1f}%"
