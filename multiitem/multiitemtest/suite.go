package multiitemtest

import (
	"context"
	"testing"

	"github.com/velero-krm/velero-krm/multiitem"
)

// suite is one run of all checks.
type suite struct {
	connect Connect
}

// Run checks a host and a plugin through the processes that connect starts.
// Some checks start a hundred of them.
func Run(t *testing.T, connect Connect) {
	t.Helper()
	s := &suite{connect: connect}
	checks := []struct {
		name string
		run  func(*testing.T)
	}{
		{"applies to", s.appliesTo},
		{"reading", s.reading},
		{"statuses", s.statuses},
		{"what travels beside items", s.beside},
		{"decline and refuse", s.declineAndRefuse},
		{"ten thousand items", s.tenThousand},
		{"large items", s.largeItems},
		{"window", s.windowBound},
		{"batches in a small window", s.batches},
		{"whole list", s.wholeList},
		{"random kill points", s.killPoints},
		{"killed from outside", s.killedFromOutside},
		{"poisonous items", s.poison},
		{"panics", s.panics},
		{"hangs", s.hangs},
		{"hostile, one call", s.hostileCall},
		{"hostile, whole run", s.hostileRun},
		{"everything twice", s.liar},
		{"cancel", s.cancel},
		{"errors of the host", s.hostErrors},
		{"concurrent runs", s.concurrent},
	}
	for _, c := range checks {
		t.Run(c.name, c.run)
	}
}

// option changes a job.
type option func(*multiitem.Job)

func limits(l multiitem.Limits) option {
	return func(j *multiitem.Job) { j.Limits = l }
}

// job is the items with a script.
func job(t *testing.T, kind multiitem.Kind, l *list, script Script, opts ...option) multiitem.Job {
	t.Helper()
	run, err := script.Encode(kind)
	if err != nil {
		t.Fatal(err)
	}
	run.TotalItems = len(l.items)
	j := multiitem.Job{Run: run, Source: l, Sink: l.sink}
	for _, o := range opts {
		o(&j)
	}
	return j
}

// run gives the items to the scripted action and wants no error.
func (s *suite) run(t *testing.T, l *list, script Script, opts ...option) *multiitem.Summary {
	t.Helper()
	summary, err := s.try(t.Context(), t, l, script, opts...)
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	return summary
}

// try is run without a wish.
func (s *suite) try(ctx context.Context, t *testing.T, l *list, script Script, opts ...option) (*multiitem.Summary, error) {
	t.Helper()
	name := Scripted
	if script.Hostile != "" {
		name = Hostile
	}
	runner := multiitem.NewRunner(s.connect(multiitem.KindBackup, name))
	return runner.Run(ctx, job(t, multiitem.KindBackup, l, script, opts...))
}

// client starts a process for the test.
func (s *suite) client(t *testing.T, kind multiitem.Kind, name string) *multiitem.Client {
	t.Helper()
	p, err := s.connect(kind, name)(t.Context())
	if err != nil {
		t.Fatalf("start plugin: %v", err)
	}
	t.Cleanup(func() { p.Stop(true) })
	return p.Client
}

// one calls for what a run without trouble takes.
func one(t *testing.T, s *multiitem.Summary) {
	t.Helper()
	if s.Calls != 1 || s.Starts != 1 || len(s.Failures) != 0 || s.Unclosed != nil {
		t.Errorf("%d calls, %d processes, failures %v, unclosed %v; want 1, 1 and none", s.Calls, s.Starts, s.Failures, s.Unclosed)
	}
}

// record returns the scripted action's own record.
func told(t *testing.T, s *multiitem.Summary) multiitem.Record {
	t.Helper()
	if len(s.Records) != 1 || s.Records[0].Step != "scripted" {
		t.Fatalf("records %+v, want one of the scripted action", s.Records)
	}
	return s.Records[0]
}
