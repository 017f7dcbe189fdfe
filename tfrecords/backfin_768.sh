#!/usr/bin/env bash
# The original's backfin crops at 768 pixels:
#   tfrecords/backfin_768.sh data.root=data/happywhale records.dir=records [key=value ...]
set -euo pipefail
settings=(name=backfin_768 image_size=768 records.source=backfin output=output/tfrecords)
${PYTHON:-python} -m tf_happywhale.tfrecords write "${settings[@]}" "$@"
${PYTHON:-python} -m tf_happywhale.tfrecords verify "${settings[@]}" "$@"
