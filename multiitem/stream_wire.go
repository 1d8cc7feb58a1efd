package multiitem

import (
	"errors"
	"fmt"
	"io"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// errHost means that the host broke the protocol.
var errHost = errors.New("host broke the protocol")

// start sends Ready unless that is done.
func (s *Stream) start() error {
	err := s.open(&multiitemv1.Ready{})
	if errors.Is(err, ErrStarted) {
		return nil
	}
	return err
}

// next returns the next item, nil at the end.
func (s *Stream) next() (*Item, error) {
	if err := s.start(); err != nil {
		return nil, err
	}
	for {
		if it := s.pop(); it != nil {
			return it, nil
		}
		if s.ended {
			return nil, nil
		}
		if err := s.receive(); err != nil {
			return nil, err
		}
	}
}

// pop returns the next item that has arrived, nil when there is none.
func (s *Stream) pop() *Item {
	if len(s.queue) == 0 {
		return nil
	}
	it := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	s.mu.Lock()
	s.last = it
	s.queued--
	s.mu.Unlock()
	return it
}

// receive waits for one message from the host and takes it.
func (s *Stream) receive() error {
	if err := s.beginWait(); err != nil {
		return err
	}
	m, err := s.raw.Recv()
	s.endWait()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: closed without End", errHost)
	}
	if err != nil {
		return fmt.Errorf("receive items: %w", err)
	}
	whole, err := s.parts.request(m)
	if err != nil {
		return fmt.Errorf("%w: %w", errHost, err)
	}
	return s.take(whole)
}

// beginWait sends what the host may be waiting for.
func (s *Stream) beginWait() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != started {
		return ErrClosed
	}
	s.waiting = true
	return s.flush()
}

func (s *Stream) endWait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = false
}

// take acts on a message; nil means that parts are still due.
func (s *Stream) take(m *multiitemv1.ExecuteRequest) error {
	switch msg := m.GetMessage().(type) {
	case *multiitemv1.ExecuteRequest_Items:
		return s.takeItems(msg.Items.GetItems())
	case *multiitemv1.ExecuteRequest_Pause:
		s.mu.Lock()
		defer s.mu.Unlock()
		answered := msg.Pause.GetAnswered()
		s.pausedAt = &answered
	case *multiitemv1.ExecuteRequest_End:
		if msg.End.GetItems() != s.received {
			return fmt.Errorf("%w: End after %d items tells of %d", errHost, s.received, msg.End.GetItems())
		}
		s.ended = true
	case *multiitemv1.ExecuteRequest_Header:
		return fmt.Errorf("%w: second header", errHost)
	}
	return nil
}

func (s *Stream) takeItems(items []*multiitemv1.Item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pausedAt = nil
	for _, p := range items {
		it := &Item{Index: toIndex(p.GetIndex()), ID: toID(p.GetId()), Object: p.GetObject()}
		if _, twice := s.due[it.Index]; it.Index < 0 || twice || len(it.Object) == 0 {
			return fmt.Errorf("%w: invalid item at index %d", errHost, it.Index)
		}
		s.due[it.Index] = struct{}{}
		s.queue = append(s.queue, it)
		s.received++
		s.queued++
	}
	return nil
}

// hostWaits reports whether the host sends nothing before it has an answer that
// it does not have yet. A pause from before answers that are on their way says
// nothing: the host either goes on when it gets them or pauses again.
func (s *Stream) hostWaits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pausedAt != nil && *s.pausedAt == s.answers && len(s.pending) == 0
}

// flush sends the answers that are pending. The caller holds the lock.
func (s *Stream) flush() error {
	if len(s.pending) == 0 {
		return nil
	}
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	n := len(s.pending)
	m := &multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Answers{
		Answers: &multiitemv1.Answers{Answers: s.pending},
	}}
	s.pending, s.bytes = nil, 0
	s.answers += uint64(n)
	return s.send(m)
}

// flushLate sends what an action that takes long over its next item has left
// pending. The host's progress timeout, and a death of the process, would
// otherwise count against items that are done.
func (s *Stream) flushLate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = nil
	if s.phase != started {
		return
	}
	if err := s.flush(); err != nil {
		s.log.Debug("answers not sent", "error", err)
	}
}

// send sends a message. The caller holds the lock.
func (s *Stream) send(m *multiitemv1.ExecuteResponse) error {
	if err := sendResponse(m, s.raw.Send); err != nil {
		return fmt.Errorf("send to the host: %w", err)
	}
	return nil
}

// finish sends the end of a call whose Execute returned no error.
func (s *Stream) finish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == fresh {
		return errors.New("action returned without asking for items; call Decline when there is nothing to do")
	}
	s.phase = closed
	if err := s.flush(); err != nil {
		return err
	}
	c := &multiitemv1.Closing{Answers: s.answers, Created: s.created}
	for _, r := range s.records {
		c.Records = append(c.Records, fromRecord(r))
	}
	return s.send(&multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Closing{Closing: c}})
}

// abandon closes the stream of a call that failed and tells how far it had
// come. Answers that were given are sent: they stand.
func (s *Stream) abandon() (asked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked = s.phase != fresh
	if s.phase == started {
		if err := s.flush(); err != nil {
			s.log.Debug("answers not sent", "error", err)
		}
	}
	s.phase = closed
	return asked
}

// where tells which items an action was at, for the error of a panic.
func (s *Stream) where() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return "before the first item"
	}
	if _, due := s.due[s.last.Index]; due && len(s.due)-s.queued == 1 {
		return fmt.Sprintf("at %s, index %d", s.last.ID, s.last.Index)
	}
	return fmt.Sprintf("with %d items unanswered, the last %s, index %d", len(s.due)-s.queued, s.last.ID, s.last.Index)
}
