#!/bin/sh
# Runs a container by the profile worked-database: sh run.sh [MORE FLAGS] IMAGE [COMMAND]
# Not said: volumes: an image may declare VOLUMEs, which docker mounts without a flag.
exec docker run \
  --security-opt no-new-privileges \
  --read-only \
  --cap-drop ALL \
  --user 65534:65534 \
  --ipc private \
  "$@"
