# make demo: see mxmove work, nothing but Go needed
# make test: everything that must hold; Debian 12 and root, for it starts real mail servers
# make soak: the same, far more of it: some hours
# make bench, make lint

GO := go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
PEERS := /var/cache/mxmove-peers
# the race detector needs a C compiler
RACE := $(if $(shell command -v gcc 2>/dev/null),-race)

.PHONY: demo test soak bench bench-plan bench-copy bench-parts lint check peers
.DEFAULT_GOAL := test

demo:
	@$(GO) run ./cmd/mxmove demo

# Eight tests and four packages at once whatever the cores: most wait for
# servers. The race detector watches what is pure in the tests of all that call
# it; under it (-short) the executor dies at every seventh line only. Some tests
# build the program, which the cache of results does not know of: -count=1.
PURE := ./config/... ./planner/...
test: check peers
	$(GO) test -parallel 8 $(PURE) ./executor
	$(GO) test $(RACE) -count=1 -short -timeout 20m -p 4 -parallel 8 $$($(GO) list ./... | grep -v -e /mxmove/config -e /mxmove/planner)

# A thousand kills, all of the corpus between all servers, and a million messages compared, in two servers of the
# test's own process: some minutes, 1.5 GB for these. A failure tells the flags that repeat its moments.
soak: peers
	$(GO) test -count=1 -timeout 3h -v -run TestKilledAtSeededMoments ./cmd/mxmove -args -kills 1000 -kill-lanes 10
	$(GO) test -count=1 -timeout 1h -v -run TestSaturdayKilled ./providers/providertest/saturday -args -kills 30
	$(GO) test -count=1 -timeout 1h -v -run TestSaturdayLost ./providers/providertest/saturday -args -losses 30
	$(GO) test -count=1 -timeout 1h -v -run TestEveryPairOfServers ./providers/mailstore -args -pair-mails 1337
	$(GO) test -count=1 -timeout 20m -v -run TestVerifyOfVeryMany ./providers/mailstore -args -verify-mails 1000000

bench: bench-plan bench-copy

# validate and plan --against for 10,000 mailboxes, as people run them: time of
# the best of five runs, and the greatest memory
bench-plan:
	@$(GO) test -run '^$$' -bench TenThousand -benchtime 5x ./cmd/mxmove

# how fast mailboxes are copied, beside mbsync and dsync; writes README's table
bench-copy: peers
	@mkdir -p bin
	$(GO) run ./providers/providertest/speed -readme README.md -json bin/bench-copy.json

# single parts, for who works on them
bench-parts: peers
	$(GO) test -run '^$$' -bench . -benchmem -timeout 30m ./...

lint: check
	$(GO) run $(STATICCHECK) ./...

check:
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt -w $$unformatted"; exit 1; }
	$(GO) vet ./...

# The tests install what they lack by themselves; done here first, a slow
# mirror does not count against their time-out.
peers:
	@[ "$$(id -u)" -eq 0 ] || { echo "the tests start mail servers, which needs root: sudo make test, or run it in a container"; exit 1; }
	@mkdir -p $(PEERS)
	@flock $(PEERS)/install.lock bash providers/providertest/peer/files/install.sh $(PEERS) dovecot cyrus courier mbsync bind knot unbound tools
