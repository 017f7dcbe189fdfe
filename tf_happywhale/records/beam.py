"""Write shards with an Apache Beam pipeline; the bytes are the same as without it.

Each worker reads the photographs of a shard and writes it, so all workers must see the photographs
and the records folder. This needs the extra `beam`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tf_happywhale.beam_workers import on_workers
from tf_happywhale.records.plan import CropFormat
from tf_happywhale.records.shards import ShardJob, make_record, write_shard


def write_with_beam(jobs: list[ShardJob], crop_format: CropFormat, options: Sequence[str]) -> None:
    """Write the shards of `jobs` with the runner that `options` name, and wait for it.

    Args:
        jobs: the missing shards.
        crop_format: how crops are stored.
        options: as on a Beam command line, such as `--runner=FlinkRunner`.

    Raises:
        ConfigError: Apache Beam is not installed.
    """
    on_workers(jobs, partial(write_job, crop_format=crop_format), options)


def write_job(job: ShardJob, crop_format: CropFormat) -> None:
    """Write one shard, in a worker; Beam calls it again if an earlier try was lost."""
    write_shard(job, (make_record(photograph, crop_format) for photograph in job.photographs))
