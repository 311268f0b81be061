PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
HC18 ?= ../shared/data/hc18

.PHONY: demo test test-slow fuzz lint bench clean

demo:  ## install the light package into a fresh environment and measure phantoms that it makes
	rm -rf $(DEMO_VENV) demo
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/python -m pip install --quiet .
	$(DEMO_VENV)/bin/fetalhead phantom --out demo/phantoms --count 6 --planes 0 --seed 7
	$(DEMO_VENV)/bin/fetalhead measure demo/phantoms/training_set --exclude '*_Annotation.png' \
		--pixel-size-csv demo/phantoms/training_set_pixel_size_and_HC.csv --out demo/results
	$(DEMO_VENV)/bin/python tools/demo_table.py demo/phantoms demo/results

$(VENV)/installed: pyproject.toml requirements-dev.txt constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet -c constraints.txt torch
	$(VENV)/bin/python -m pip install --quiet -c constraints.txt -e '.[all]' -r requirements-dev.txt
	touch $@

test: $(VENV)/installed  ## install everything the tests need, and run the quick ones
	$(VENV)/bin/python -m pytest

test-slow: $(VENV)/installed  ## the slow ones
	$(VENV)/bin/python -m pytest -m slow

fuzz: $(VENV)/installed  ## 10,000 damaged files of each format, read
	$(VENV)/bin/python tools/fuzz_readers.py --count 10000

lint: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

bench: $(VENV)/installed  ## training and measuring speed on this machine
	$(VENV)/bin/python tools/bench.py $(HC18)

clean:
	rm -rf $(VENV) $(DEMO_VENV) demo build dist
