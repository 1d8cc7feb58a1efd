package multiitemtest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/multiitem"
)

func (s *suite) appliesTo(t *testing.T) {
	t.Helper()
	for _, kind := range multiitem.Kinds() {
		c := s.client(t, kind, Scripted)
		got, err := c.AppliesTo(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if diff := cmp.Diff(Selector(), got); diff != "" {
			t.Errorf("%s: selector (-want +got):\n%s", kind, diff)
		}
	}
	_, err := s.client(t, multiitem.KindBackup, "test.velero-krm.io/absent").AppliesTo(t.Context())
	if !errors.Is(err, multiitem.ErrNotFound) {
		t.Errorf("absent action: %v, want %v", err, multiitem.ErrNotFound)
	}
	_, err = s.client(t, multiitem.KindBackup, Broken).AppliesTo(t.Context())
	if !errors.Is(err, multiitem.ErrAction) {
		t.Errorf("action that cannot be made: %v, want %v", err, multiitem.ErrAction)
	}
}

// reading checks each way of reading, as a backup and as a restore, with no
// items, one, and many.
func (s *suite) reading(t *testing.T) {
	t.Helper()
	for _, kind := range multiitem.Kinds() {
		for _, read := range []string{"each", "items", "batches", "all"} {
			for _, n := range []int{0, 1, 1500} {
				l := newList(n)
				runner := multiitem.NewRunner(s.connect(kind, Scripted))
				summary, err := runner.Run(t.Context(), job(t, kind, l, Script{Read: read, Batch: 100}))
				if err != nil {
					t.Fatalf("%s, %s, %d items: %v", kind, read, n, err)
				}
				l.verify(t, 0, nil)
				one(t, summary)
				if r := told(t, summary); r.Counts["seen"] != n || r.Counts["total"] != n {
					t.Errorf("%s, %s: record says %v, want %d items", kind, read, r.Counts, n)
				}
				if summary.WholeList != (read == "all") {
					t.Errorf("%s, %s: WholeList is %v", kind, read, summary.WholeList)
				}
			}
		}
	}
}

func (s *suite) statuses(t *testing.T) {
	t.Helper()
	l := newList(20)
	summary := s.run(t, l, Script{Do: map[int]string{
		1: DoKeep, 2: DoSkip, 3: DoFail, 4: DoWarn, 5: DoError, 6: DoPanic,
	}})
	l.verify(t, 0, map[int]multiitem.Status{
		1: multiitem.Unchanged, 2: multiitem.Skipped, 3: multiitem.Failed,
		5: multiitem.Failed, 6: multiitem.Failed,
	})
	one(t, summary)
	want := map[multiitem.Status]int{multiitem.Updated: 15, multiitem.Unchanged: 1, multiitem.Skipped: 1, multiitem.Failed: 3}
	if diff := cmp.Diff(want, summary.Statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	for i, message := range map[int]string{
		2: "told to skip", 3: "told to fail", 5: "told to return an error", 6: "action panicked: told to panic",
	} {
		if got := l.sink.answers[i][0]; got.Message != message || got.Err != nil {
			t.Errorf("item %d: message %q, error %v; want %q of the action", i, got.Message, got.Err, message)
		}
	}
	if diff := cmp.Diff([]string{"told to warn", "twice"}, l.sink.answers[4][0].Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// beside checks additional items, created objects and records.
func (s *suite) beside(t *testing.T) {
	t.Helper()
	l := newList(3)
	summary := s.run(t, l, Script{Additional: 2, Create: 2})
	one(t, summary)
	l.verify(t, 0, nil)
	want := []multiitem.ResourceIdentifier{Additional(0), Additional(1)}
	if diff := cmp.Diff(want, l.sink.answers[2][0].AdditionalItems); diff != "" {
		t.Errorf("additional items (-want +got):\n%s", diff)
	}
	created := []multiitem.Created{CreatedObject(0, 0), CreatedObject(1, 0)}
	if diff := cmp.Diff(created, l.sink.created); diff != "" {
		t.Errorf("created objects (-want +got):\n%s", diff)
	}
	if summary.Created != 2 {
		t.Errorf("Created is %d, want 2", summary.Created)
	}
	record := multiitem.Record{Step: "scripted", Digest: "sha256:00", Calls: 1, Counts: map[string]int{"total": 3, "seen": 3}}
	if diff := cmp.Diff(record, told(t, summary)); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func (s *suite) declineAndRefuse(t *testing.T) {
	t.Helper()
	l := newList(10)
	summary := s.run(t, l, Script{Read: "decline"})
	if !summary.NothingToDo || l.sink.count() != 0 || len(l.loads) != 0 {
		t.Errorf("declined: NothingToDo %v, %d answers, %d items loaded", summary.NothingToDo, l.sink.count(), len(l.loads))
	}
	l = newList(10)
	summary, err := s.try(t.Context(), t, l, Script{Read: "refuse"})
	var e *multiitem.CallError
	if !errors.As(err, &e) || !errors.Is(err, multiitem.ErrAction) || e.Started || e.Detail != errRefused.Error() {
		t.Errorf("refused: %v, want the error of the action", err)
	}
	if len(l.loads) != 0 || l.sink.count() != 0 || summary.Calls != 1 {
		t.Errorf("refused: %d items loaded, %d answers, %d calls", len(l.loads), l.sink.count(), summary.Calls)
	}
}

func (s *suite) tenThousand(t *testing.T) {
	t.Helper()
	l := newList(10_000)
	summary := s.run(t, l, Script{})
	l.verify(t, 0, nil)
	one(t, summary)
}

// wholeList checks that answers of a whole list are taken all or none.
func (s *suite) wholeList(t *testing.T) {
	t.Helper()
	const n = 300
	l := newList(n)
	summary := s.run(t, l, Script{Read: "all", Create: 1}, limits(multiitem.Limits{WindowItems: 4}))
	l.verify(t, 0, nil)
	one(t, summary)
	if got := told(t, summary).Counts["largest"]; got != n {
		t.Errorf("the action got %d items at once, want %d", got, n)
	}

	l = newList(n)
	summary = s.run(t, l, Script{Read: "all", Create: 2, KillAfter: []int{n / 2}})
	l.verify(t, 0, nil)
	if summary.Calls != 2 || summary.Duplicates != 0 || len(l.sink.created) != 2 {
		t.Errorf("killed once: %d calls, %d duplicates, %d created; want 2, 0, 2", summary.Calls, summary.Duplicates, len(l.sink.created))
	}

	l = newList(n)
	summary = s.run(t, l, Script{Read: "all", KillAfter: []int{n / 2, n - 1}})
	if summary.Calls != 2 || summary.Statuses[multiitem.Failed] != n || l.sink.count() != n {
		t.Errorf("killed twice: %d calls, statuses %v, %d answers; want all failed after 2", summary.Calls, summary.Statuses, l.sink.count())
	}
	if err := l.sink.answers[0][0].Err; !errors.Is(err, multiitem.ErrDied) {
		t.Errorf("killed twice: error %v, want %v", err, multiitem.ErrDied)
	}
}
