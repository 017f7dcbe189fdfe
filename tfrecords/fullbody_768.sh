#!/usr/bin/env bash
# The original's fullbody crops at 768 pixels:
#   tfrecords/fullbody_768.sh data.root=data/happywhale records.dir=records [key=value ...]
set -euo pipefail
settings=(name=fullbody_768 image_size=768 records.source=fullbody output=output/tfrecords)
${PYTHON:-python} -m tf_happywhale.tfrecords write "${settings[@]}" "$@"
${PYTHON:-python} -m tf_happywhale.tfrecords verify "${settings[@]}" "$@"
