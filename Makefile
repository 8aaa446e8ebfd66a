PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
CORPUS ?= build/corpus
GERMEVAL ?=
MODELS := $(foreach name,medbert.de medbert.de-dedup,--model $(subst medbert,medBERT,$(name))=build/models/$(name)) \
  $(foreach name,bert roberta modernbert deberta,--model tiny-$(name)=build/tiny/$(name))
DAGS ?= .venv-dags
DAGS_OPTIONS ?=

.PHONY: corpus test check bench train evaluate dags portable clean

corpus: $(VENV)/.installed-corpus  ## build the corpus of generated samples
	$(BIN)/python -m pipelines.build_corpus --runner=DirectRunner --output $(CORPUS)

train: $(VENV)/.installed-dev | $(CORPUS)/manifest.json  ## tokenizer and both models, tiny, on the sample corpus
	$(BIN)/python -m medbert.train --corpus $(CORPUS) --output build --recipe tiny --vocabulary-size 2000

evaluate: $(VENV)/.installed-dev build/models/medbert.de-dedup/config.json  ## six tiny models on synthetic reports, and on GERMEVAL=DIR
	for task in chest_ct chest_xray; do \
	  $(BIN)/python -m pipelines.samples --benchmark $$task --output build/benchmarks/$$task --documents 600 || exit 1; done
	$(BIN)/python -m tests.medbert.tiny_models --output build/tiny
	OMP_NUM_THREADS=1 $(BIN)/python -m medbert.intrinsic --corpus $(CORPUS) $(MODELS) --words 40 --output build/scores/intrinsic.json
	OMP_NUM_THREADS=1 $(BIN)/python -m medbert.evaluate --task chest_ct=build/benchmarks/chest_ct --task chest_xray=build/benchmarks/chest_xray \
	  --task germeval14=$(GERMEVAL) $(MODELS) --intrinsic build/scores/intrinsic.json --output build/scores --device cpu \
	  --limit 120 --runs 2 --epochs 1 --learning-rates 1e-3 3e-3 --long-texts truncate windows --max-length 64 --training-sizes 40

build/models/medbert.de-dedup/config.json:
	$(MAKE) train

$(CORPUS)/manifest.json:
	$(MAKE) corpus

test: check  ## all checks and tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.installed-dev  ## style, types, architecture, JSON Schemas, documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright
	$(BIN)/python -m pytest tests/schemas/test_json_schemas.py tests/test_docs.py tests/test_architecture.py

bench: $(VENV)/.installed-dev  ## benchmarks against named peers
	for name in $$(grep -l '^def main' tests/benchmarks/*.py); do $(BIN)/python -m tests.benchmarks.$$(basename $$name .py) || exit 1; done

dags: $(VENV)/.installed-dev $(DAGS)/.installed  ## run both Airflow schedules on generated files
	$(DAGS)/bin/python -m pytest tests/dags
	$(DAGS)/bin/python scripts/run_dags.py --project-python $(BIN)/python $(DAGS_OPTIONS)

portable: $(VENV)/.installed-dev  ## the sample corpus on a job service with two workers, and on an object store
	$(BIN)/python -m pytest tests/test_portable.py tests/pipelines/test_runners.py

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-corpus: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[report]'
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[report,train,dev]'
	touch $@ $(VENV)/.installed-corpus

$(DAGS)/.installed: constraints-dags.txt
	$(PYTHON) -m venv $(DAGS)
	$(DAGS)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-dags.txt \
		'apache-airflow>=3.3,<3.4' pytest pytest-timeout websockets
	touch $@

clean:
	rm -rf build
