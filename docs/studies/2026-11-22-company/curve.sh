#!/usr/bin/env bash
# One image worker at the level ddim-3 under closed and open loops in turn: bash curve.sh OUT, from the project's
# folder after `make`. SECONDS_A_RUN=3 for a try.
set -euo pipefail
out=$1
seconds=${SECONDS_A_RUN:-30}
mkdir -p "$out"
home=$(mktemp -d)
ln -s "$PWD/.storyteller/models" "$home/models"
export STORYTELLER_POLICY=docs/studies/2026-11-22-evidence/policy.toml STORYTELLER_FALLBACK_LEVEL=ddim-25
export STORYTELLER_QUEUE_CAPACITY=10000 STORYTELLER_HOME=$home STORYTELLER_BATCH_CAP=8
.venv/bin/python -m stack up >"$home/stack.log" 2>&1 &
stack=$!
trap 'kill -INT "$stack"; wait "$stack" || true' EXIT
until curl -sf http://127.0.0.1:8000/readyz >/dev/null; do
  kill -0 "$stack" || { cat "$home/stack.log"; exit 1; }
  sleep 0.5
done

run() { # name, options of loadgen run
  local file=$home/$1.jsonl
  .venv/bin/python -m loadgen run --quiet --kind image --level ddim-3 --save-result "$file" "${@:2}"
  gzip -c "$file" >"$out/$1.jsonl.gz"
}

closed() { run "closed-$1" --concurrency "$1" --num-prompts $((seconds * (5 + $1))) --warmup "$1"; }
open() { run "open-$1-$2" --request-rate "$1" --seed "$2" --duration "$seconds"; }

closed 1
open 9.4 1
closed 4
open 5.4 1
closed 2
open 9.4 2
closed 8
run even-9.4 --request-rate 9.4 --burstiness inf --duration "$seconds"
closed 3
