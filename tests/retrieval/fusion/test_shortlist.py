"""Shortlists, written out by hand."""

from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.fusion.shortlist import kept_share, shortlist

COSINE = np.array([[0.9, 0.1, 0.5, -0.2], [0.2, 0.3, 0.3, 0.1]], np.float32)


def test_the_nearest_are_taken() -> None:
    assert shortlist(COSINE, 2).tolist() == [[0, 0], [0, 2], [1, 1], [1, 2]]
    assert shortlist(COSINE, 1).tolist() == [[0, 0], [1, 1]]  # equal cosines: the first
    assert len(shortlist(COSINE, 4)) == len(shortlist(COSINE, 9)) == 8
    assert len(shortlist(COSINE, 0)) == 0


def test_what_is_not_allowed_is_never_taken() -> None:
    allowed = np.array([[False, True, True, True], [False, False, False, False]])
    assert shortlist(COSINE, 2, allowed).tolist() == [[0, 1], [0, 2]]
    assert shortlist(COSINE, 4, allowed).tolist() == [[0, 1], [0, 2], [0, 3]]


def test_the_preferred_come_before_nearer_ones() -> None:
    preferred = np.array([[False, True, False, True], [True, True, True, True]])
    found = shortlist(COSINE, 3, preferred=preferred)
    assert found.tolist() == [[0, 0], [0, 1], [0, 3], [1, 0], [1, 1], [1, 2]]


def test_the_share_that_is_kept_counts_questions_with_an_answer() -> None:
    right = np.array([[True, False, False, True], [False] * 4, [False, True, False, False]])
    pairs = np.array([[0, 3], [1, 2], [2, 0]])
    assert kept_share(pairs, right) == 0.5
    assert np.isnan(kept_share(pairs, np.zeros((3, 4), bool)))
