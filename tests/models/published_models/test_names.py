from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.published_stand_in import NAME, TINY, use
from tf_happywhale.errors import InputError
from tf_happywhale.models.published_models.fetching import fetch_model
from tf_happywhale.models.published_models.names import (
    address_of,
    describe,
    list_published,
    published_named,
)


def test_an_unknown_name_is_answered_with_the_nearest(monkeypatch, tmp_path: Path) -> None:
    use(monkeypatch, tmp_path)
    with pytest.raises(InputError, match=r"no published model 'tinyfn': the nearest is tinyfin"):
        published_named("tinyfn")
    assert published_named(NAME) is TINY


def test_the_table_says_what_is_here_and_what_is_to_be_accepted(
    monkeypatch, tmp_path: Path
) -> None:
    limited = replace(TINY, name="limited", licence="CC-BY-NC-4.0", restricted="use for money")
    file = use(monkeypatch, tmp_path, TINY, limited)
    fetch_model(TINY, file)
    lines = {line.split()[0]: line for line in list_published()}
    assert lines["name"].split()[:5] == ["name", "network", "numbers", "pixels", "here"]
    assert lines[NAME].split() == (
        ["tinyfin", "tiny", "24", "64", "yes", "CC-BY-4.0", "somebody's", "dolphins"]
    )
    assert lines["limited"].split()[4:7] == ["no", "CC-BY-NC-4.0", "(*)"]
    assert "models list NAME" in lines["(*)"]
    said = "\n".join(describe(limited))
    for part in ("use for money", "GeM, BatchNorm", "64 px", "hf://nobody/tinyfin/tinyfin.safe"):
        assert part in said


def test_a_file_has_an_address_or_none() -> None:
    assert address_of(TINY) == "hf://nobody/tinyfin/tinyfin.safetensors"
    whole = replace(TINY, source="https://example.org/tinyfin.safetensors")
    assert address_of(whole) == "https://example.org/tinyfin.safetensors"
    assert address_of(replace(TINY, source="")) is None
