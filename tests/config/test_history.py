from __future__ import annotations

import pytest

from tf_happywhale.config import load_experiment
from tf_happywhale.errors import ConfigError


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["history.by=intervals"], "set history.by=intervals and history.intervals=TABLE"),
        (["history.intervals=a.csv"], "or neither"),
        (
            ["history.by=intervals", "history.intervals=a.csv", "history.session=year"],
            "leave out history.session",
        ),
        (["history.by=season", "history.session=season"], "each session has one occasion"),
        (["history.seasons={a: [5, 7]}"], "name months that follow one another"),
        (["history.seasons={a: []}"], "name months that follow one another"),
        (["history.seasons={a: [5, 6], b: [6]}"], "has a month twice, in b"),
        (["history.missed=1"], "history.missed"),
    ],
)
def test_what_cannot_be_meant_is_refused(overrides: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_experiment(None, overrides)


def test_values_stay_text() -> None:
    settings = load_experiment(None, ["history.quality=[1, Q2]", "history.seasons={w: [12, 1]}"])
    assert settings.history.quality == ("1", "Q2")
    assert settings.history.seasons == {"w": (12, 1)}
