package multiitem_test

import (
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
	plugin "github.com/hashicorp/go-plugin"

	"github.com/velero-krm/velero-krm/multiitem"
)

func TestHostKinds(t *testing.T) {
	config := &plugin.ClientConfig{Cmd: exec.CommandContext(t.Context(), "plugin")}
	multiitem.ConfigureHost(config)
	if diff := cmp.Diff([]string{multiitem.KindsEnv + "=BackupMultiItemAction,RestoreMultiItemAction"}, config.Cmd.Env); diff != "" {
		t.Errorf("environment of the plugin: -want +got:\n%s", diff)
	}
	for _, kind := range multiitem.Kinds() {
		if config.Plugins[string(kind)] == nil {
			t.Errorf("%s cannot be dispensed", kind)
		}
	}
	cases := map[string]struct {
		reason string
		told   string
		want   []multiitem.Kind
	}{
		"Stock":   {reason: "a Velero that says nothing knows its own kinds only", want: []multiitem.Kind{}},
		"Both":    {reason: "as ConfigureHost says", told: "BackupMultiItemAction,RestoreMultiItemAction", want: multiitem.Kinds()},
		"One":     {reason: "a host may know one", told: "RestoreMultiItemAction", want: []multiitem.Kind{multiitem.KindRestore}},
		"Further": {reason: "a later host may know more", told: "Other,BackupMultiItemAction", want: []multiitem.Kind{multiitem.KindBackup}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv(multiitem.KindsEnv, tc.told)
			if diff := cmp.Diff(tc.want, multiitem.HostKinds()); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}
