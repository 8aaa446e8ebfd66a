#!/bin/sh
# Equality of variable-length attention, tokens/s and MFU of the recipes, a profile and a curve on this machine's GPU.
# Usage: tests/benchmarks/pretrain_gpu.sh [--dry-run] [--tokens N] [--tokens-folder DIR --tokenizer DIR]
# PYTHON names the interpreter. With --dry-run all is done in small on the CPU.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
case " $* " in
*" --dry-run "*) ;;
*) "$python" -m pytest -m gpu tests/medbert/test_model.py ;;
esac
exec "$python" -m tests.benchmarks.pretrain_gpu "$@"
