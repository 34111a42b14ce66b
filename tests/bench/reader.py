"""Measures the reader against PyYAML's fastest safe loader: `python -m tests.bench.reader`.

Both read the same Deployments in one process, in turns, and the best turn of each counts: a ratio
of CPU times holds where seconds do not. Exit 1 below the floor.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from typing import TYPE_CHECKING

import yaml

from capgen.reader import Document, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

FLOOR = 1.8
TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart-{n}
  namespace: shop-{team}
  labels:
    app.kubernetes.io/name: cart-{n}
    app.kubernetes.io/version: "1.27.{patch}"
    app.kubernetes.io/managed-by: Helm
  annotations:
    prometheus.io/scrape: "true"
    checksum/config: {digest:064x}
spec:
  replicas: {patch}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 25%
      maxUnavailable: 0
  selector:
    matchLabels:
      app.kubernetes.io/name: cart-{n}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: cart-{n}
    spec:
      serviceAccountName: cart-{n}
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: {user}
        fsGroup: {user}
        seccompProfile:
          type: RuntimeDefault
      containers:
      # one process a container
      - name: app
        image: registry.example.com/shop/cart-{n}:1.27.{patch}
        imagePullPolicy: IfNotPresent
        args: ["--port=8080", "--log-level=info"]
        command:
        - /bin/sh
        - -c
        - |
          set -eu
          [ "$MODE" != debug ] && exec /app/serve "$@"
          exec /app/debug "$@" 2>&1
        ports:
        - name: http
          containerPort: 8080
        - name: metrics
          containerPort: 9102
          protocol: TCP
        env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: DB_HOST
          value: "postgres.shop-{team}.svc.cluster.local"
        - name: DB_PASSWORD
          valueFrom:
            secretKeyRef:
              name: cart-db
              key: password
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            cpu: "1"
            memory: 512Mi
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
          initialDelaySeconds: 10
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop:
            - ALL
        volumeMounts:
        - name: config
          mountPath: /etc/cart
          readOnly: true
        - name: tmp
          mountPath: /tmp
      volumes:
      - name: config
        configMap:
          name: cart-config-{n}
      - name: tmp
        emptyDir: {{}}
"""


def deployments(count: int) -> bytes:
    """Return that many Deployments as one YAML stream; no two are equal."""
    parts = [
        TEMPLATE.format(n=n, team=n % 20, patch=n % 9, user=10000 + n, digest=n * 7919**12)
        for n in range(count)
    ]
    return "---\n".join(parts).encode()


def _consume(data: bytes) -> int:
    count = 0
    for document in read_bytes(data, "bench.yaml"):
        if not isinstance(document, Document):
            raise SystemExit(f"the reader fails on the bench's own document: {document.error}")
        count += 1
    return count


def _load(data: bytes) -> int:
    return sum(1 for _ in yaml.load_all(io.BytesIO(data), yaml.CSafeLoader))


def measure(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the CPU seconds of the best of `rounds` turns of each."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            work()
            best[name] = min(best[name], time.process_time() - start)
    return best


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    data = deployments(options.documents)
    compact = "\n".join(json.dumps(value) for value in yaml.load_all(data, yaml.CSafeLoader))
    best = measure(
        {
            "CSafeLoader": lambda: _load(data),
            "reader": lambda: _consume(data),
            "reader, JSON": lambda: _consume(compact.encode()),
        },
        options.rounds,
    )
    for name, seconds in best.items():
        size = len(compact) if "JSON" in name else len(data)
        ratio = best["CSafeLoader"] / seconds
        print(f"{name:14} {size / seconds / 1e6:7.2f} MB/s  {ratio:6.2f} x CSafeLoader")
    return 0 if best["CSafeLoader"] / best["reader"] >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
