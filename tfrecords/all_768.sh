#!/usr/bin/env bash
# All crops of an image in one example, for training that draws one a step (augment.crops):
#   tfrecords/all_768.sh data.root=data/happywhale records.dir=records [key=value ...]
set -euo pipefail
settings=(name=all_768 image_size=768 records.source=fullbody output=output/tfrecords
    'records.more_sources=[backfin, whole]')
${PYTHON:-python} -m tf_happywhale.tfrecords write "${settings[@]}" "$@"
${PYTHON:-python} -m tf_happywhale.tfrecords verify "${settings[@]}" "$@"
