# make        builds bin/nacre, with the embedded voice and the dashboard, and bin/speech: what hears and speaks with models
# make demo   builds, then calls sixty simulated people and shows what came of it
# make screenshots  every page of the dashboard with the data of a demo, in web/screenshots
# make test   everything: what the tests need is installed where it may be, nothing is left out
# make chaos  a campaign over PostgreSQL that is cut off, silenced and killed, for minutes
# make bench  ratios against raw limits measured in the same run
# make bench-amd  answering machine detection over a made corpus, beside Asterisk's; minutes the first time
# make lint   formatting, vet, staticcheck, known vulnerabilities where their database can be reached
# make sherpa  fetches the library that hears with recognisers of your own (GPL-3: espeak-ng is in it) into bin/speech
# make release  builds with the newest patch of the Go that go.mod names, which is downloaded if it is not here

VOICE = internal/voice/flite/module/flite.wasm
SPEECH = bin/speech/manifest.json
# The dashboard, of its sources and of the API's description.
WEB = web/dist/app/index.html
WEB_MODULES = web/node_modules/.package-lock.json
WEB_SOURCES = $(shell find web/src web/public web/index.html web/vite.config.ts web/tsconfig.json -type f ! -name schema.d.ts ! -name openapi.json) $(shell find internal/api -name '*.go' ! -name '*_test.go')
FETCH = tools/npm/package-lock.json tools/npm/fetch $(wildcard internal/speech/fetch/*.go)
GO = go
# Packages whose tests hold real calls in real time: they run by themselves, one after another, so that audio finds a core.
REALTIME = -e nacre/internal/app -e nacre/internal/telephony -e nacre/internal/media -e nacre/test/
# SQLite's own code, translated from C, is not watched for races: it locks by itself, and takes twice as long watched. Only code that
# makes no instance of a generic of the standard library may be left out: the linker keeps one instance for all packages.
RACE = -race '-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0'

.PHONY: all build sherpa release demo screenshots test chaos bench bench-amd lint clean

all: build

$(VOICE): $(FETCH)
	tools/npm/fetch voice
	@touch $@

# Fetches what has changed since the last time.
$(SPEECH): $(FETCH)
	tools/npm/fetch speech bin/speech

# Only where it is asked for, and by the tests; it stays until make clean.
sherpa: $(SPEECH)
	tools/npm/fetch sherpa bin/speech

# Packages' own scripts never run (web/.npmrc).
$(WEB_MODULES): web/package.json web/package-lock.json
	cd web && npm ci --no-progress --loglevel error
	@touch $@

$(WEB): $(WEB_MODULES) $(WEB_SOURCES)
	$(GO) run ./web/openapi >web/src/api/openapi.json
	cd web && npm run --silent build

build: $(VOICE) $(SPEECH) $(WEB)
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags "$$(tools/revision)" -o bin/nacre ./cmd/nacre
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o bin/speech/nacre-speech ./cmd/nacre-speech

# Everything else is built by the Go that is here (go.mod: 1.26 or later), without a download.
release:
	toolchain=$$($(GO) list -m -f '{{.Version}}' toolchain@$$($(GO) list -m -f 'go{{.GoVersion}}' | cut -d. -f1,2)) && GOTOOLCHAIN=$$toolchain $(MAKE) build

demo: build
	bin/nacre demo

screenshots: build
	tools/require-packages
	node web/test/screenshots.mjs bin/nacre web/screenshots

test: $(VOICE) $(SPEECH) sherpa $(WEB)
	tools/require-packages
	$(GO) vet ./...
	tools/fuzz
	$(GO) test $(RACE) -timeout 25m $$($(GO) list ./... | grep -v $(REALTIME))
	$(GO) test $(RACE) -timeout 25m -p 1 $$($(GO) list ./... | grep $(REALTIME))

# Within make test the chaos test takes half a minute of trouble; here it takes NACRE_CHAOS.
chaos: $(VOICE)
	NACRE_CHAOS=$${NACRE_CHAOS:-5m} $(GO) test $(RACE) -timeout 30m -count 1 -v ./test/chaos

bench: build
	tools/require-packages
	bench/run

bench-amd: build
	nice -n 10 bin/nacre amd --make --wrong bin/amd

lint:
	@unformatted=$$(gofmt -l cmd internal examples bench test web/*.go web/openapi); test -z "$$unformatted" || { echo "not formatted: $$unformatted" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) build -modfile=tools/go.mod -o bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	bin/staticcheck ./...
	$(GO) build -modfile=tools/go.mod -o bin/govulncheck golang.org/x/vuln/cmd/govulncheck
	tools/vulnerabilities

clean:
	rm -rf bin
