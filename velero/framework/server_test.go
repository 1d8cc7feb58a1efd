package framework

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	plugin "github.com/hashicorp/go-plugin"
	"github.com/sirupsen/logrus"
	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/clientmgmt"
	"github.com/vmware-tanzu/velero/pkg/plugin/clientmgmt/process"
	velero "github.com/vmware-tanzu/velero/pkg/plugin/framework"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework/common"
	api "github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

// pluginDir is a folder with the test binary in it under a plugin's name.
func pluginDir(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "velero-plugin-example")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// asServer gives this process the command line of a server: Velero starts
// plugins with what follows its second word.
func asServer(t *testing.T) {
	t.Helper()
	args := os.Args
	os.Args = []string{args[0], "server", "--log-level=debug", "--of-a-later-velero=1"}
	t.Cleanup(func() { os.Args = args })
}

// TestStockVelero lets Velero's own code find the plugins and call one.
func TestStockVelero(t *testing.T) {
	asServer(t)
	log := logrus.New()
	log.SetOutput(t.Output())
	registry := process.NewRegistry(pluginDir(t), log, logrus.DebugLevel)
	if err := registry.DiscoverPlugins(); err != nil {
		t.Fatalf("a stock Velero does not start: %v", err)
	}
	for name, kind := range common.AllPluginKinds() {
		var got []string
		for _, id := range registry.List(kind) {
			got = append(got, id.Name)
		}
		want := []string{"example.com/a"}
		switch kind {
		case common.PluginKindBackupItemActionV2:
			// Velero lists version 1 as one that it can adapt.
			want = []string{"example.com/a", "example.com/a", "example.com/b"}
		case common.PluginKindRestoreItemActionV2:
			want = []string{"example.com/a", "example.com/a"}
		default:
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	manager := clientmgmt.NewManager(log, logrus.DebugLevel, registry)
	t.Cleanup(manager.CleanupClients)
	action, err := manager.GetBackupItemActionV2("example.com/b")
	if err != nil {
		t.Fatal(err)
	}
	got, err := action.AppliesTo()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(api.ResourceSelector{IncludedResources: []string{"pods"}}, got); diff != "" {
		t.Errorf("AppliesTo: -want +got:\n%s", diff)
	}
}

// host starts the plugin as a Velero with multi-item actions does.
func host(t *testing.T, configure func(*plugin.ClientConfig)) plugin.ClientProtocol {
	t.Helper()
	config := &plugin.ClientConfig{
		HandshakeConfig:  velero.Handshake(),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Plugins:          map[string]plugin.Plugin{"PluginLister": &velero.PluginListerPlugin{}},
		Cmd:              exec.CommandContext(t.Context(), filepath.Join(pluginDir(t), "velero-plugin-example")),
	}
	configure(config)
	client := plugin.NewClient(config)
	t.Cleanup(client.Kill)
	protocol, err := client.Client()
	if err != nil {
		t.Fatal(err)
	}
	return protocol
}

// answers is a Sink that keeps them.
type answers map[int]string

func (a answers) Answer(_ context.Context, answer multiitem.Answer) error {
	a[answer.Index] = string(answer.Object)
	return nil
}

func (answers) Created(context.Context, multiitem.Created) error { return nil }

func TestMultiItemHost(t *testing.T) {
	protocol := host(t, multiitem.ConfigureHost)
	for _, tc := range []struct {
		kind multiitem.Kind
		name string
	}{
		{multiitem.KindBackup, "example.com/a"},
		{multiitem.KindRestore, "example.com/b"},
	} {
		dispensed, err := protocol.Dispense(string(tc.kind))
		if err != nil {
			t.Fatal(err)
		}
		client := dispensed.(*multiitem.Dispenser).Client(tc.name)
		selector, err := client.AppliesTo(t.Context())
		if err != nil || len(selector.IncludedResources) != 1 || selector.IncludedResources[0] != "secrets" {
			t.Errorf("%s: AppliesTo() = %+v, %v", tc.kind, selector, err)
		}
		got := answers{}
		source := multiitem.SliceSource{{Object: []byte(`{"a":1}`)}, {Object: []byte(`{"b":2}`)}}
		if _, err := client.Execute(t.Context(), multiitem.Job{Source: source, Sink: got}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(answers{0: `{"A":1}`, 1: `{"B":2}`}, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tc.kind, diff)
		}
	}
}

func TestListsWhatTheHostKnows(t *testing.T) {
	s := NewServer().(*server)
	register(s)
	all := func(hostKinds []multiitem.Kind) map[string]int {
		counts := map[string]int{}
		for _, id := range s.list("plugin", hostKinds) {
			counts[id.Kind.String()]++
		}
		return counts
	}
	stock := all(nil)
	if len(stock) != len(common.AllPluginKinds()) || stock["BackupMultiItemAction"] != 0 {
		t.Errorf("a stock Velero is told of %v", stock)
	}
	edited := all(multiitem.Kinds())
	if edited["BackupMultiItemAction"] != 1 || edited["RestoreMultiItemAction"] != 2 || len(edited) != len(stock)+2 {
		t.Errorf("a Velero with multi-item actions is told of %v", edited)
	}
}

// TestListerOverTheWire asks a process for its list as a host with multi-item
// actions does; Velero's own client refuses the answer, which is why a stock
// Velero must not get it.
func TestListerOverTheWire(t *testing.T) {
	for name, tc := range map[string]struct {
		reason    string
		configure func(*plugin.ClientConfig)
		want      string
	}{
		"Stock":     {reason: "it would not start", configure: func(*plugin.ClientConfig) {}, want: "<nil>"},
		"MultiItem": {reason: "it said that it knows them", configure: multiitem.ConfigureHost, want: "invalid plugin kind: BackupMultiItemAction"},
	} {
		t.Run(name, func(t *testing.T) {
			lister, err := host(t, tc.configure).Dispense("PluginLister")
			if err != nil {
				t.Fatal(err)
			}
			if _, err = lister.(velero.PluginLister).ListPlugins(); !strings.HasPrefix(fmt.Sprint(err), tc.want) {
				t.Errorf("%s: ListPlugins: %v, want %s", tc.reason, err, tc.want)
			}
		})
	}
}

func TestNamesAreChecked(t *testing.T) {
	cases := map[string]struct {
		reason string
		name   string
		want   string
	}{
		"Valid":     {reason: "nothing to say", name: "example.com/other"},
		"Taken":     {reason: "one of a kind", name: "example.com/a", want: "exists"},
		"NoDomain":  {reason: "as in Velero", name: "label", want: `invalid plugin name \"label\"`},
		"NoName":    {reason: "as in Velero", name: "example.com/", want: "invalid plugin name"},
		"UpperCase": {reason: "no DNS subdomain", name: "Example.com/a", want: "invalid plugin name"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			s := NewServer().(*server)
			s.log.SetOutput(&log)
			register(s)
			multi := func(logrus.FieldLogger) (multiitem.BackupMultiItemAction, error) { return shout{}, nil }
			restore := func(logrus.FieldLogger) (multiitem.RestoreMultiItemAction, error) { return shout{}, nil }
			s.RegisterBackupMultiItemAction(tc.name, multi).RegisterRestoreMultiItemAction(tc.name, restore).RegisterObjectStore(tc.name, none)
			wantLines := 3
			if tc.want == "" {
				wantLines = 0
			}
			if got := strings.Count(log.String(), `"@level":"error"`); got != wantLines || !strings.Contains(log.String(), tc.want) {
				t.Errorf("%s: log tells %d errors, want %d with %q:\n%s", tc.reason, got, wantLines, tc.want, log.String())
			}
		})
	}
}
