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
