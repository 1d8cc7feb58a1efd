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
	@$(PLUGIN_IMAGE_GO) -ldflags '-s -w' -o $(BIN)/image/functions/krm-functions ./cmd/krm-functions
	@cd velero && $(PLUGIN_IMAGE_GO) -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN)/image/plugins/velero-plugin-krm ./cmd/velero-plugin-krm
	@cd velero && $(PLUGIN_IMAGE_GO) -ldflags '-s -w' -o $(BIN)/image/install ./cmd/install
