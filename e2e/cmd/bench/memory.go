package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	hclog "github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"github.com/velero-krm/velero-krm/internal/bench"
	"github.com/velero-krm/velero-krm/internal/bench/objects"
	"github.com/velero-krm/velero-krm/multiitem"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// measureMemory measures the most memory that the plugin process ever has,
// for lists of several sizes, without a Velero around it.
func (s *suite) measureMemory(ctx context.Context) error {
	s.out.Progress("\nmemory of the plugin process")
	c, err := s.newCluster(ctx, 1)
	if err != nil {
		return err
	}
	peaks := make([]int, len(s.opts.memory))
	for i, n := range s.opts.memory {
		if peaks[i], err = c.peak(ctx, s, n); err != nil {
			break
		}
		s.out.Progress("  %d objects: %d kB", n, peaks[i])
		s.out.Figure(fmt.Sprintf("memory.%d", n), float64(peaks[i])/1024, "MiB")
	}
	if stopped := c.close(); err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	first, last := 0, len(peaks)-1
	s.out.Judge(fmt.Sprintf("memory.%d-over-%d", s.opts.memory[last], s.opts.memory[first]), bench.Verdict{
		Title: fmt.Sprintf("peak memory of the plugin, %d over %d objects", s.opts.memory[last], s.opts.memory[first]),
		Today: fmt.Sprintf("%.1f MiB", float64(peaks[first])/1024), Ours: fmt.Sprintf("%.1f MiB", float64(peaks[last])/1024),
		Ratio: float64(peaks[last]) / float64(peaks[first]), Target: 1.5,
	})
	return nil
}

// peak runs the three functions over n objects in one call and returns the most
// kilobytes that the plugin process had resident.
func (c *cluster) peak(ctx context.Context, s *suite, n int) (kb int, err error) {
	cmd := exec.CommandContext(ctx, filepath.Join(s.opts.bin, "velero-plugin-krm"))
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.Dir, "TMPDIR=" + os.TempDir(), "KRM_VELERO_VERSION=v1.18.3",
		"KUBECONFIG=" + c.ControlPlane.Kubeconfig, "VELERO_NAMESPACE=" + stack.VeleroNamespace, "KRM_FN_DIR=" + c.functions,
	}
	process := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: framework.Handshake(), Plugins: multiitem.HostPlugins(), Cmd: cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
	})
	defer process.Kill()
	protocol, err := process.Client()
	if err != nil {
		return 0, err
	}
	dispensed, err := protocol.Dispense(string(multiitem.KindBackup))
	if err != nil {
		return 0, err
	}
	action := dispensed.(*multiitem.Dispenser).Client("velero-krm.io/pipeline")
	backup, err := json.Marshal(&velerov1api.Backup{ObjectMeta: metav1.ObjectMeta{
		Namespace: stack.VeleroNamespace, Name: "memory", Annotations: map[string]string{stack.PipelineKey: "builtin"},
	}})
	if err != nil {
		return 0, err
	}
	sink := &counter{}
	start := func(context.Context) (*multiitem.Process, error) { return &multiitem.Process{Client: action}, nil }
	summary, err := multiitem.NewRunner(start).Run(ctx, multiitem.Job{
		Run: multiitem.Run{Backup: backup, TotalItems: n}, Source: list(objects.Generate(n)), Sink: sink,
	})
	if err != nil {
		return 0, err
	}
	if sink.updated != n || summary.Calls != 1 {
		return 0, fmt.Errorf("run the functions over %d objects: %d were updated in %d calls, the last failure %w", n, sink.updated, summary.Calls, sink.failure)
	}
	return resident(cmd.Process.Pid)
}

// list is the Source of the objects.
type list [][]byte

func (l list) Load(_ context.Context, i int) (*multiitem.Item, error) {
	if i >= len(l) {
		return nil, multiitem.ErrEnd
	}
	var o struct {
		Kind     string
		Metadata struct{ Namespace, Name string }
	}
	if err := json.Unmarshal(l[i], &o); err != nil {
		return nil, err
	}
	id := multiitem.ResourceIdentifier{Resource: strings.ToLower(o.Kind) + "s", Namespace: o.Metadata.Namespace, Name: o.Metadata.Name}
	return &multiitem.Item{ID: id, Object: l[i]}, nil
}

// counter is a Sink that counts and forgets.
type counter struct {
	updated int
	failure error
}

func (c *counter) Answer(_ context.Context, a multiitem.Answer) error {
	switch a.Status {
	case multiitem.Updated:
		c.updated++
	case multiitem.Failed, multiitem.Skipped, multiitem.Unchanged:
		c.failure = errors.Join(errors.New(a.Message), a.Err)
	}
	return nil
}

func (*counter) Created(context.Context, multiitem.Created) error { return nil }

// resident returns the most memory that a process ever had, in kilobytes.
func resident(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(status) {
		if rest, ok := strings.CutPrefix(string(line), "VmHWM:"); ok {
			return strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		}
	}
	return 0, fmt.Errorf("read the memory of process %d: no VmHWM", pid)
}
