# Included by the Makefile at the root: BIN, GO and VERSION come from there.

.PHONY: plugin
plugin: $(BIN)/velero-plugin-krm ## Build the Velero plugin into bin/.

# No CGO_ENABLED=0 and no -trimpath here, as for the stack: with them nothing
# that was compiled for Velero would serve the plugin, and minutes of compiling
# would be done twice. deploy/Containerfile sets both for the image.
# Go keeps its own build cache, so this is always asked.
.PHONY: $(BIN)/velero-plugin-krm
$(BIN)/velero-plugin-krm:
	@echo "building velero-plugin-krm"
	@cd velero && $(GO) build -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/velero-plugin-krm

# The image holds nothing but these; static, because it is made from scratch and
# because the plugin runs in Velero's image, whose C library may be another one.
PLUGIN_IMAGE_GO = CGO_ENABLED=0 $(GO) build -trimpath

.PHONY: plugin-image-files
plugin-image-files: ## Build what deploy/Containerfile copies, into bin/image.
	@mkdir -p $(BIN)/image/plugins $(BIN)/image/functions
	@$(PLUGIN_IMAGE_GO) -tags nocel -ldflags '-s -w' -o $(BIN)/image/functions/krm-functions ./cmd/krm-functions
	@$(PLUGIN_IMAGE_GO) -ldflags '-s -w' -o $(BIN)/image/functions/cel ./cmd/krm-functions
	@cd velero && $(PLUGIN_IMAGE_GO) -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN)/image/plugins/velero-plugin-krm ./cmd/velero-plugin-krm
	@cd velero && $(PLUGIN_IMAGE_GO) -ldflags '-s -w' -o $(BIN)/image/install ./cmd/install

# The Velero server with multi-item actions: velero/server/README.md.
VELERO_DEFAULT := v1.18.3
VELERO_VERSION ?= $(VELERO_DEFAULT)
VELERO_TREE = $(BIN)/velero-src/$(VELERO_VERSION)
# As stock Velero beside it: the default is plain, others carry their version.
VELERO_BIN = $(BIN)/velero$(if $(filter-out $(VELERO_DEFAULT),$(VELERO_VERSION)),-$(VELERO_VERSION))
VELERO_BUILDINFO := github.com/vmware-tanzu/velero/pkg/buildinfo
# The version stays that of the release: Velero makes image tags of it, and
# plugins and clients compare it. "Git commit" in `velero version` tells.
VELERO_LDFLAGS = -s -w \
	-X $(VELERO_BUILDINFO).Version=$(VELERO_VERSION) \
	-X $(VELERO_BUILDINFO).GitSHA=$(VELERO_VERSION) \
	-X $(VELERO_BUILDINFO).GitTreeState=multi-item-actions
# For the test stack alone, as for velero-stock in e2e/build.mk: several servers
# on one machine cannot all have controller-runtime's port 8080.
VELERO_STACK_LDFLAGS = -X sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress=127.0.0.1:0
VELERO_SOURCE = cd velero && $(GO) run ./server/cmd/velero-source

.PHONY: velero
velero: velero-source ## Build the Velero server with multi-item actions for the test stack (VELERO_VERSION=v1.18.3).
	@echo "build   velero: Velero $(VELERO_VERSION) with multi-item actions (about 2 minutes when velero-stock is built)"
	@cd $(VELERO_TREE) && $(GO) build -ldflags '$(VELERO_LDFLAGS) $(VELERO_STACK_LDFLAGS)' -o $(VELERO_BIN) ./cmd/velero

.PHONY: velero-source
velero-source: ## Write the edited source of Velero into bin/velero-src.
	@$(VELERO_SOURCE) write -version $(VELERO_VERSION) -dir $(VELERO_TREE)

.PHONY: velero-image-files
velero-image-files: velero-source ## Build the Velero server with multi-item actions for deploy/Containerfile.velero, into bin/velero-image.
	@mkdir -p $(BIN)/velero-image
	@cd $(VELERO_TREE) && $(PLUGIN_IMAGE_GO) -ldflags '$(VELERO_LDFLAGS)' -o $(BIN)/velero-image/velero ./cmd/velero

# go test runs vet, and that refuses Velero 1.16's own pkg/restore/restore.go for
# a format that is no constant: restoreLogger.Errorf(err.Error()).
VELERO_VET = $(if $(filter v1.16.%,$(VELERO_VERSION)),-vet=off)

.PHONY: velero-test
velero-test: velero-source ## Run Velero's unit tests, and ours beside them, on the edited source (VELERO_VERSION=v1.18.3).
	@cd $(VELERO_TREE) && $(GO) test $(VELERO_VET) -timeout 15m ./pkg/backup/... ./pkg/restore/... ./pkg/plugin/...

.PHONY: velero-diff
velero-diff: ## Print the whole change to Velero as one unified diff (VELERO_VERSION=v1.18.3).
	@$(VELERO_SOURCE) diff -version $(VELERO_VERSION)

.PHONY: velero-gomod
velero-gomod: ## Write go.mod and go.sum of the edited source anew, for every version.
	@velero/server/versions/update.sh

.PHONY: velero-verify
velero-verify: ## Check that go.mod of the edited source is tidy, for every version.
	@for v in $(notdir $(wildcard velero/server/versions/v*)); do \
		echo "tidy Velero $$v"; \
		(cd velero && $(GO) run ./server/cmd/velero-source write -version $$v -dir $(BIN)/velero-src/$$v); \
		(cd $(BIN)/velero-src/$$v && $(GO) mod tidy -diff); \
	done
