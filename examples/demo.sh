#!/bin/sh
# The main job on real input: compile the library and a profile of one's own, judge manifests.
# Writes into a temporary folder only.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT INT TERM

echo "== compile: one profile in, every enforcement point out"
for profile in pss/baseline pss/restricted ./examples/web.yaml; do
  capgen compile "$profile" -o "$out" 2>&1 | sed "s#$out#out#"
done
echo
(cd "$out" && find . -type f | sort | sed 's#^\./#  out/#')

echo
echo "== the capabilities rule, as the API server will judge it (out/pss-restricted/vap/pods-policy.yaml)"
sed -n '/- name: capabilities$/,/- name: runAsNonRoot$/p' "$out/pss-restricted/vap/pods-policy.yaml" | sed '$d'

echo
echo "== docker: the same profile as flags (out/web/docker/flags.txt)"
cat "$out/web/docker/flags.txt"

echo
echo "== test: pods that web admits and refuses, for Kyverno's own command line (out/web/kyverno-test/)"
capgen test -p ./examples/web.yaml -t kyverno -o "$out" 2>&1 | sed "s#$out#out#"
find "$out/web/kyverno-test/resources" -name 'run-as-user-*' | sed 's#.*/#  #' | sort

echo
echo "== check: the manifests in examples/shop, by Pod Security's restricted level"
status=0
capgen check -p pss/restricted examples/shop || status=$?
if [ "$status" -ne 1 ]; then
  echo "expected findings (exit 1); got exit $status" >&2
  exit 1
fi
echo
echo "demo: findings as expected; exit $status is what a pipeline would see"
