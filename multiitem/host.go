package multiitem

import (
	"os"
	"slices"
	"strings"

	plugin "github.com/hashicorp/go-plugin"
)

// KindsEnv is the environment variable in which a host tells the plugin
// processes that it starts which kinds it knows beyond those of Velero:
// "BackupMultiItemAction,RestoreMultiItemAction". A stock Velero does not start
// with a plugin that lists a kind it does not know (pkg/plugin/framework/
// plugin_lister.go of 1.16 to 1.18: "invalid plugin kind"), so a plugin lists
// no other than these.
const KindsEnv = "VELERO_PLUGIN_KINDS"

// ConfigureHost makes the configuration of a plugin process one of a host of
// multi-item actions: it adds [HostPlugins] to the kinds that can be dispensed
// and sets [KindsEnv]. config.Cmd must be set.
func ConfigureHost(config *plugin.ClientConfig) {
	if config.Plugins == nil {
		config.Plugins = map[string]plugin.Plugin{}
	}
	names := make([]string, 0, 2)
	for _, kind := range Kinds() {
		config.Plugins[string(kind)] = &grpcPlugin{kind: kind}
		names = append(names, string(kind))
	}
	config.Cmd.Env = append(config.Cmd.Env, KindsEnv+"="+strings.Join(names, ","))
}

// HostKinds returns the kinds that the host of this plugin process knows, as
// [KindsEnv] tells: none on a stock Velero. A plugin lists these alone.
func HostKinds() []Kind {
	told := strings.Split(os.Getenv(KindsEnv), ",")
	return slices.DeleteFunc(Kinds(), func(k Kind) bool { return !slices.Contains(told, string(k)) })
}
