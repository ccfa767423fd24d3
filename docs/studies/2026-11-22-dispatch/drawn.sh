#!/usr/bin/env bash
# Two real image workers under both rules, in the order shared, jsq, jsq, shared, from the project's folder.
set -euo pipefail
export STORYTELLER_POLICY=docs/studies/2026-11-22-evidence/policy.toml STORYTELLER_FALLBACK_LEVEL=ddim-25
export STORYTELLER_QUEUE_CAPACITY=10000

run() { # rule, seed
  STORYTELLER_DISPATCH=$1 .venv/bin/python -m stack up --formation image-worker=2 >"/tmp/stack-$1-$2.log" 2>&1 &
  until curl -sf http://127.0.0.1:8000/readyz >/dev/null; do sleep 0.5; done
  .venv/bin/python -m loadgen sweep --quiet --kind image --policies fixed:ddim-25 --rates 4.7 --duration 40 \
    --seed "$2" --patience 60 --drain 60 --out "drawn-$1-$2"
  kill -INT $! && wait $! || true
}

run shared 1
run jsq 1
run jsq 2
run shared 2
