package multiitemtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/velero-krm/velero-krm/multiitem"
)

// killPoints kills the process at 100 random points: in a hundred runs once
// each, and in one run again and again.
func (s *suite) killPoints(t *testing.T) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	const n = 200
	for range 50 {
		point := rnd.IntN(n)
		l := newList(n)
		reads := []string{"each", "batches", "items"}
		script := Script{Read: reads[rnd.IntN(3)], Batch: 20, KillAfter: []int{point}}
		summary := s.run(t, l, script, limits(multiitem.Limits{WindowItems: 1 + rnd.IntN(64)}))
		l.verify(t, 0, nil)
		if summary.Calls != 2 || summary.Starts != 2 {
			t.Fatalf("killed after %d answers: %d calls, %d processes, want 2 and 2", point, summary.Calls, summary.Starts)
		}
	}
	var points []int
	for range 50 {
		points = append(points, rnd.IntN(20))
	}
	l := newList(2000)
	summary := s.run(t, l, Script{KillAfter: points}, limits(multiitem.Limits{WindowItems: 8}))
	l.verify(t, 0, nil)
	if len(summary.Failures) == 0 {
		t.Errorf("no failure is told of")
	}
}

// killedFromOutside kills the process while answers come, wherever it is.
func (s *suite) killedFromOutside(t *testing.T) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 10 {
		l := newList(500)
		next := 1 + rnd.IntN(100)
		var current *multiitem.Process
		start := s.connect(multiitem.KindBackup, Scripted)
		runner := multiitem.NewRunner(func(ctx context.Context) (*multiitem.Process, error) {
			p, err := start(ctx)
			current = p
			return p, err
		})
		l.sink.onAnswer = func(n int) error {
			if n == next {
				next = n + 1 + rnd.IntN(200)
				go current.Stop(true)
			}
			return nil
		}
		if _, err := runner.Run(t.Context(), job(t, multiitem.KindBackup, l, Script{}, limits(multiitem.Limits{WindowItems: 32}))); err != nil {
			t.Fatalf("Run: %v", err)
		}
		l.verify(t, 0, nil)
	}
}

// poison checks that items that kill the process every time fail by name, and
// no others.
func (s *suite) poison(t *testing.T) {
	t.Helper()
	for name, do := range map[string]map[int]string{
		"first":   {0: DoKill},
		"middle":  {40: DoKill},
		"last":    {99: DoKill},
		"several": {7: DoKill, 8: DoKill, 60: DoKill},
	} {
		t.Run(name, func(t *testing.T) {
			l := newList(100)
			s.run(t, l, Script{Do: do}, limits(multiitem.Limits{WindowItems: 20}))
			want := make(map[int]multiitem.Status)
			for i := range do {
				want[i] = multiitem.Failed
			}
			l.verify(t, 0, want)
			for i := range do {
				l.culprit(t, i, multiitem.ErrDied)
			}
		})
	}
	t.Run("all", func(t *testing.T) {
		l := newList(10)
		do := make(map[int]string)
		for i := range l.items {
			do[i] = DoKill
		}
		summary := s.run(t, l, Script{Do: do})
		if summary.Statuses[multiitem.Failed] != 10 || l.sink.count() != 10 {
			t.Errorf("statuses %v of %d answers, want all 10 failed", summary.Statuses, l.sink.count())
		}
	})
	t.Run("transient", func(t *testing.T) {
		l := newList(100)
		summary := s.run(t, l, Script{Do: map[int]string{40: DoKill}, Until: 1})
		l.verify(t, 0, nil)
		if summary.Starts != 2 {
			t.Errorf("%d processes, want 2", summary.Starts)
		}
	})
}

// culprit checks that an item failed by name.
func (l *list) culprit(t *testing.T, index int, reason error) {
	t.Helper()
	a := l.sink.answers[index][0]
	var e *multiitem.ItemError
	if !errors.As(a.Err, &e) || !errors.Is(a.Err, reason) {
		t.Fatalf("item %d: error %v, want %v", index, a.Err, reason)
	}
	if e.Item != l.items[index].ID || e.Index != index || !strings.Contains(a.Message, e.Item.Name) || !strings.Contains(a.Message, e.Action) {
		t.Errorf("item %d: %q does not name item and action", index, a.Message)
	}
}

// panics checks panics that leave Execute: the process goes on.
func (s *suite) panics(t *testing.T) {
	t.Helper()
	l := newList(100)
	summary := s.run(t, l, Script{Read: "items", Do: map[int]string{40: DoBlow}}, limits(multiitem.Limits{WindowItems: 20}))
	l.verify(t, 0, map[int]multiitem.Status{40: multiitem.Failed})
	l.culprit(t, 40, multiitem.ErrPanicked)
	if !strings.Contains(l.sink.answers[40][0].Message, "item-00040") || !strings.Contains(l.sink.answers[40][0].Message, "told to blow") {
		t.Errorf("message %q does not tell of the panic", l.sink.answers[40][0].Message)
	}
	if summary.Starts != 1 {
		t.Errorf("%d processes, want 1: a panic does not end it", summary.Starts)
	}

	l = newList(100)
	s.run(t, l, Script{Read: "items", Do: map[int]string{40: DoAbort}}, limits(multiitem.Limits{WindowItems: 20}))
	for i := range l.items {
		if got := l.sink.status(i); i < 40 && got != multiitem.Updated || i >= 40 && got != multiitem.Failed {
			// What was answered before the error may still have been on its way.
			t.Fatalf("item %d: %s, want those from 40 on failed with the action's error", i, got)
		}
	}
	if err := l.sink.answers[99][0].Err; !errors.Is(err, multiitem.ErrAction) {
		t.Errorf("error %v, want %v", err, multiitem.ErrAction)
	}
}

// hangTimeout is long enough for a process on a busy machine to answer, and
// short enough for the test: each hanging item costs three of them.
const hangTimeout = 2 * time.Second

func (s *suite) hangs(t *testing.T) {
	t.Helper()
	for name, c := range map[string]struct {
		do     string
		reason error
	}{
		"hangs":             {DoHang, multiitem.ErrStalled},
		"forgets to answer": {DoForget, multiitem.ErrMissing},
	} {
		t.Run(name, func(t *testing.T) {
			l := newList(60)
			s.run(t, l, Script{Read: "items", Do: map[int]string{30: c.do}}, limits(multiitem.Limits{WindowItems: 20, ProgressTimeout: hangTimeout}))
			l.verify(t, 0, map[int]multiitem.Status{30: multiitem.Failed})
			l.culprit(t, 30, c.reason)
		})
	}
}

// hostileCall checks that a client finds each breach of the protocol and tells
// what can be sent again.
func (s *suite) hostileCall(t *testing.T) {
	t.Helper()
	c := s.client(t, multiitem.KindBackup, Hostile)
	for name, reason := range Hostilities() {
		t.Run(name, func(t *testing.T) {
			l := newList(10)
			_, err := c.Execute(t.Context(), job(t, multiitem.KindBackup, l, Script{Hostile: name}))
			var e *multiitem.CallError
			if !errors.As(err, &e) || !errors.Is(err, reason) {
				t.Fatalf("error %v, want %v", err, reason)
			}
			if e.Action != Hostile || !strings.Contains(e.Error(), Hostile) {
				t.Errorf("%q does not name the action", e)
			}
			for _, i := range e.Unanswered {
				if l.sink.has(i) {
					t.Errorf("item %d is told to be unanswered", i)
				}
			}
			for i, answers := range l.sink.answers {
				if i >= len(l.items) || len(answers) != 1 {
					t.Errorf("index %d got %d answers", i, len(answers))
				}
			}
		})
	}
}

// hostileRun checks that a runner accounts for every item whatever the plugin
// does.
func (s *suite) hostileRun(t *testing.T) {
	t.Helper()
	culprits := map[string]bool{
		"forgets-one": true, "unknown-index": true, "huge-index": true, "answers-twice": true, "no-status": true,
		"unknown-status": true, "updated-to-nothing": true, "unchanged-with-object": true,
	}
	for name := range Hostilities() {
		t.Run(name, func(t *testing.T) {
			l := newList(5)
			summary, err := s.try(t.Context(), t, l, Script{Hostile: name})
			if err != nil {
				var e *multiitem.CallError
				if !errors.As(err, &e) || l.sink.count() != 0 {
					t.Errorf("error %v after %d answers, want a CallError and none", err, l.sink.count())
				}
				return
			}
			if len(summary.Failures) == 0 {
				t.Errorf("no failure is told of")
			}
			for i := range l.items {
				got := l.sink.status(i)
				if got == 0 || len(l.sink.answers[i]) != 1 {
					t.Errorf("item %d has %d answers", i, len(l.sink.answers[i]))
				}
				if culprits[name] && (got == multiitem.Failed) != (i == 3) {
					t.Errorf("item %d: %s, want item 3 alone to fail", i, got)
				}
			}
		})
	}
}

// liar checks that a plugin that answers everything twice neither holds up a
// list nor costs a process for each item.
func (s *suite) liar(t *testing.T) {
	t.Helper()
	l := newList(300)
	summary := s.run(t, l, Script{Hostile: "answers-all-twice"})
	for i := range l.items {
		if l.sink.status(i) != multiitem.Unchanged || len(l.sink.answers[i]) != 1 {
			t.Fatalf("item %d: %d answers, status %s", i, len(l.sink.answers[i]), l.sink.status(i))
		}
	}
	if summary.Calls > 10 || len(summary.Failures) > 100 || !errors.Is(summary.Failures[0], multiitem.ErrAnsweredTwice) {
		t.Errorf("%d calls, %d failures, the first %v; want at most 10 and 100", summary.Calls, len(summary.Failures), summary.Failures[0])
	}
}

// cancel ends runs in the middle: the error is the context's, and the process
// serves others.
func (s *suite) cancel(t *testing.T) {
	t.Helper()
	c := s.client(t, multiitem.KindBackup, Scripted)
	start := func(context.Context) (*multiitem.Process, error) { return &multiitem.Process{Client: c}, nil }
	for _, script := range []Script{{}, {Read: "batches", Batch: 7}, {Read: "all"}, {Read: "items", Do: map[int]string{50: DoHang}}} {
		ctx, cancel := context.WithCancel(t.Context())
		l := newList(5000)
		l.sink.onAnswer = func(n int) error {
			if n == 50 {
				cancel()
			}
			return nil
		}
		_, err := multiitem.NewRunner(start).Run(ctx, job(t, multiitem.KindBackup, l, script, limits(multiitem.Limits{WindowItems: 60})))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%+v: error %v, want %v", script, err, context.Canceled)
		}
		cancel()
	}
	l := newList(10)
	if _, err := c.Execute(t.Context(), job(t, multiitem.KindBackup, l, Script{})); err != nil {
		t.Fatalf("call after cancelled ones: %v", err)
	}
	l.verify(t, 0, nil)
}

// hostErrors checks that an error of Source or Sink ends the run as it is.
func (s *suite) hostErrors(t *testing.T) {
	t.Helper()
	full := errors.New("disk full")
	l := newList(500)
	l.fail, l.at = full, 300
	if _, err := s.try(t.Context(), t, l, Script{}); !errors.Is(err, full) {
		t.Errorf("Source fails: %v, want %v", err, full)
	}
	l = newList(500)
	l.sink.onAnswer = func(n int) error {
		if n == 200 {
			return full
		}
		return nil
	}
	if _, err := s.try(t.Context(), t, l, Script{}); !errors.Is(err, full) {
		t.Errorf("Sink fails: %v, want %v", err, full)
	}
	if _, err := multiitem.NewRunner(func(context.Context) (*multiitem.Process, error) { return nil, full }).Run(t.Context(), multiitem.Job{}); !errors.Is(err, full) {
		t.Errorf("Start fails: %v, want %v", err, full)
	}
}

// concurrent runs several lists through one process.
func (s *suite) concurrent(t *testing.T) {
	t.Helper()
	c := s.client(t, multiitem.KindBackup, Scripted)
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	lists := make([]*list, 8)
	for i := range lists {
		lists[i] = newList(300)
		j := job(t, multiitem.KindBackup, lists[i], Script{Grow: i, Create: i, Read: []string{"each", "batches"}[i%2], Batch: 30}, limits(multiitem.Limits{WindowItems: 40}))
		wg.Go(func() {
			if _, err := c.Execute(t.Context(), j); err != nil {
				errs <- fmt.Errorf("list %d: %w", i, err)
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	for i, l := range lists {
		l.verify(t, i, nil)
	}
}
