# Each target makes what it needs: `make demo` and `make test` work on a bare checkout.
PYTHON ?= python3
PY = .venv/bin/python

.PHONY: help demo test docs bench-seed bench-input bench-writing test-beam parity-lite0 clean

help:
	@echo "make demo          the whole road on the synthetic pod (about ten minutes on two cores)"
	@echo "make test          style and tests"
	@echo "make docs          docs/config.md from the code"
	@echo "make bench-seed DATA=DIR   the seed's recipe in PyTorch, to compare with (own environment)"
	@echo "make bench-input   batches a second, beside Keras layers and PyTorch (own environment)"
	@echo "make bench-writing photographs to TFRecords, beside the seed's way"
	@echo "make test-beam     Apache Beam on two worker processes (own environment)"
	@echo "make parity-lite0  PyTorch's lite0 against ours (own environment)"

demo: .venv/installed
	$(PY) -m tf_happywhale.demo configs/demo.yaml

test: .venv/installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pytest

docs: .venv/installed
	$(PY) docs/config_reference.py > docs/config.md

bench-seed: .venv-torch/installed
	.venv-torch/bin/python benchmarks/seed_torch.py --data $(DATA) $(ARGS)

bench-input: .venv/installed .venv-torch/installed
	$(PY) benchmarks/input.py --torch .venv-torch/bin/python $(ARGS)

bench-writing: .venv/installed
	$(PY) benchmarks/writing.py $(ARGS)

test-beam: .venv-beam/installed
	PYTHONPATH=. .venv-beam/bin/python tests/records/two_workers.py

parity-lite0: .venv/installed .venv-torch/installed
	.venv-torch/bin/python benchmarks/parity_lite0.py .venv-torch/lite0.npz
	$(PY) benchmarks/parity_lite0_keras.py .venv-torch/lite0.npz

.venv/installed: pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and 'Python 3.11 or 3.12 is needed: make PYTHON=python3.11')"
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install --quiet --editable '.[tf,test]'
	touch $@

.venv-torch/installed: benchmarks/requirements-torch.txt
	$(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python -m pip install --quiet --upgrade pip
	.venv-torch/bin/python -m pip install --quiet --requirement $<
	touch $@

.venv-beam/installed: pyproject.toml
	$(PYTHON) -m venv .venv-beam
	.venv-beam/bin/python -m pip install --quiet --upgrade pip
	.venv-beam/bin/python -m pip install --quiet --editable '.[tf,beam]'
	touch $@

clean:
	rm -rf .venv .venv-torch .venv-beam output build *.egg-info
