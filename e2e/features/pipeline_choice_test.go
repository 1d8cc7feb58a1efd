package features

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// testChoice names pipelines in each way that there is.
func (p *pipelines) testChoice(t *testing.T) {
	p.app(t, "choice")
	p.put(t, "one", pipelineText("one", "mutators:\n"+labelStep("last", "one")))
	p.put(t, "two", pipelineText("two", "mutators:\n"+labelStep("last", "two")))
	before := p.objects(t, "choice")
	label := func(value string) stack.ObjectOption {
		return stack.WithLabels(map[string]string{stack.PipelineKey: value})
	}
	for name, tc := range map[string]struct {
		reason string
		choice stack.ObjectOption
		want   string
	}{
		"Label":             {"the label names one", label("one"), "one"},
		"Annotation":        {"the annotation names one", named("two"), "two"},
		"AnnotationOneTwo":  {"several run in the order of the annotation", named("one,two"), "two"},
		"AnnotationTwoOne":  {"several run in the order of the annotation", named("two, one"), "one"},
		"LabelOneTwo":       {"a label's value holds no comma", label("one_two"), "two"},
		"LabelNone":         {"none runs none", label("none"), ""},
		"NothingNamed":      {"without defaults, none runs", stack.WithLabels(nil), ""},
		"OtherLabelIgnored": {"only our own key counts", stack.WithLabels(map[string]string{"pipeline": "one"}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			to := "choice-" + strings.ToLower(name)
			p.complete(t, p.restore(t, "choice", "choice", to, tc.choice))
			if diff := cmp.Diff(labelled(before, "last", tc.want), p.objects(t, to)); diff != "" {
				t.Errorf("%s: restored (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// labelled returns copies of objects with a label set; an empty value sets none.
func labelled(objects map[string]map[string]any, key, value string) map[string]map[string]any {
	out := map[string]map[string]any{}
	for name, o := range objects {
		o = maps.Clone(o)
		metadata, _ := o["metadata"].(map[string]any)
		o["metadata"] = maps.Clone(metadata)
		if value != "" {
			setLabel(o, key, value)
		}
		out[name] = o
	}
	return out
}

// testDefaults runs a default pipeline where nothing else is asked for.
func (p *pipelines) testDefaults(t *testing.T) {
	p.app(t, "defaults")
	before := p.objects(t, "defaults")
	p.put(t, "always", pipelineText("always", "default: true\nmutators:\n"+labelStep("always", "yes")))
	p.put(t, "asked", pipelineText("asked", "mutators:\n"+labelStep("asked", "yes")))
	t.Run("NothingNamed", func(t *testing.T) {
		p.complete(t, p.restore(t, "defaults", "defaults", "defaults-used"))
		if diff := cmp.Diff(labelled(before, "always", "yes"), p.objects(t, "defaults-used")); diff != "" {
			t.Errorf("restored (-want +got):\n%s", diff)
		}
	})
	t.Run("None", func(t *testing.T) {
		p.complete(t, p.restore(t, "defaults", "defaults", "defaults-declined", named("none")))
		if diff := cmp.Diff(before, p.objects(t, "defaults-declined")); diff != "" {
			t.Errorf("restored (-want +got):\n%s", diff)
		}
	})
	t.Run("AnotherNamed", func(t *testing.T) {
		p.complete(t, p.restore(t, "defaults", "defaults", "defaults-replaced", named("asked")))
		if diff := cmp.Diff(labelled(before, "asked", "yes"), p.objects(t, "defaults-replaced")); diff != "" {
			t.Errorf("restored (-want +got):\n%s", diff)
		}
	})
}

// testBrokenDefault has a default that does not load: a run that names none
// would need it and is refused, one that wants none is not.
func (p *pipelines) testBrokenDefault(t *testing.T) {
	p.app(t, "broken")
	p.put(t, "broken", pipelineText("broken", "default: true\nmutator: []"))
	backup := p.backup(t, "broken-default", "broken")
	if backup.Status.Phase != velerov1api.BackupPhaseFailed {
		t.Errorf("phase of the backup: want Failed, got %s", backup.Status.Phase)
	}
	contains(t, backup.Status.FailureReason, "ConfigMap velero/broken", "spec.mutator", "unknown key", "annotate the Backup", "none")
	p.nothingBackedUp(t, "broken-default")
	restore := p.restore(t, "broken", "broken", "broken-default")
	contains(t, strings.Join(p.errorsOf(t, restore), "\n"), "spec.mutator", "annotate the Restore")
	p.absent(t, namespaceNamed("broken-default"))
	p.complete(t, p.restore(t, "broken", "broken", "broken-declined", named("none")))
}

// testRefused names pipelines that cannot be had. Nothing is written, on
// backup and on restore, and Velero's own message says why and what to do.
func (p *pipelines) testRefused(t *testing.T) {
	p.app(t, "refused")
	p.badFiles(t)
	step := func(line string) string { return pipelineText("wrong", "mutators:\n- "+line) }
	for name, tc := range map[string]struct {
		reason string
		text   string // of the pipeline "wrong"; empty for no such pipeline
		wants  []string
	}{
		"Missing": {
			reason: "a name that does not exist is said, with what to do",
			wants:  []string{`pipeline "wrong" does not exist`, "correct the name or create it"},
		},
		"NotYAML": {
			reason: "the line is said", text: pipelineText("wrong", "mutators:\n- builtin: route\n\t bad"),
			wants: []string{"ConfigMap velero/wrong key pipeline.yaml", "cannot be parsed", "indent with spaces"},
		},
		"UnknownKey": {
			reason: "a typing error is no option that is silently off", text: step("{builtin: route, onEror: Fail}"),
			wants: []string{"spec.mutators[0].onEror", "unknown key", `did you mean "onError"`},
		},
		"UnknownKind": {
			reason: "a selector that can never match would let everything through", text: step("{builtin: route, selectors: [{apiVersion: apps/v1, kind: Deploymnt}]}"),
			wants: []string{"spec.mutators[0].selectors[0]", "Deploymnt", "kubectl api-resources"},
		},
		"UnknownBuiltin": {
			reason: "the nearest name is said", text: step("builtin: rout"),
			wants: []string{"spec.mutators[0].builtin", `"rout"`, `did you mean "route"?`},
		},
		"ExecMissing": {
			reason: "the path is said", text: step("exec: no-such-function"),
			wants: []string{"spec.mutators[0].exec", "executable not found", "no-such-function"},
		},
		"ExecNotExecutable": {
			reason: "how to make it one is said", text: step("exec: plain-file"),
			wants: []string{"spec.mutators[0].exec", "file is not executable", "chmod +x"},
		},
		"ExecOtherArchitecture": {
			reason: "both architectures are said", text: step("exec: other-machine"),
			wants: []string{"spec.mutators[0].exec", "executable is of another architecture", "built for s390x, this is linux/" + runtime.GOARCH, "GOARCH=" + runtime.GOARCH},
		},
		"ExecOtherDigest": {
			reason: "both digests are said", text: step("{exec: route, sha256: " + strings.Repeat("a1", 32) + "}"),
			wants: []string{"spec.mutators[0]", "executable does not have the pinned sha256", strings.Repeat("a1", 32)},
		},
		"SeveralProblems": {
			reason: "all are said at once", text: step("{exec: no-such-function, allow: [Create]}\n- {builtin: rout, selectors: [{apiVersion: v1, kind: ConfigMapp}]}"),
			wants: []string{"spec.mutators[0].allow", "spec.mutators[0].exec", "spec.mutators[1].builtin", "spec.mutators[1].selectors[0]"},
		},
		"SeveralMistakes": {
			reason: "all are said at once", text: step("{builtin: route, timeout: soon, onError: Maybe}\n- {}"),
			wants: []string{"spec.mutators[0].timeout", "spec.mutators[0].onError", "spec.mutators[1]"},
		},
		"ListScope": {
			reason: "a stock Velero hands out one object at a time", text: step("{builtin: route, scope: List}"),
			wants: []string{"spec.mutators[0].scope", "List"},
		},
		"Reserved": {
			reason: "what does not exist yet is refused", text: step("image: ghcr.io/example/function:v1"),
			wants: []string{"spec.mutators[0].image"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.text != "" {
				p.put(t, "wrong", tc.text)
			}
			run := "refused-" + strings.ToLower(name)
			backup := p.backup(t, run, "refused", named("wrong"))
			if backup.Status.Phase != velerov1api.BackupPhaseFailed {
				t.Errorf("%s: phase of the backup: want Failed, got %s", tc.reason, backup.Status.Phase)
			}
			contains(t, backup.Status.FailureReason, append(tc.wants, "load pipelines of Backup velero/"+run)...)
			p.nothingBackedUp(t, run)
			p.logged(t, "nothing is backed up", "backup=velero/"+run+" ")

			restore := p.restore(t, "refused", "refused", run, named("wrong"))
			// A stock Velero calls this end so, for plugins of any kind.
			if restore.Status.Phase != velerov1api.RestorePhasePartiallyFailed {
				t.Errorf("%s: phase of the restore: want PartiallyFailed, got %s", tc.reason, restore.Status.Phase)
			}
			said := p.errorsOf(t, restore)
			if len(said) != 1 {
				t.Errorf("%s: errors of the restore: want one, got %d", tc.reason, len(said))
			}
			contains(t, strings.Join(said, "\n"), append(tc.wants, "load pipelines of Restore velero/"+run)...)
			p.absent(t, namespaceNamed(run))
		})
	}
}

// testKindNowhere selects a kind that the backup might bring, as its
// CustomResourceDefinition would come first, and does not: no object goes
// through.
func (p *pipelines) testKindNowhere(t *testing.T) {
	p.app(t, "kindnowhere")
	p.put(t, "things", pipelineText("things", "mutators:\n"+labelStep("seen", "yes")+"\n- {builtin: route, selectors: [{apiVersion: nowhere.example.org/v1, kind: Thing}]}"))
	backup := p.backup(t, "things", "kindnowhere", named("things"))
	if backup.Status.Phase != velerov1api.BackupPhaseFailed {
		t.Errorf("phase of the backup: want Failed, got %s", backup.Status.Phase)
	}
	contains(t, backup.Status.FailureReason, "spec.mutators[1].selectors[0]", "Thing", "kubectl api-resources")
	p.nothingBackedUp(t, "things")

	restore := p.restore(t, "kindnowhere", "kindnowhere", "things", named("things"))
	if restore.Status.Phase != velerov1api.RestorePhasePartiallyFailed {
		t.Errorf("phase of the restore: want PartiallyFailed, got %s", restore.Status.Phase)
	}
	said := p.errorsOf(t, restore)
	if len(said) == 0 {
		t.Error("errors of the restore: want one for each object, got none")
	}
	for _, line := range said {
		contains(t, line, "ConfigMap velero/things key pipeline.yaml", "neither the cluster nor the backup has it", "kubectl api-resources")
	}
	if got := p.objects(t, "things"); len(got) > 0 {
		t.Errorf("restored: want nothing, got %v", got)
	}
}

// logged waits until the server has logged a line with all these texts: what a
// plugin logs comes beside its answers.
func (p *pipelines) logged(t *testing.T, texts ...string) {
	t.Helper()
	for {
		log, err := os.ReadFile(p.Velero.LogFile)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(log)) {
			if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
				return
			}
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("the server's log: want a line with %q", texts)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// nothingBackedUp fails the test when the tarball of a backup holds an object.
func (p *pipelines) nothingBackedUp(t *testing.T, backup string) {
	t.Helper()
	files, err := p.BackupContents(t.Context(), backup)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for path := range files {
		if strings.HasPrefix(path, "resources/") {
			t.Errorf("backup %s: want no object, got %s", backup, path)
		}
	}
}

// badFiles adds files that are no functions of this machine to the folder.
func (p *pipelines) badFiles(t *testing.T) {
	t.Helper()
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2MSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_S390), Version: uint32(elf.EV_CURRENT),
	}
	var program bytes.Buffer
	if err := binary.Write(&program, binary.BigEndian, header); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]struct {
		content []byte
		mode    os.FileMode
	}{
		"plain-file":    {[]byte("#!/bin/sh\ncat\n"), 0o644},
		"other-machine": {program.Bytes(), 0o755},
	} {
		if err := os.WriteFile(filepath.Join(p.functions, name), file.content, file.mode); err != nil {
			t.Fatal(err)
		}
	}
}
