from __future__ import annotations

import json

import pytest

from tf_happywhale.devices.place import Place, place
from tf_happywhale.errors import ConfigError

TWO = ["a:1", "b:1"]


def config(cluster: dict, kind: str = "worker", index: int = 0) -> str:
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Place(0, 1)),
        (config({"worker": ["a:1"]}), Place(0, 1)),
        (config({"worker": TWO}), Place(0, 2)),
        (config({"worker": TWO}, index=1), Place(1, 2)),
        (config({"chief": ["c:1"], "worker": TWO}, "chief"), Place(0, 3)),
        (config({"chief": ["c:1"], "worker": TWO}, index=1), Place(2, 3)),
    ],
)
def test_the_place_is_what_tf_config_says(monkeypatch, text, found):
    monkeypatch.setenv("TF_CONFIG", text)
    assert place() == found
    assert place().chief == (found.index == 0)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", config({"worker": TWO}, index=2), config({"worker": TWO}, "evaluator")],
)
def test_nonsense_is_one_sentence_with_an_example(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ConfigError, match=r'TF_CONFIG.*"cluster"'):
        place()
