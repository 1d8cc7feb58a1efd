package features

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
)

// testBadFunctions restores the same backup through one bad function after the
// other. The function gets one Secret, after a good one has changed it; the
// other objects go through the good one alone.
func (p *pipelines) testBadFunctions(t *testing.T) {
	p.app(t, "bad")
	want := labelled(p.objects(t, "bad"), "marked", "yes")
	delete(want, "Secret/victim")
	var all []string
	for name, tc := range map[string]struct {
		reason string
		exec   string
		fields string // of the step, beside
		wants  []string
	}{
		"FailsWithResults": {
			reason: "what it says in results is shown", exec: "krm-behave error-result",
			wants: []string{"it is wrong"},
		},
		"FailsAfterPerfectOutput": {
			reason: "the exit code counts, whatever was printed", exec: "krm-behave perfect-then-exit-3",
			wants: []string{"exit code 3", "failed on purpose with 3"},
		},
		"FailsAfterChange": {
			reason: "no object is half changed", exec: "krm-feature change-and-fail",
			wants: []string{"exit code 3", "failed after the output was written"},
		},
		"FailsWithoutResults": {
			reason: "what it says on stderr is shown", exec: "krm-feature fail",
			wants: []string{"exit code 3", "the registry does not answer"},
		},
		"LogLineOnStdout": {
			reason: "the list must stand alone on stdout", exec: "krm-behave text-before",
			wants: []string{"text before the ResourceList on stdout", "write log lines to stderr"},
		},
		"LogLineAfter": {
			reason: "the list must stand alone on stdout", exec: "krm-behave text-after",
			wants: []string{"text after the ResourceList on stdout", "write log lines to stderr"},
		},
		"PrintsNothing": {
			reason: "nothing is no empty list", exec: "krm-behave nothing",
			wants: []string{"print a ResourceList also when there is nothing to do"},
		},
		"Truncates": {
			reason: "half a list is none", exec: "krm-behave truncate",
			wants: []string{"the document ends in the middle", "truncated"},
		},
		"NeverEnds": {
			reason: "its time is bounded", exec: "krm-behave hang", fields: "timeout: 1s",
			wants: []string{"function did not finish in time", "1s"},
		},
		"NeverEndsIgnoringSignals": {
			reason: "it is killed if it does not end", exec: "krm-behave hang-ignoring-sigterm", fields: "timeout: 1s",
			wants: []string{"function did not finish in time", "1s"},
		},
		"NeverEndsWithChild": {
			reason: "its child is killed too", exec: "krm-behave hang-with-child", fields: "timeout: 1s",
			wants: []string{"function did not finish in time", "1s"},
		},
		"HundredMegabytes": {
			reason: "its output is bounded", exec: "krm-feature flood",
			wants: []string{"output is too large", "bytes on stdout"},
		},
		"HundredMegabytesOfErrors": {
			reason: "the end of stderr is kept", exec: "krm-feature flood-stderr",
			wants: []string{"exit code 3", "and that was all"},
		},
		"EndlessOutput": {
			reason: "it is ended", exec: "krm-behave endless-stdout",
			wants: []string{"output is too large"},
		},
		"TwoDocuments": {
			reason: "the second would be lost", exec: "krm-behave two-documents",
			wants: []string{"a second document after the ResourceList", "print one ResourceList"},
		},
		"DropsEverything": {
			reason: "nothing is lost without leave", exec: "krm-behave remove-all",
			wants: []string{"function removed the object", "add Delete to what the step allows"},
		},
		"Duplicates": {
			reason: "which of the two is meant cannot be told", exec: "krm-behave twice",
			wants: []string{"function returned the object twice"},
		},
		"Renames": {
			reason: "nothing gets another name without leave", exec: "krm-behave rename",
			wants: []string{"renamed-victim", "add Rename to what the step allows"},
		},
		"ChangesAnother": {
			reason: "an object outside the selection stays as it was", exec: "krm-feature change-another",
			wants: []string{"ConfigMap bad/settings"},
		},
		"DiesBySignal": {
			reason: "the signal is said", exec: "krm-behave kill-self",
			wants: []string{"ended by signal: killed", "perhaps for want of memory"},
		},
		"EchoesToStderr": {
			reason: "a Secret's value is in no message", exec: "krm-behave echo-stdin-to-stderr",
			wants: []string{"exit code 4"},
		},
		"EchoesFolded": {
			reason: "nor in pieces", exec: "krm-behave echo-stdin-folded",
			wants: []string{"exit code 4"},
		},
		"EchoesToStdout": {
			reason: "nor from stdout", exec: "krm-behave echo-stdin-as-text",
			wants: []string{"messages belong on stderr"},
		},
		"EchoesDecoded": {
			reason: "nor decoded", exec: "krm-feature echo-plain",
			wants: []string{"exit code 3", "[redacted]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			to := "bad-" + strings.ToLower(name)
			p.put(t, to, badPipeline(to, tc.exec, tc.fields))
			restore := p.restore(t, "bad", "bad", to, named(to))
			if restore.Status.Phase != velerov1api.RestorePhasePartiallyFailed {
				t.Errorf("%s: phase: want PartiallyFailed, got %s", tc.reason, restore.Status.Phase)
			}
			said := p.errorsOf(t, restore)
			all = append(all, said...)
			if len(said) != 1 {
				t.Errorf("%s: errors: want one, got %d: %q", tc.reason, len(said), said)
			}
			t.Logf("Velero's results say:\n%s", strings.Join(said, "\n"))
			contains(t, strings.Join(said, "\n"), append(tc.wants, `pipeline "`+to+`"`, `step "bad"`, "Secret bad/victim")...)
			p.absent(t, secretNamed(to, "victim"))
			if diff := cmp.Diff(want, p.objects(t, to)); diff != "" {
				t.Errorf("%s: the other objects (-want +got):\n%s", tc.reason, diff)
			}
			p.noLeak(t, restore)
			nothingRuns(t)
		})
	}
	t.Run("Page", func(t *testing.T) { checkPage(t, all, p.multiItem) })
	t.Run("OnBackup", p.testBadOnBackup)
	t.Run("Repaired", p.testRepaired)
	t.Run("LeavesChild", p.testLeavesChild)
	t.Run("EchoesInResults", p.testEchoesInResults)
	t.Run("Ignored", p.testIgnored)
}

func badPipeline(name, exec, fields string) string {
	return pipelineText(name, `
phases: [Restore]
mutators:
`+labelStep("marked", "yes")+`
- name: bad
  exec: testfn `+exec+`
  selectors: [{kind: Secret, name: victim}]
  `+fields)
}

// checkPage looks for each message of the operators' page among those that
// Velero gave.
func checkPage(t *testing.T, said []string, multiItem bool) {
	t.Helper()
	page, err := os.ReadFile("../../docs/velero.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| the function | says |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	all := strings.Join(said, "\n")
	rows := 0
	for row := range strings.Lines(table) {
		if what, message, ok := strings.Cut(strings.Trim(row, "|` \n"), " | `"); ok {
			rows++
			// Of a whole list it is plain which object was not sent.
			if multiItem && strings.HasPrefix(what, "adds another") {
				continue
			}
			contains(t, all, message)
		}
	}
	if rows < 10 {
		t.Errorf("docs/velero.md: want a table of 10 messages or more, found %d", rows)
	}
}

// testBadOnBackup has one backup meet several bad functions, each on one object.
func (p *pipelines) testBadOnBackup(t *testing.T) {
	p.put(t, "bad-on-backup", pipelineText("bad-on-backup", `
phases: [Backup]
mutators:
`+labelStep("marked", "yes")+`
- {name: echoes, exec: testfn krm-feature echo-plain, selectors: [{kind: Secret, name: victim}]}
- {name: hangs, exec: testfn krm-behave hang, timeout: 1s, selectors: [{kind: ConfigMap}]}
- {name: truncates, exec: testfn krm-behave truncate, selectors: [{kind: Service}]}
- {name: dies, exec: testfn krm-behave kill-self, selectors: [{kind: Gadget}]}
`))
	backup := p.backup(t, "bad-on-backup", "bad", named("bad-on-backup"))
	if backup.Status.Phase != velerov1api.BackupPhasePartiallyFailed {
		t.Errorf("phase: want PartiallyFailed, got %s", backup.Status.Phase)
	}
	said := p.errorsOf(t, backup)
	t.Logf("Velero's results say:\n%s", strings.Join(said, "\n"))
	if len(said) != 4 {
		t.Errorf("errors: want one for each bad function, got %d", len(said))
	}
	for _, want := range []string{
		`step "echoes": run function "echoes": exit code 3: Secret bad/victim: `,
		`step "hangs": ConfigMap bad/settings: `, `step "truncates": Service bad/web: `, `step "dies": Gadget.example.velero-krm.io bad/wheel: `,
	} {
		contains(t, strings.Join(said, "\n"), want)
	}
	p.checkBackedUp(t, "bad-on-backup", "bad", map[string]map[string]any{"Secret/db": nil})
	p.noLeak(t, backup)
	nothingRuns(t)
}

// testRepaired restores again, into the same namespace, after the function was
// repaired: what was missing comes, what was there stays.
func (p *pipelines) testRepaired(t *testing.T) {
	p.put(t, "bad-at-first", badPipeline("bad-at-first", "krm-feature fail", ""))
	p.put(t, "repaired", badPipeline("repaired", "krm-behave identity", ""))
	if phase := p.restore(t, "bad", "bad", "bad-at-first", named("bad-at-first")).Status.Phase; phase != velerov1api.RestorePhasePartiallyFailed {
		t.Errorf("phase: want PartiallyFailed, got %s", phase)
	}
	p.absent(t, secretNamed("bad-at-first", "victim"))
	again, err := p.Restore(t.Context(), "repaired", velerov1api.RestoreSpec{
		BackupName: "bad", NamespaceMapping: map[string]string{"bad": "bad-at-first"},
	}, named("repaired"))
	if err != nil {
		t.Fatal(err)
	}
	p.complete(t, again)
	if diff := cmp.Diff(labelled(p.objects(t, "bad"), "marked", "yes"), p.objects(t, "bad-at-first")); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}

// testLeavesChild has a function end well and leave a child that holds stdout,
// in its process group and out of it: the restore does not wait for it, and it
// is killed.
func (p *pipelines) testLeavesChild(t *testing.T) {
	for name, exec := range map[string]string{
		"InGroup": "krm-behave leave-child-with-stdout", "InOwnSession": "krm-behave leave-child-in-own-session",
	} {
		t.Run(name, func(t *testing.T) {
			to := "bad-child-" + strings.ToLower(name)
			p.put(t, to, badPipeline(to, exec, ""))
			p.complete(t, p.restore(t, "bad", "bad", to, named(to)))
			if diff := cmp.Diff(labelled(p.objects(t, "bad"), "marked", "yes"), p.objects(t, to)); diff != "" {
				t.Errorf("restored (-want +got):\n%s", diff)
			}
			nothingRuns(t)
		})
	}
}

// testEchoesInResults has a function put its input wherever a result has room
// for text, and succeed.
func (p *pipelines) testEchoesInResults(t *testing.T) {
	p.put(t, "bad-echoes-in-results", badPipeline("bad-echoes-in-results", "krm-behave echo-in-results", ""))
	restore := p.restore(t, "bad", "bad", "bad-echoes-in-results", named("bad-echoes-in-results"))
	p.complete(t, restore)
	p.noLeak(t, restore)
}

// testIgnored lets a step that fails leave the object as it was.
func (p *pipelines) testIgnored(t *testing.T) {
	p.put(t, "bad-ignored", badPipeline("bad-ignored", "krm-feature change-and-fail", "onError: Ignore"))
	restore := p.restore(t, "bad", "bad", "bad-ignored", named("bad-ignored"))
	p.complete(t, restore)
	if diff := cmp.Diff(labelled(p.objects(t, "bad"), "marked", "yes"), p.objects(t, "bad-ignored")); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	log, err := p.RestoreLog(t.Context(), "bad-ignored")
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(log), "failed after the output was written")
	if results, err := p.RestoreResults(t.Context(), "bad-ignored"); p.multiItem && (err != nil || !strings.Contains(strings.Join(results.Warnings.Lines(), "\n"), "failed after the output was written")) {
		t.Errorf("want the warning in the results of the restore, got %v, error %v", results.Warnings, err)
	}
	p.noLeak(t, restore)
}

// nothingRuns fails the test when a function or a child of one still runs.
func nothingRuns(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, process := range processes {
		exe, err := os.Readlink(process + "/exe")
		if err != nil || exe != self || process == fmt.Sprintf("/proc/%d", os.Getpid()) {
			continue
		}
		if line, err := os.ReadFile(process + "/cmdline"); err == nil && strings.Contains(string(line), "krm-") {
			t.Errorf("%s still runs: %q", process, line)
		}
	}
}
