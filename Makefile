# The front door. Everything is built by Meson and Ninja below build/.
BUILD := build
PREFIX ?= /usr/local

.PHONY: help setup build run test test-long fuzz bench lint format install clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: ## install the Debian packages that are missing
	@scripts/setup

$(BUILD)/build.ninja: | setup
	@meson setup $(BUILD) --prefix=$(PREFIX) >/dev/null || { cat $(BUILD)/meson-logs/meson-log.txt; exit 1; }

build: setup $(BUILD)/build.ninja ## build build/iolaus
	@ninja -C $(BUILD) --quiet >$(BUILD)/ninja.log || { cat $(BUILD)/ninja.log; exit 1; }
	@ln -sf src/cli/iolaus $(BUILD)/iolaus
	@echo "built $(BUILD)/iolaus"

run: build ## run the experiment, simulated and with real processes, and print its findings
	@$(BUILD)/iolaus sim scenarios/newsroom.yaml
	@scripts/run-drill $(BUILD)/iolaus

test: setup ## run every test, also under the sanitizers
	@scripts/test

test-long: setup ## attack the kill switch a million times in the simulated world
	@scripts/test-long

fuzz: setup ## ten minutes of libFuzzer on each reader of untrusted bytes (FUZZ_SECONDS=N for less)
	@scripts/fuzz

bench: build ## measure speed, as ratios to a floor of the same run
	@scripts/bench

lint: setup ## clang-format, clang-tidy and cppcheck
	@scripts/lint

format: setup ## lay out the sources with clang-format
	@git ls-files '*.c' '*.h' | xargs clang-format -i

install: build ## install binary, library, header, man page and completion below PREFIX
	@meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@meson install -C $(BUILD) --quiet

clean: ## remove what was built
	@rm -rf $(BUILD) build-*
