#!/bin/sh
# Runs a container by the profile pss-restricted: sh run.sh [MORE FLAGS] IMAGE [COMMAND]
# Not said: runAsNonRoot: docker cannot refuse an image that runs as root.
# Not said: volumes: an image may declare VOLUMEs, which docker mounts without a flag.
exec docker run \
  --security-opt no-new-privileges \
  --cap-drop ALL \
  --ipc private \
  "$@"
