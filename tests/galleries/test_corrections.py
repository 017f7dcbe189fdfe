"""What the command says of a correction."""

from __future__ import annotations

from pathlib import Path

from tests.galleries.test_carried_corrections import build, who
from tf_happywhale.galleries.corrections import correct


def test_an_image_that_is_moved_to_nobody_known_makes_a_new_individual(
    tmp_path: Path, capsys
) -> None:
    gallery = build(tmp_path / "whales", "first", ["a.jpg", "b.jpg", "c.jpg"], ["9", "Zoe", "1"])
    correct(gallery, "move", ["a.jpg", "Zo"])
    assert "Zo is a new individual (the nearest is Zoe): if it is none" in capsys.readouterr().out
    correct(gallery, "move", ["a.jpg", "Zoe"])
    assert "new individual" not in capsys.readouterr().out
    assert who(tmp_path / "whales") == {"a.jpg": "Zoe", "b.jpg": "Zoe", "c.jpg": "1"}
