"""What needs no Beam; `make test-beam` runs the pipeline itself on two worker processes."""

from __future__ import annotations

import sys

import pytest

from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import ConfigError
from tf_happywhale.records.beam import write_job, write_with_beam
from tf_happywhale.records.shards import make_jobs
from tf_happywhale.records.writer import write_records


def test_without_beam_the_fix_is_named(make_plan, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    plan = make_plan(2)
    with pytest.raises(ConfigError, match=r"pip install 'tf-happywhale\[beam\]'"):
        write_records(plan, shard_images=2, made_by={}, beam_options=[])
    with pytest.raises(ConfigError, match="needs Apache Beam"):
        write_with_beam([], plan.crop_format, [])


def test_a_workers_job_is_the_local_shard_byte_by_byte(make_plan, tmp_path) -> None:
    plan = make_plan(7, 2)
    write_records(plan, shard_images=2, made_by={})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for job in make_jobs(elsewhere, plan.dataset, plan.photographs, 2):
        write_job(job, plan.crop_format)
    local, remote = (
        {path.name: sha256(path) for path in folder.glob("*.tfrec")}
        for folder in (plan.folder, elsewhere)
    )
    assert local == remote
    assert len(remote) == 5
