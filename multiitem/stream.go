package multiitem

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// executeServer is the plugin's end of one call.
type executeServer interface {
	Context() context.Context
	Recv() (*multiitemv1.ExecuteRequest, error)
	Send(*multiitemv1.ExecuteResponse) error
}

// phase is how far a Stream has come.
type phase int

const (
	fresh    phase = iota // Ready is not sent
	started               // Ready is sent, items come
	declined              // Ready said that there is nothing to do
	closed                // Execute has returned
)

// Stream is an action's end of one call: items come out of it and answers go
// into it. [Stream.Answer], [Stream.Create], [Stream.Progress] and
// [Stream.Record] may be called concurrently; the reading methods from one
// goroutine at a time.
//
// Use one way of reading:
//   - [Stream.Each] for items one by one;
//   - [Stream.Batches] for lists of bounded length, any split of which will do;
//   - [Stream.All] for the whole list at once;
//   - [Stream.Items] to write a loop of one's own. The host waits for answers
//     when its window is full, so a loop that collects more items than that
//     before it answers waits forever: Batches knows when the host waits.
type Stream struct {
	raw executeServer
	log *slog.Logger

	// The reading side.
	parts    assembler
	queue    []*Item
	received uint64
	ended    bool

	mu       sync.Mutex // guards what follows, and sending
	phase    phase
	last     *Item            // handed to the action last
	due      map[int]struct{} // received and unanswered
	queued   int              // received and not handed to the action
	pending  []*multiitemv1.Answer
	bytes    int         // of pending
	timer    *time.Timer // sends what has been pending for long; nil: none is
	waiting  bool        // a reader waits for the host
	pausedAt *uint64     // answers that the host had taken when it paused
	answers  uint64      // sent
	created  uint64      // sent
	records  []Record
}

func newStream(raw executeServer, maxItem int, log *slog.Logger) *Stream {
	return &Stream{
		raw: raw, log: log, parts: assembler{limit: uint64(maxItem)},
		due: make(map[int]struct{}),
	}
}

// Items yields items one by one as they come. An error ends it: the host is
// gone, cancelled, or broke the protocol; return it from Execute.
func (s *Stream) Items() iter.Seq2[*Item, error] {
	return func(yield func(*Item, error) bool) {
		for {
			it, err := s.next()
			if err == nil && it == nil {
				return
			}
			if !yield(it, err) || err != nil {
				return
			}
		}
	}
}

// Each calls f for one item after the other and sends its answer. An error of
// f, or a panic, fails that item and goes on with the next. Each returns an
// error when the host is gone or ctx ends.
func (s *Stream) Each(ctx context.Context, f func(ctx context.Context, it *Item) (Answer, error)) error {
	for it, err := range s.Items() {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.Answer(s.guard(ctx, it, f)); err != nil {
			return err
		}
	}
	return nil
}

// guard turns an error and a panic of f into the answer of its item.
func (s *Stream) guard(ctx context.Context, it *Item, f func(context.Context, *Item) (Answer, error)) (a Answer) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("action panicked", "item", it.ID.String(), "index", it.Index, "panic", panicText(p), "stack", string(debug.Stack()))
			a = it.Failed("action panicked: " + panicText(p))
		}
	}()
	a, err := f(ctx, it)
	if err != nil {
		return it.Failed(err.Error())
	}
	if err := checkAnswer(a); err != nil || a.Index != it.Index {
		return it.Failed("action returned no valid answer for this item")
	}
	if len(a.Object) > MaxItem-MaxMessage {
		return it.Failed(ErrTooLarge.Error())
	}
	return a
}

// Batches yields lists of up to limit items. A list is shorter when the host
// sends nothing more before it has answers, and at the end. An error ends it.
func (s *Stream) Batches(limit int) iter.Seq2[[]*Item, error] {
	return func(yield func([]*Item, error) bool) {
		for {
			batch, err := s.batch(max(limit, 1))
			if err == nil && len(batch) == 0 {
				return
			}
			if !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

func (s *Stream) batch(limit int) ([]*Item, error) {
	if err := s.start(); err != nil {
		return nil, err
	}
	var batch []*Item
	for len(batch) < limit {
		if it := s.pop(); it != nil {
			batch = append(batch, it)
			continue
		}
		if s.ended || len(batch) > 0 && s.hostWaits() {
			break
		}
		if err := s.receive(); err != nil {
			return nil, err
		}
	}
	return batch, nil
}

// All returns the whole list. It must be the first use of the stream; the host
// then takes no answer before the call has succeeded. It returns [ErrStarted]
// otherwise.
func (s *Stream) All() ([]*Item, error) {
	if err := s.open(&multiitemv1.Ready{WholeList: true}); err != nil {
		return nil, err
	}
	var all []*Item
	for it, err := range s.Items() {
		if err != nil {
			return nil, err
		}
		all = append(all, it)
	}
	return all, nil
}

// Decline tells that there is nothing to do in this run: no item is sent, and
// all stay unchanged. Return nil from Execute after it. It returns [ErrStarted]
// when items were asked for before.
func (s *Stream) Decline() error {
	if err := s.open(&multiitemv1.Ready{NothingToDo: true}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = declined
	return nil
}

// Answer sends answers, in any order. It returns [ErrNotAsked] for an item that
// the action has no answer to give for, and [ErrClosed] after Execute returned;
// none of the answers is sent then.
func (s *Stream) Answer(answers ...Answer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	messages, err := s.check(answers)
	if err != nil {
		return err
	}
	for _, p := range messages {
		size := proto.Size(p)
		if s.bytes+size > batchBytes || len(s.pending) == batchItems {
			if err := s.flush(); err != nil {
				return err
			}
		}
		delete(s.due, toIndex(p.GetIndex()))
		s.pending = append(s.pending, p)
		s.bytes += size
		if s.timer == nil {
			s.timer = time.AfterFunc(flushAfter, s.flushLate)
		}
	}
	// The host may be waiting for just these, and the reader for the host.
	if s.waiting {
		return s.flush()
	}
	return nil
}

// check validates answers before any is taken. The caller holds the lock.
func (s *Stream) check(answers []Answer) ([]*multiitemv1.Answer, error) {
	if s.phase == closed {
		return nil, ErrClosed
	}
	seen := make(map[int]struct{}, len(answers))
	messages := make([]*multiitemv1.Answer, 0, len(answers))
	for _, a := range answers {
		if err := checkAnswer(a); err != nil {
			return nil, fmt.Errorf("answer for index %d: %w", a.Index, err)
		}
		_, due := s.due[a.Index]
		if _, twice := seen[a.Index]; twice || !due {
			return nil, fmt.Errorf("answer for index %d: %w", a.Index, ErrNotAsked)
		}
		seen[a.Index] = struct{}{}
		p := fromAnswer(a)
		if proto.Size(p)+envelope > MaxItem {
			return nil, fmt.Errorf("answer for index %d: %w", a.Index, ErrTooLarge)
		}
		messages = append(messages, p)
	}
	return messages, nil
}

// Create sends an object that was not in the list. It may be called once the
// first item was asked for.
func (s *Stream) Create(c Created) error {
	if len(c.Object) == 0 || c.ID.Resource == "" || c.ID.Name == "" {
		return fmt.Errorf("create %s: resource, name and object must be set", c.ID)
	}
	if len(c.Object) > MaxItem-MaxMessage {
		return fmt.Errorf("create %s: %w", c.ID, ErrTooLarge)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != started {
		return fmt.Errorf("create %s: %w", c.ID, ErrClosed)
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.created++
	return s.send(&multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Created{Created: fromCreated(c)}})
}

// Progress tells the host that the action is at work though it answers nothing.
// Call it now and then in what takes minutes; the note is for people.
func (s *Stream) Progress(note string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != started {
		return ErrClosed
	}
	if err := s.flush(); err != nil {
		return err
	}
	p := &multiitemv1.Progress{Note: clip(note, maxNote)}
	return s.send(&multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Progress{Progress: p}})
}

// Record keeps what the action tells about one of its steps. Records are sent
// when Execute returns without an error.
func (s *Stream) Record(r Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, r)
}

// open sends Ready.
func (s *Stream) open(r *multiitemv1.Ready) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == closed {
		return ErrClosed
	}
	if s.phase != fresh {
		return ErrStarted
	}
	s.phase = started
	return s.send(&multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Ready{Ready: r}})
}
