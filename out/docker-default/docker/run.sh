#!/bin/sh
# Runs a container by the profile docker-default: sh run.sh [MORE FLAGS] IMAGE [COMMAND]
exec docker run \
  --ipc private \
  "$@"
