package multiitemtest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/velero-krm/velero-krm/multiitem"
)

// list is a Source that keeps how far it was read ahead.
type list struct {
	items []multiitem.Item
	sink  *record

	mu    sync.Mutex
	ahead int         // the most items that were loaded and unanswered at a time
	loads map[int]int // by index
	fail  error       // what to return at failAt
	at    int
}

var _ multiitem.Source = (*list)(nil)

// newList makes n small objects.
func newList(n int) *list {
	items := make([]multiitem.Item, n)
	for i := range items {
		name := fmt.Sprintf("item-%05d", i)
		items[i] = multiitem.Item{
			ID:     multiitem.ResourceIdentifier{Resource: "configmaps", Namespace: "shop", Name: name},
			Object: json.RawMessage(fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":"shop"}}`, name)),
		}
	}
	return &list{items: items, loads: make(map[int]int), sink: &record{answers: make(map[int][]multiitem.Answer)}}
}

// pad makes an item's object n bytes larger.
func (l *list) pad(index, n int) {
	l.items[index].Object = Changed(l.items[index].Object, n)
}

// Load keeps count. An item must not be loaded once it has an answer.
func (l *list) Load(_ context.Context, index int) (*multiitem.Item, error) {
	if index >= len(l.items) {
		return nil, multiitem.ErrEnd
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil && index == l.at {
		return nil, l.fail
	}
	l.loads[index]++
	answered := l.sink.count()
	l.ahead = max(l.ahead, index+1-answered)
	if l.sink.has(index) {
		return nil, fmt.Errorf("item %d was loaded after it was answered", index)
	}
	return &l.items[index], nil
}

// record is a Sink that keeps everything.
type record struct {
	mu      sync.Mutex
	inside  int // uses at a time
	answers map[int][]multiitem.Answer
	created []multiitem.Created
	// onAnswer is called with the number of answers so far.
	onAnswer func(n int) error
	overlap  bool
}

var _ multiitem.Sink = (*record)(nil)

func (r *record) enter() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside++
	r.overlap = r.overlap || r.inside > 1
}

func (r *record) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside--
}

// Answer keeps the answer.
func (r *record) Answer(_ context.Context, a multiitem.Answer) error {
	r.enter()
	defer r.leave()
	r.mu.Lock()
	r.answers[a.Index] = append(r.answers[a.Index], a)
	n := len(r.answers)
	r.mu.Unlock()
	if r.onAnswer == nil {
		return nil
	}
	return r.onAnswer(n)
}

// Created keeps the object.
func (r *record) Created(_ context.Context, c multiitem.Created) error {
	r.enter()
	defer r.leave()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.created = append(r.created, c)
	return nil
}

func (r *record) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.answers)
}

func (r *record) has(index int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.answers[index]) > 0
}

// status returns an item's status, 0 when it has none.
func (r *record) status(index int) multiitem.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answers[index]) == 0 {
		return 0
	}
	return r.answers[index][0].Status
}

// verify checks that every item has exactly one answer: the update, unless want
// has another status for it.
func (l *list) verify(t *testing.T, grow int, want map[int]multiitem.Status) {
	t.Helper()
	if l.sink.overlap {
		t.Errorf("the Sink was used by two goroutines at a time")
	}
	bad := 0
	for i := range l.items {
		if bad == 5 {
			t.Fatalf("further items not reported")
		}
		if err := l.verifyOne(i, grow, want[i]); err != nil {
			bad++
			t.Errorf("item %d: %v", i, err)
		}
	}
	if n := len(l.sink.answers); n != len(l.items) {
		t.Errorf("%d indexes have answers, want %d", n, len(l.items))
	}
}

func (l *list) verifyOne(i, grow int, want multiitem.Status) error {
	answers := l.sink.answers[i]
	if len(answers) != 1 {
		return fmt.Errorf("%d answers, want 1", len(answers))
	}
	a := answers[0]
	if want == 0 {
		want = multiitem.Updated
	}
	if a.Status != want {
		return fmt.Errorf("status %s, want %s: %s", a.Status, want, a.Message)
	}
	if want == multiitem.Updated && string(a.Object) != string(Changed(l.items[i].Object, grow)) {
		return fmt.Errorf("object of %d bytes is not the update", len(a.Object))
	}
	return nil
}
