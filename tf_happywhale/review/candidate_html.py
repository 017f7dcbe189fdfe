"""The card of one candidate, as HTML."""

from __future__ import annotations

import math
from html import escape

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.review.block import Candidate, words
from tf_happywhale.review.html_parts import button_html, name_html, picture_html, strip_html


def candidate_html(candidate: Candidate, answer: str, bar: tuple[float, float]) -> str:
    """Return one card.

    Args:
        candidate: an individual, or `new_individual`.
        answer: the true individual; empty if unknown.
        bar: the scores at which the bar is empty and full.
    """
    who = candidate.individual_id
    right = bool(answer) and who == answer
    nobody = who == NEW_INDIVIDUAL
    file = words(candidate.reference_image)
    species = candidate.species.replace("_", " ")
    return "".join(
        [
            f'<li class="candidate{" right" * right}{" nobody" * nobody}">',
            picture_html(None if nobody else candidate.picture, f"{who}, reference image {file}"),
            strip_html(candidate.more, f"More pictures of {who}"),
            f'<span class="rank" title="rank">{candidate.rank}</span>',
            f'<p class="who">{name_html(who)}</p>',
            _detail(f"<bdi>{escape(species)}</bdi>" if species and not nobody else ""),
            _detail("a new individual" if nobody else ""),
            _score(candidate.score, *bar),
            _detail(escape(candidate.common)),
            _detail(escape(candidate.photographs)),
            _detail(f"<bdi>{escape(candidate.seen)}</bdi>" if candidate.seen else ""),
            _detail(
                f'<span class="file" title="{escape(file)}"><bdi>{escape(file)}</bdi></span>'
                if file
                else ""
            ),
            '<p class="mark">✓ right</p>' if right else "",
            _choose(who, candidate.rank),
            "</li>",
        ]
    )


def _detail(inside: str) -> str:
    return inside and f'<p class="detail">{inside}</p>'


def _score(score: float, low: float, high: float) -> str:
    known = math.isfinite(score)
    share = (score - low) / (high - low) if known else 0.0
    percent = f"{100 * min(max(share, 0.0), 1.0):.1f}%"
    return (
        f'<p class="score"><span class="bar"><span style="width:{percent}"></span></span>'
        f"<b>{f'{score:.3f}' if known else 'no score'}</b></p>"
    )


def _choose(who: str, rank: int) -> str:
    if who == NEW_INDIVIDUAL:
        label = f"<kbd>{rank}</kbd> A new one"
        return button_html("new", who, label, str(rank), "It is a new individual")
    label = f"<kbd>{rank}</kbd> This one"
    return button_html("match", who, label, str(rank), f"It is {who}, rank {rank}")
