package multiitemtest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/velero-krm/velero-krm/multiitem"
)

const mib = 1 << 20

// largeItems checks objects that need parts, both ways, and one that is too
// large.
func (s *suite) largeItems(t *testing.T) {
	t.Helper()
	l := newList(12)
	l.pad(3, 10*mib)
	l.pad(4, multiitem.MaxMessage-200) // around the limit of one message
	l.pad(5, multiitem.MaxMessage)
	l.pad(11, 3*mib)
	summary := s.run(t, l, Script{})
	l.verify(t, 0, nil)
	one(t, summary)

	l = newList(3)
	summary = s.run(t, l, Script{Grow: 10 * mib, Create: 1})
	l.verify(t, 10*mib, nil)
	one(t, summary)
	// Not go-cmp: it needs minutes for 10 MiB.
	if want := CreatedObject(0, 10*mib); len(l.sink.created) != 1 || !bytes.Equal(l.sink.created[0].Object, want.Object) {
		t.Errorf("%d created objects, want the one of 10 MiB", len(l.sink.created))
	}

	l = newList(1)
	summary = s.run(t, l, Script{Additional: 60_000}) // 5 MiB of names
	l.verify(t, 0, nil)
	one(t, summary)

	l = newList(5)
	l.pad(2, 2*mib)
	summary = s.run(t, l, Script{}, limits(multiitem.Limits{MaxItemBytes: mib}))
	l.verify(t, 0, map[int]multiitem.Status{2: multiitem.Failed})
	one(t, summary)
	var e *multiitem.ItemError
	if err := l.sink.answers[2][0].Err; !errors.As(err, &e) || !errors.Is(err, multiitem.ErrTooLarge) || e.Item != l.items[2].ID {
		t.Errorf("too large: %v, want %v with the item", err, multiitem.ErrTooLarge)
	}
}

// windowBound counts how far the host reads ahead of the answers.
func (s *suite) windowBound(t *testing.T) {
	t.Helper()
	cases := map[string]struct {
		reason string
		limits multiitem.Limits
		pad    int
		want   int
	}{
		"items": {
			reason: "no more than the window, and one that waits for room, is loaded",
			limits: multiitem.Limits{WindowItems: 16}, want: 17,
		},
		"one item": {
			reason: "the smallest window works",
			limits: multiitem.Limits{WindowItems: 1}, want: 2,
		},
		"bytes": {
			reason: "ten items of 10 KiB fill a window of 100 KiB with their envelopes",
			limits: multiitem.Limits{WindowBytes: 100 << 10}, pad: 10 << 10, want: 10,
		},
		"items larger than the window": {
			reason: "an item that does not fit is sent when nothing else is",
			limits: multiitem.Limits{WindowBytes: 1 << 10}, pad: 10 << 10, want: 2,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := newList(400)
			for i := range l.items {
				l.pad(i, c.pad)
			}
			summary := s.run(t, l, Script{Read: "items"}, limits(c.limits))
			l.verify(t, 0, nil)
			one(t, summary)
			if l.ahead > c.want {
				t.Errorf("%s: %d items were loaded and unanswered, want at most %d", c.reason, l.ahead, c.want)
			}
		})
	}
}

// batches checks that an action that collects more than fits the window gets
// what there is.
func (s *suite) batches(t *testing.T) {
	t.Helper()
	l := newList(1000)
	summary := s.run(t, l, Script{Read: "batches", Batch: 500}, limits(multiitem.Limits{WindowItems: 50}))
	l.verify(t, 0, nil)
	one(t, summary)
	if got := told(t, summary).Counts; got["largest"] != 50 || got["batches"] != 20 {
		t.Errorf("the largest of %d batches had %d items, want 20 with the window of 50", got["batches"], got["largest"])
	}

	l = newList(2000)
	summary = s.run(t, l, Script{Read: "batches", Batch: 500})
	l.verify(t, 0, nil)
	one(t, summary)
	if got := told(t, summary).Counts; got["largest"] != 500 || got["batches"] != 4 {
		t.Errorf("the largest of %d batches had %d items, want 4 of 500", got["batches"], got["largest"])
	}
}
