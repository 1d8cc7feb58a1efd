package multiitem

import (
	"slices"
	"sync"
)

// window knows which items a plugin has to answer, and validates its answers.
// It is safe for concurrent use: one goroutine sends, another receives.
type window struct {
	maxItems, maxBytes int
	unbounded          bool // the plugin asked for the whole list

	mu       sync.Mutex
	due      map[int]int // index to size
	bytes    int         // of due
	answered indexSet
	taken    uint64        // answers
	sent     uint64        // items
	changed  chan struct{} // has a value when answers were taken
	closed   chan struct{} // closed when no answer will come
}

func newWindow(l Limits) *window {
	return &window{
		maxItems: l.WindowItems, maxBytes: l.WindowBytes,
		due: make(map[int]int), changed: make(chan struct{}, 1), closed: make(chan struct{}),
	}
}

// admit takes an item that is about to be sent, and reports false when there is
// no room for it after so many answers were taken. The two belong together: a
// Pause that counts an answer which came after the window was found full would
// tell the plugin that the host waits when it does not.
func (w *window) admit(index, size int) (room bool, taken uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	full := len(w.due) >= w.maxItems || w.bytes+size > w.maxBytes
	if full && len(w.due) > 0 && !w.unbounded {
		return false, w.taken
	}
	w.due[index] = size
	w.bytes += size
	w.sent++
	return true, w.taken
}

// check reports whether an answer for the index is due: nil, ErrUnknownIndex or
// ErrAnsweredTwice.
func (w *window) check(index int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.due[index]; ok {
		return nil
	}
	if w.answered.has(index) {
		return ErrAnsweredTwice
	}
	return ErrUnknownIndex
}

// settle takes an answer that was checked.
func (w *window) settle(index int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes -= w.due[index]
	delete(w.due, index)
	w.answered.add(index)
	w.taken++
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// close tells a waiting sender that no answer will come.
func (w *window) close() { close(w.closed) }

// count returns how many answers were taken and how many items were sent.
func (w *window) count() (taken, sent uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.taken, w.sent
}

// unanswered returns what was sent and has no answer, in ascending order.
func (w *window) unanswered() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	indexes := make([]int, 0, len(w.due))
	for i := range w.due {
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	return indexes
}

// all returns what was sent, answered or not, in ascending order.
func (w *window) all() []int {
	indexes := w.unanswered()
	w.mu.Lock()
	defer w.mu.Unlock()
	indexes = append(indexes, w.answered.all()...)
	slices.Sort(indexes)
	return indexes
}

// indexSet is a set of indexes that are dense and start near 0: a bit each.
type indexSet struct {
	words []uint64
	n     int
}

func (s *indexSet) has(i int) bool {
	return i >= 0 && i/64 < len(s.words) && s.words[i/64]&(1<<(i%64)) != 0
}

func (s *indexSet) add(i int) {
	if i < 0 || s.has(i) {
		return
	}
	if missing := i/64 + 1 - len(s.words); missing > 0 {
		s.words = append(s.words, make([]uint64, missing)...)
	}
	s.words[i/64] |= 1 << (i % 64)
	s.n++
}

func (s *indexSet) all() []int {
	indexes := make([]int, 0, s.n)
	for i := range len(s.words) * 64 {
		if s.has(i) {
			indexes = append(indexes, i)
		}
	}
	return indexes
}
