package multiitem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// session is the host's side of one call: one goroutine sends items, another
// receives answers.
type session struct {
	client  *Client
	job     Job
	limits  Limits
	feed    feed
	ignored func(*CallError) // takes violations of single answers; nil: they end the call

	stream executeClient
	cancel context.CancelCauseFunc
	window *window
	watch  *watchdog
	parts  assembler

	ready   *multiitemv1.Ready
	closing *multiitemv1.Closing
	ended   bool // all items were sent; read when the sender has returned

	sink sync.Mutex // the Sink is used by one goroutine at a time
	held []any      // Answer and Created of a whole list, until the call succeeds
}

// errStopped cancels what is left of a call whose error is known.
var errStopped = errors.New("call is over")

// hostError is an error of the host's own Source or Sink.
type hostError struct{ err error }

func (e *hostError) Error() string { return e.err.Error() }
func (e *hostError) Unwrap() error { return e.err }

func newSession(c *Client, job Job, f feed, ignored func(*CallError)) *session {
	limits := job.Limits.withDefaults()
	return &session{
		client: c, job: job, limits: limits, feed: f, ignored: ignored,
		window: newWindow(limits),
		// Room for what surrounds an object of the greatest size.
		parts: assembler{limit: uint64(MaxItem)},
	}
}

// run does the whole call.
func (s *session) run(parent context.Context) (*Closing, error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	s.cancel = cancel
	s.watch = &watchdog{after: s.limits.ProgressTimeout, fire: func() { cancel(ErrStalled) }}
	defer s.watch.stop()

	err := s.converse(ctx)
	s.watch.stop()
	// What made us cancel says more than the status that came of it.
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errStopped) {
		err = cause
	}
	if err == nil {
		err = s.deliver(ctx)
	}
	if err != nil && parent.Err() != nil {
		return nil, fmt.Errorf("call action %q: %w", s.client.name, context.Cause(parent))
	}
	if err != nil {
		return nil, s.failed(err)
	}
	closing := toClosing(s.closing)
	closing.NothingToDo, closing.WholeList = s.ready.GetNothingToDo(), s.ready.GetWholeList()
	return closing, nil
}

// failed returns the error of a call that did not succeed.
func (s *session) failed(err error) error {
	if host, ok := errors.AsType[*hostError](err); ok {
		return host.err
	}
	e, ok := errors.AsType[*CallError](err)
	switch {
	case ok:
	case errors.Is(err, ErrStalled):
		e = s.violation(ErrStalled, -1, "nothing for "+s.limits.ProgressTimeout.String())
	default:
		e = s.client.fromStatus(err)
	}
	e.Started = e.Started || s.ready != nil
	e.WholeList = s.ready.GetWholeList()
	e.Unanswered = s.window.unanswered()
	if e.WholeList {
		e.Unanswered = s.window.all()
	}
	return e
}

func (s *session) violation(reason error, index int, detail string) *CallError {
	return &CallError{Action: s.client.name, Reason: reason, Index: index, Detail: detail}
}

// converse sends the header, waits for Ready, then sends and receives at the
// same time.
func (s *session) converse(ctx context.Context) error {
	stream, err := s.client.open(ctx)
	if err != nil {
		return err
	}
	s.stream = stream
	s.watch.kick()
	if err := s.greet(); err != nil {
		return err
	}
	s.window.unbounded = s.ready.GetWholeList()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		s.sendAll(ctx)
	}()
	err = s.receiveAll(ctx)
	if err != nil {
		// The sender may be waiting for answers.
		s.cancel(errStopped)
	}
	if s.closing != nil {
		s.window.close()
	}
	<-sent
	if err != nil {
		return err
	}
	return s.complete()
}

// greet sends the header and receives Ready.
func (s *session) greet() error {
	run := s.job.Run
	run.Action = s.client.name
	header := &multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_Header{Header: fromRun(run, s.limits)}}
	if err := s.send(header); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for {
		m, err := s.receive()
		if errors.Is(err, io.EOF) {
			return s.violation(ErrMalformed, -1, "closed without Ready")
		}
		if err != nil {
			return err
		}
		switch msg := m.GetMessage().(type) {
		case nil, *multiitemv1.ExecuteResponse_Progress:
		case *multiitemv1.ExecuteResponse_Ready:
			s.ready = msg.Ready
			if msg.Ready == nil {
				s.ready = &multiitemv1.Ready{}
			}
			return nil
		default:
			return s.violation(ErrMalformed, -1, fmt.Sprintf("%T before Ready", msg))
		}
	}
}

// send sends a message. An error of io.EOF means that receiving tells why.
func (s *session) send(m *multiitemv1.ExecuteRequest) error {
	return sendRequest(m, func(m *multiitemv1.ExecuteRequest) error {
		if err := s.stream.Send(m); err != nil {
			return err
		}
		s.watch.kick()
		return nil
	})
}

// receive returns the next message; its Message is nil while parts are due and
// when it is of a kind that this version does not know.
func (s *session) receive() (*multiitemv1.ExecuteResponse, error) {
	m, err := s.stream.Recv()
	if err != nil {
		return nil, err
	}
	s.watch.kick()
	whole, err := s.parts.response(m)
	if err != nil {
		return nil, s.violation(ErrMalformed, -1, err.Error())
	}
	if whole == nil {
		return &multiitemv1.ExecuteResponse{}, nil
	}
	return whole, nil
}

// receiveAll receives until the plugin ends the call.
func (s *session) receiveAll(ctx context.Context) error {
	for {
		m, err := s.receive()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := s.take(ctx, m); err != nil {
			return err
		}
	}
	switch {
	case s.parts.open():
		return s.violation(ErrMalformed, -1, "closed within a message in parts")
	case s.closing == nil:
		return s.violation(ErrMissing, -1, "closed without Closing")
	}
	return nil
}

// take acts on one message.
func (s *session) take(ctx context.Context, m *multiitemv1.ExecuteResponse) error {
	if s.closing != nil && m.GetMessage() != nil {
		return s.violation(ErrMalformed, -1, "message after Closing")
	}
	switch msg := m.GetMessage().(type) {
	case *multiitemv1.ExecuteResponse_Answers:
		for _, p := range msg.Answers.GetAnswers() {
			if err := s.takeAnswer(ctx, p); err != nil {
				return err
			}
		}
	case *multiitemv1.ExecuteResponse_Created:
		return s.takeCreated(ctx, msg.Created)
	case *multiitemv1.ExecuteResponse_Closing:
		s.closing = msg.Closing
		if s.closing == nil {
			s.closing = &multiitemv1.Closing{}
		}
	case *multiitemv1.ExecuteResponse_Ready:
		return s.violation(ErrMalformed, -1, "second Ready")
	}
	return nil
}

func (s *session) takeAnswer(ctx context.Context, p *multiitemv1.Answer) error {
	a := toAnswer(p)
	if reason := s.window.check(a.Index); reason != nil {
		v := s.violation(reason, a.Index, "")
		if s.ignored == nil {
			return v
		}
		s.ignored(v)
		return nil
	}
	if err := checkAnswer(a); err != nil {
		return s.violation(ErrMalformed, a.Index, err.Error())
	}
	if s.ready.GetWholeList() {
		s.held = append(s.held, a)
	} else if err := s.giveAnswer(ctx, a); err != nil {
		return err
	}
	s.window.settle(a.Index)
	return nil
}

func (s *session) takeCreated(ctx context.Context, p *multiitemv1.Created) error {
	c := toCreated(p)
	if c.ID.Resource == "" || c.ID.Name == "" || len(c.Object) == 0 {
		return s.violation(ErrMalformed, -1, "created object without a name or without content")
	}
	if s.ready.GetNothingToDo() {
		return s.violation(ErrMalformed, -1, "created object after nothing_to_do")
	}
	if s.ready.GetWholeList() {
		s.held = append(s.held, c)
		return nil
	}
	return s.giveCreated(ctx, c)
}

func (s *session) giveAnswer(ctx context.Context, a Answer) error {
	s.sink.Lock()
	defer s.sink.Unlock()
	return s.watch.host(func() error {
		if err := s.job.Sink.Answer(ctx, a); err != nil {
			return &hostError{err: err}
		}
		return nil
	})
}

func (s *session) giveCreated(ctx context.Context, c Created) error {
	s.sink.Lock()
	defer s.sink.Unlock()
	return s.watch.host(func() error {
		if err := s.job.Sink.Created(ctx, c); err != nil {
			return &hostError{err: err}
		}
		return nil
	})
}

// complete reports what is missing in a call that the plugin ended.
func (s *session) complete() error {
	if s.ready.GetNothingToDo() {
		return nil
	}
	if !s.ended {
		return s.violation(ErrMissing, -1, "closed before all items were sent")
	}
	if missing := s.window.unanswered(); len(missing) > 0 {
		return s.violation(ErrMissing, missing[0], "")
	}
	if taken, _ := s.window.count(); s.ignored == nil && taken != s.closing.GetAnswers() {
		return s.violation(ErrMissing, -1, fmt.Sprintf("%d answers arrived where the plugin sent %d", taken, s.closing.GetAnswers()))
	}
	return nil
}

// deliver gives the Sink what was held back.
func (s *session) deliver(ctx context.Context) error {
	for _, h := range s.held {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		switch v := h.(type) {
		case Answer:
			err = s.giveAnswer(ctx, v)
		case Created:
			err = s.giveCreated(ctx, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
