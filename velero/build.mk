# Included by the Makefile at the root: BIN, GO and VERSION come from there.

.PHONY: plugin
plugin: $(BIN)/velero-plugin-krm ## Build the Velero plugin into bin/.

# Go keeps its own build cache, so this is always asked. No cgo: the binary has
# to start in Velero's image, which has no C library.
.PHONY: $(BIN)/velero-plugin-krm
$(BIN)/velero-plugin-krm:
	@echo "building velero-plugin-krm (the first time Velero's own packages take some minutes)"
	@cd velero && CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/velero-plugin-krm
