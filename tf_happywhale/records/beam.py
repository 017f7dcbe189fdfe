"""The shards of an experiment written by an Apache Beam pipeline, the same bytes as here.

A job is a shard: each worker reads its photographs and writes it, so that photographs and records
must lie where all workers see them. Needs the extra `beam`.
"""

from __future__ import annotations

from functools import partial

from tf_happywhale.errors import ConfigError
from tf_happywhale.records.plan import CropFormat
from tf_happywhale.records.shards import ShardJob, make_record, write_shard


def write_with_beam(jobs: list[ShardJob], pixels: CropFormat, options: list[str]) -> None:
    """Write the shards of `jobs` with the runner that `options` name, and wait for it.

    Args:
        jobs: the missing shards.
        pixels: how photographs become crops.
        options: as on a Beam command line, such as `--runner=FlinkRunner`.

    Raises:
        ConfigError: Apache Beam is not installed.
    """
    try:
        import apache_beam as beam
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError:
        raise ConfigError(
            "records.engine=beam needs Apache Beam: pip install 'tf-happywhale[beam]'."
        ) from None
    if not jobs:
        return
    # Leaving the pipeline's context waits for it to finish, and raises what a worker raised.
    with beam.Pipeline(options=PipelineOptions(options)) as pipeline:
        _ = (
            pipeline
            | beam.Create(jobs)
            | beam.Reshuffle()  # else one worker would get them all
            | beam.Map(partial(write_job, pixels=pixels))
        )


def write_job(job: ShardJob, pixels: CropFormat) -> None:
    """Write one shard; runs in a worker, again where an earlier try was lost."""
    write_shard(job, (make_record(photograph, pixels) for photograph in job.photographs))
