// Command velero-plugin-krm runs pipelines of KRM functions in Velero: its image
// copies it into Velero's plugin folder and Velero starts it. A Velero with
// multi-item actions calls these; a stock one the others.
package main

import (
	"github.com/spf13/pflag"
	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/pipeline"

	"github.com/velero-krm/velero-krm/velero/framework"
	"github.com/velero-krm/velero-krm/velero/plugin"
)

// version is set when it is built (build.mk).
var version = "devel"

func main() {
	host := plugin.NewHost(version, plugin.Catalog{Find: builtin, Names: catalog.Names()}, pflag.CommandLine)
	defer host.Close()
	framework.NewServer().
		BindFlags(pflag.CommandLine).
		RegisterBackupItemActionV2(plugin.Name, host.NewBackupItemAction).
		RegisterRestoreItemActionV2(plugin.Name, host.NewRestoreItemAction).
		RegisterBackupMultiItemAction(plugin.Name, host.NewBackupMultiItemAction).
		RegisterRestoreMultiItemAction(plugin.Name, host.NewRestoreMultiItemAction).
		Serve()
}

func builtin(name string) (pipeline.Builtin, bool) { return catalog.Lookup(name) }
