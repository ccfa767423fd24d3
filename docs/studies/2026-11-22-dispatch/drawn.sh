#!/usr/bin/env bash
# Two real image workers under both rules, in the order shared, jsq, jsq, shared: bash drawn.sh OUT, from the
# project's folder after `make`. SECONDS_A_RUN=5 for a try.
set -euo pipefail
out=$1
mkdir -p "$out"
export STORYTELLER_POLICY=docs/studies/2026-11-22-evidence/policy.toml STORYTELLER_FALLBACK_LEVEL=ddim-25
export STORYTELLER_QUEUE_CAPACITY=10000

run() { # rule, seed
  local home stack
  home=$(mktemp -d)
  ln -s "$PWD/.storyteller/models" "$home/models"
  STORYTELLER_HOME=$home STORYTELLER_DISPATCH=$1 \
    .venv/bin/python -m stack up --formation image-worker=2 >"$home/stack.log" 2>&1 &
  stack=$!
  until curl -sf http://127.0.0.1:8000/readyz >/dev/null; do sleep 0.5; done
  .venv/bin/python -m loadgen sweep --quiet --kind image --policies fixed:ddim-25 --rates 4.7 \
    --duration "${SECONDS_A_RUN:-40}" --seed "$2" --patience 60 --drain 60 --out "$home/runs"
  kill -INT "$stack"
  wait "$stack" || true
  gzip -c "$home/runs/fixed_ddim-25-4.7-1.jsonl" >"$out/$1-$2.jsonl.gz"
}

run shared 1
run jsq 1
run jsq 2
run shared 2
