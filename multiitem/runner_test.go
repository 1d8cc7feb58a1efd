package multiitem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/velero-krm/velero-krm/multiitem"
)

// execute is an action that is a function. die ends its process.
type execute func(ctx context.Context, run multiitem.Run, items *multiitem.Stream, die func()) error

// served is an action in a server of its own.
type served struct {
	execute execute
	die     func()
}

func (s *served) AppliesTo(context.Context) (multiitem.ResourceSelector, error) {
	return multiitem.ResourceSelector{}, nil
}

func (s *served) Execute(ctx context.Context, run multiitem.Run, items *multiitem.Stream) error {
	return s.execute(ctx, run, items, func() {
		go s.die()
		<-ctx.Done()
	})
}

const name = "test.example/runner"

// starts returns a Start that serves the action anew each time, and fails from
// the given number of starts on.
func starts(t *testing.T, e execute, limit int) multiitem.Start {
	t.Helper()
	n := 0
	return func(ctx context.Context) (*multiitem.Process, error) {
		if n++; n > limit {
			return nil, errors.New("no memory")
		}
		server := grpc.NewServer()
		registry := multiitem.NewRegistry()
		err := registry.RegisterBackup(name, func(*slog.Logger) (multiitem.BackupMultiItemAction, error) {
			return &served{execute: e, die: server.Stop}, nil
		})
		if err != nil {
			return nil, err
		}
		registry.RegisterServices(server)
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		go func() { _ = server.Serve(listener) }()
		conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, err
		}
		return &multiitem.Process{Client: multiitem.NewClient(multiitem.KindBackup, name, conn), Stop: func(bool) {
			_ = conn.Close()
			server.Stop()
		}}, nil
	}
}

// sink keeps answers by index.
type sink map[int]multiitem.Answer

func (s sink) Answer(_ context.Context, a multiitem.Answer) error {
	if _, twice := s[a.Index]; twice {
		return fmt.Errorf("second answer for %d", a.Index)
	}
	s[a.Index] = a
	return nil
}

func (s sink) Created(context.Context, multiitem.Created) error { return nil }

func objects(n int) multiitem.SliceSource {
	items := make(multiitem.SliceSource, n)
	for i := range items {
		items[i] = multiitem.Item{
			ID:     multiitem.ResourceIdentifier{Resource: "pods", Name: fmt.Sprintf("pod-%d", i)},
			Object: json.RawMessage(`{}`),
		}
	}
	return items
}

// keep answers n items, then calls then.
func keep(ctx context.Context, items *multiitem.Stream, n int, then func()) error {
	done := 0
	return items.Each(ctx, func(_ context.Context, it *multiitem.Item) (multiitem.Answer, error) {
		if done++; done > n {
			then()
			return multiitem.Answer{}, ctx.Err()
		}
		return it.Unchanged(), nil
	})
}

// TestSecondProcess: what becomes of a run whose first process died after some
// answers, and whose second does something else.
func TestSecondProcess(t *testing.T) {
	const n, before = 20, 5
	for reason, c := range map[string]struct {
		second execute
		starts int
		want   error
		say    string
	}{
		"it cannot be started": {
			starts: 1, want: multiitem.ErrGaveUp, say: "no memory",
		},
		"it refuses the run": {
			starts: 9, want: multiitem.ErrAction, say: "no pipeline",
			second: func(context.Context, multiitem.Run, *multiitem.Stream, func()) error {
				return errors.New("no pipeline")
			},
		},
		"it has nothing to do": {
			starts: 9, want: multiitem.ErrMalformed, say: "nothing to do",
			second: func(_ context.Context, _ multiitem.Run, items *multiitem.Stream, _ func()) error {
				return items.Decline()
			},
		},
		"it dies before it asks for items": {
			starts: 9, want: multiitem.ErrGaveUp, say: "died",
			second: func(ctx context.Context, _ multiitem.Run, _ *multiitem.Stream, die func()) error {
				die()
				return ctx.Err()
			},
		},
	} {
		e := func(ctx context.Context, run multiitem.Run, items *multiitem.Stream, die func()) error {
			if run.Attempt > 1 {
				return c.second(ctx, run, items, die)
			}
			return keep(ctx, items, before, die)
		}
		got := make(sink)
		job := multiitem.Job{Source: objects(n), Sink: got, Limits: multiitem.Limits{WindowItems: 2}}
		summary, err := multiitem.NewRunner(starts(t, e, c.starts)).Run(t.Context(), job)
		if err != nil || len(got) != n {
			t.Errorf("%s: error %v, %d answers; want none and %d", reason, err, len(got), n)
			continue
		}
		if summary.Statuses[multiitem.Failed] < n-before || summary.Statuses[multiitem.Unchanged] == 0 {
			t.Errorf("%s: statuses %v", reason, summary.Statuses)
		}
		last := got[n-1]
		if !errors.Is(last.Err, c.want) || !strings.Contains(last.Message, c.say) || !strings.Contains(last.Message, "pods pod-19") {
			t.Errorf("%s: %v, want %v, naming the object and saying %q", reason, last.Err, c.want, c.say)
		}
	}
}

// TestNeverReady: a process that dies before it asks for items fails the run,
// and the host has touched nothing.
func TestNeverReady(t *testing.T) {
	e := func(ctx context.Context, _ multiitem.Run, _ *multiitem.Stream, die func()) error {
		die()
		return ctx.Err()
	}
	got := make(sink)
	summary, err := multiitem.NewRunner(starts(t, e, 9)).Run(t.Context(), multiitem.Job{Source: objects(3), Sink: got})
	var call *multiitem.CallError
	if !errors.As(err, &call) || !errors.Is(err, multiitem.ErrDied) || call.Started || call.Hint() == "" {
		t.Errorf("error %v, want %v before the start", err, multiitem.ErrDied)
	}
	if len(got) != 0 || summary.Calls != 3 {
		t.Errorf("%d answers after %d calls, want none after 3", len(got), summary.Calls)
	}
}

// TestUnclosed: a process that dies when all is answered loses no item, and the
// run tells that more may have been meant to come.
func TestUnclosed(t *testing.T) {
	e := func(ctx context.Context, _ multiitem.Run, items *multiitem.Stream, die func()) error {
		if err := keep(ctx, items, 3, die); err != nil {
			return err
		}
		if err := items.Progress("all done"); err != nil {
			return err
		}
		panic("at the end")
	}
	got := make(sink)
	summary, err := multiitem.NewRunner(starts(t, e, 9)).Run(t.Context(), multiitem.Job{Source: objects(3), Sink: got})
	if err != nil || len(got) != 3 || !errors.Is(summary.Unclosed, multiitem.ErrPanicked) {
		t.Errorf("error %v, %d answers, unclosed %v", err, len(got), summary.Unclosed)
	}
}

// TestGaveUpAtEnd: an error of the action when all is answered fails no item,
// and is told as objects that may be missing.
func TestGaveUpAtEnd(t *testing.T) {
	reason := errors.New("the registry is gone")
	got := sink{}
	r := multiitem.NewRunner(starts(t, func(ctx context.Context, _ multiitem.Run, items *multiitem.Stream, _ func()) error {
		if err := keep(ctx, items, 3, func() {}); err != nil {
			return err
		}
		return reason
	}, 1))
	summary, err := r.Run(t.Context(), multiitem.Job{Source: objects(3), Sink: got})
	if err != nil || len(got) != 3 || summary.Statuses[multiitem.Failed] != 0 {
		t.Errorf("error %v, %d answers, statuses %v", err, len(got), summary.Statuses)
	}
	if !errors.Is(summary.Unclosed, multiitem.ErrAction) || !strings.Contains(fmt.Sprint(summary.Unclosed), reason.Error()) {
		t.Errorf("unclosed: want the action's error, got %v", summary.Unclosed)
	}
}

// TestRecordsAddUp: the calls of one run make one report.
func TestRecordsAddUp(t *testing.T) {
	e := func(ctx context.Context, _ multiitem.Run, items *multiitem.Stream, die func()) error {
		index := 0
		for it, err := range items.Items() {
			if err != nil {
				return err
			}
			if it.Index == 4 {
				die()
				return ctx.Err()
			}
			index = it.Index
			if err := items.Answer(it.Unchanged()); err != nil {
				return err
			}
		}
		items.Record(multiitem.Record{Step: "s", Calls: 1, Counts: map[string]int{"kept": 2}, Results: []multiitem.Result{{Severity: "info", Message: "m", Index: &index}}})
		return nil
	}
	got := make(sink)
	summary, err := multiitem.NewRunner(starts(t, e, 99)).Run(t.Context(), multiitem.Job{Source: objects(10), Sink: got, Limits: multiitem.Limits{WindowItems: 3}})
	if err != nil {
		t.Fatal(err)
	}
	if summary.Statuses[multiitem.Failed] != 1 || !errors.Is(got[4].Err, multiitem.ErrDied) {
		t.Errorf("statuses %v, item 4 %v", summary.Statuses, got[4].Err)
	}
	closed := summary.Calls - len(summary.Failures)
	if len(summary.Records) != 1 || summary.Records[0].Calls != closed || summary.Records[0].Counts["kept"] != 2*closed || len(summary.Records[0].Results) != closed {
		t.Errorf("records %+v, want one of %d calls", summary.Records, closed)
	}
}

// TestCancelReachesAction: the action's context ends with the host's, so that
// nothing is left running in the plugin.
func TestCancelReachesAction(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	e := func(ctx context.Context, _ multiitem.Run, items *multiitem.Stream, _ func()) error {
		for _, err := range items.Items() {
			if err != nil {
				return err
			}
			cancel()
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}
		return nil
	}
	p, err := starts(t, e, 1)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(false)
	if _, err := p.Client.Execute(ctx, multiitem.Job{Source: objects(3), Sink: make(sink)}); !errors.Is(err, context.Canceled) {
		t.Errorf("host: %v, want %v", err, context.Canceled)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("action: %v, want %v", err, context.Canceled)
	}
}

// TestAnswersFromGoroutines: an action may work on several items at a time.
func TestAnswersFromGoroutines(t *testing.T) {
	e := func(_ context.Context, _ multiitem.Run, items *multiitem.Stream, _ func()) error {
		var wg sync.WaitGroup
		defer wg.Wait()
		errs := make(chan error, 5000)
		for it, err := range items.Items() {
			if err != nil {
				return err
			}
			wg.Go(func() { errs <- items.Answer(it.Unchanged()) })
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	}
	got := make(sink)
	summary, err := multiitem.NewRunner(starts(t, e, 1)).Run(t.Context(), multiitem.Job{Source: objects(5000), Sink: got, Limits: multiitem.Limits{WindowItems: 10}})
	if err != nil || len(got) != 5000 || summary.Calls != 1 {
		t.Errorf("error %v, %d answers, %d calls", err, len(got), summary.Calls)
	}
}

// TestPoisonousKind: items that kill the process are often all of a kind and
// stand together. None but they fail.
func TestPoisonousKind(t *testing.T) {
	const n = 2000
	poisonous := func(i int) bool { return i >= 600 && i < 850 }
	e := func(ctx context.Context, _ multiitem.Run, items *multiitem.Stream, die func()) error {
		return items.Each(ctx, func(_ context.Context, it *multiitem.Item) (multiitem.Answer, error) {
			if poisonous(it.Index) {
				die()
			}
			return it.Unchanged(), ctx.Err()
		})
	}
	got := make(sink)
	summary, err := multiitem.NewRunner(starts(t, e, 1<<20)).Run(t.Context(), multiitem.Job{Source: objects(n), Sink: got, Limits: multiitem.Limits{WindowItems: 100}})
	if err != nil || len(got) != n {
		t.Fatalf("error %v, %d answers, want %d", err, len(got), n)
	}
	for i := range n {
		if failed := got[i].Status == multiitem.Failed; failed != poisonous(i) {
			t.Fatalf("item %d: %s %v", i, got[i].Status, got[i].Err)
		}
	}
	t.Logf("%d calls for 250 poisonous items", summary.Calls)
}
