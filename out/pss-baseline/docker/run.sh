#!/bin/sh
# Runs a container by the profile pss-baseline: sh run.sh [MORE FLAGS] IMAGE [COMMAND]
exec docker run \
  --ipc private \
  "$@"
