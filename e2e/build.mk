# The programs of the real stack, built from the modules that e2e/go.mod and
# e2e/controlplane/go.mod pin. Included by the Makefile at the root; works alone
# too: make -f e2e/build.mk stack. A program is rebuilt when what it is built
# from changes: the module files, or our own source.

BIN ?= bin

E2E_GO ?= go
E2E_VELERO_VERSION := v1.18.3
# The newest of the older releases that the plugin must start on.
E2E_VELERO_OLDER := v1.16.2 v1.17.2
KUBE_VERSION := v1.34.3

# Clients parse the version of a server, so it must be set as a release sets it.
# The date is fixed so that a rebuild gives the same file.
E2E_KUBE_PKG := k8s.io/component-base/version
E2E_KUBE_LDFLAGS := -s -w \
	-X $(E2E_KUBE_PKG).gitVersion=$(KUBE_VERSION) \
	-X $(E2E_KUBE_PKG).gitMajor=1 \
	-X $(E2E_KUBE_PKG).gitMinor=34 \
	-X $(E2E_KUBE_PKG).gitCommit=$(KUBE_VERSION) \
	-X $(E2E_KUBE_PKG).gitTreeState=clean \
	-X $(E2E_KUBE_PKG).buildDate=2025-01-01T00:00:00Z
# The last one: Velero leaves the listener of controller-runtime's metrics at its
# default, port 8080 of every address, and has no flag for it; a second server
# on the machine would not start.
# e2e_velero_ldflags,version
e2e_velero_ldflags = -s -w \
	-X github.com/vmware-tanzu/velero/pkg/buildinfo.Version=$(1) \
	-X github.com/vmware-tanzu/velero/pkg/buildinfo.GitTreeState=clean \
	-X sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress=127.0.0.1:0

E2E_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
E2E_MOD := $(E2E_DIR)/go.mod $(E2E_DIR)/go.sum
E2E_CONTROLPLANE_SRC := $(E2E_DIR)/controlplane/go.mod $(E2E_DIR)/controlplane/go.sum \
	$(filter-out %_test.go,$(wildcard $(E2E_DIR)/controlplane/*.go))

# No -trimpath and no CGO_ENABLED here: with them nothing compiled for these
# programs would serve the tests, and minutes of compiling would be done twice.
# e2e_build,module folder,package,output,ldflags
define e2e_build
	@mkdir -p $(BIN)
	@$(E2E_GO) build -C $(1) -ldflags '$(4)' -o $(abspath $(3)) $(2)
endef

.PHONY: stack controlplane velero-stock velero-stock-older velero-plugin-for-aws versitygw

stack: controlplane velero-stock velero-plugin-for-aws versitygw ## Build the programs of the test stack (about 12 minutes the first time on two cores)

controlplane: $(BIN)/controlplane ## Build etcd and kube-apiserver

velero-stock: $(BIN)/velero-stock ## Build Velero as released

velero-stock-older: $(E2E_VELERO_OLDER:%=$(BIN)/velero-stock-%) ## Build the newest of Velero's older releases

velero-plugin-for-aws: $(BIN)/velero-plugin-for-aws ## Build Velero's plugin for S3

versitygw: $(BIN)/versitygw ## Build the S3 server

$(BIN)/controlplane: $(E2E_CONTROLPLANE_SRC)
	@echo "build   controlplane: etcd and kube-apiserver $(KUBE_VERSION) (about 5 minutes when nothing is cached)"
	$(call e2e_build,$(E2E_DIR)/controlplane,.,$@,$(E2E_KUBE_LDFLAGS))

$(BIN)/velero-stock: $(E2E_MOD)
	@echo "build   velero-stock: Velero $(E2E_VELERO_VERSION) (about 4 minutes when nothing is cached)"
	$(call e2e_build,$(E2E_DIR),github.com/vmware-tanzu/velero/cmd/velero,$@,$(call e2e_velero_ldflags,$(E2E_VELERO_VERSION)))

# From their own go.mod, in the module cache: they share no module graph with
# the newest.
$(BIN)/velero-stock-%:
	@echo "build   velero-stock-$*: Velero $* (about 3 minutes when nothing is cached)"
	@cd $(E2E_DIR) && $(E2E_GO) mod download github.com/vmware-tanzu/velero@$*
	$(call e2e_build,"$$($(E2E_GO) env GOMODCACHE)/github.com/vmware-tanzu/velero@$*",./cmd/velero,$@,$(call e2e_velero_ldflags,$*))

$(BIN)/velero-plugin-for-aws: $(E2E_MOD)
	@echo "build   velero-plugin-for-aws"
	$(call e2e_build,$(E2E_DIR),github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws,$@,-s -w)

$(BIN)/versitygw: $(E2E_MOD)
	@echo "build   versitygw, the S3 server"
	$(call e2e_build,$(E2E_DIR),github.com/versity/versitygw/cmd/versitygw,$@,-s -w)
