#!/bin/sh
# Equality of variable-length attention, then tokens/s and MFU of the recipes on this machine's GPU.
# Usage: tests/benchmarks/pretrain_gpu.sh TOKENS_FOLDER TOKENIZER [MINUTES]; PYTHON names the interpreter.
set -eu
python=${PYTHON:-.venv/bin/python}
tokens=$1 tokenizer=$2 minutes=${3:-3}
"$python" -c 'import torch, sys; sys.exit(None if torch.cuda.is_available() else "no CUDA device")'
"$python" -m pytest -m gpu tests/medbert/test_model.py
out=$(mktemp -d)
for recipe in published modern; do
    "$python" -m medbert.pretrain --tokens-folder "$tokens" --tokenizer "$tokenizer" \
        --output "$out/$recipe" --recipe "$recipe" --minutes "$minutes"
    "$python" - "$out/$recipe/log.jsonl" "$recipe" <<'PYTHON'
import json, statistics, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
for phase in sorted({line["phase"] for line in lines}):
    steady = [line for line in lines if line["phase"] == phase][2:]
    for name in ("tokens_per_second", "mfu", "memory"):
        values = [line[name] for line in steady if name in line]
        value = statistics.median(values) if values else None
        print(json.dumps({"measure": f"{sys.argv[2]} phase {phase} {name}", "value": value}))
PYTHON
done
