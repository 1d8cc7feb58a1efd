package multiitem

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// Source gives a host's items. It is asked from one goroutine at a time, but
// while the [Sink] is used in another.
type Source interface {
	// Load returns the item at an index, or [ErrEnd] when the list has none
	// there; indexes start at 0 and leave none out. An index is loaded again
	// only as long as it has no answer. The item's own Index is not looked at.
	// Any other error ends the run.
	Load(ctx context.Context, index int) (*Item, error)
}

// Sink takes what a plugin answers. It is used by one goroutine at a time. An
// error ends the run.
type Sink interface {
	// Answer takes the answer of an item, exactly once for each.
	Answer(ctx context.Context, a Answer) error
	// Created takes an object that was not in the list.
	Created(ctx context.Context, c Created) error
}

// SliceSource is a Source of items that are in memory.
type SliceSource []Item

var _ Source = SliceSource(nil)

// Load returns the item at the index.
func (s SliceSource) Load(_ context.Context, index int) (*Item, error) {
	if index >= len(s) {
		return nil, ErrEnd
	}
	return &s[index], nil
}

// Job is what a host wants done.
type Job struct {
	// Run tells the plugin what it is for; Run.Action is set by the [Client].
	Run Run
	// Source and Sink are required.
	Source Source
	Sink   Sink
	// Limits; the zero value means the defaults.
	Limits Limits
}

// Client calls one action of one plugin process. It is safe for concurrent use.
// It retries nothing: that is what a [Runner] does.
type Client struct {
	kind Kind
	name string
	conn grpc.ClientConnInterface
}

// NewClient returns a client of the named action over a connection, which stays
// the caller's to close.
func NewClient(kind Kind, name string, conn grpc.ClientConnInterface) *Client {
	return &Client{kind: kind, name: name, conn: conn}
}

// Dispenser is what go-plugin dispenses for a kind: one plugin process serves
// many actions. It satisfies Velero's common.ClientDispenser.
type Dispenser struct {
	kind Kind
	conn grpc.ClientConnInterface
}

// ClientFor returns a *[Client] of the named action.
func (d *Dispenser) ClientFor(name string) any { return d.Client(name) }

// Client returns a client of the named action.
func (d *Dispenser) Client(name string) *Client { return NewClient(d.kind, name, d.conn) }

// Kind returns the kind of the action.
func (c *Client) Kind() Kind { return c.kind }

// Name returns the name of the action.
func (c *Client) Name() string { return c.name }

// executeClient is the host's end of one call.
type executeClient = grpc.BidiStreamingClient[multiitemv1.ExecuteRequest, multiitemv1.ExecuteResponse]

// AppliesTo returns which items the action wants. A failure is a *[CallError],
// or the error of ctx.
func (c *Client) AppliesTo(ctx context.Context) (ResourceSelector, error) {
	var resp *multiitemv1.AppliesToResponse
	var err error
	req := &multiitemv1.AppliesToRequest{Plugin: c.name}
	if c.kind == KindBackup {
		resp, err = multiitemv1.NewBackupMultiItemActionClient(c.conn).AppliesTo(ctx, req)
	} else {
		resp, err = multiitemv1.NewRestoreMultiItemActionClient(c.conn).AppliesTo(ctx, req)
	}
	if ctx.Err() != nil {
		return ResourceSelector{}, fmt.Errorf("ask action %q what it applies to: %w", c.name, context.Cause(ctx))
	}
	if err != nil {
		return ResourceSelector{}, fmt.Errorf("ask what it applies to: %w", c.fromStatus(err))
	}
	return toSelector(resp.GetResourceSelector()), nil
}

// Execute sends all items of the job's Source and gives the answers to its
// Sink. When it returns nil, every item was answered exactly once, unless
// Closing.NothingToDo.
//
// # Errors
//
//   - *[CallError] when the call failed. Answers that the Sink has taken stand;
//     CallError.Unanswered was sent and may be sent again, and what follows in
//     the Source was not sent.
//   - the cause of ctx when that has ended.
//   - the error of Source or Sink.
func (c *Client) Execute(ctx context.Context, job Job) (*Closing, error) {
	return c.execute(ctx, job, &sequence{source: job.Source}, nil)
}

// execute is Execute with another order of items, and with ignored to take
// violations that only concern an answer instead of ending the call.
func (c *Client) execute(ctx context.Context, job Job, feed feed, ignored func(*CallError)) (*Closing, error) {
	s := newSession(c, job, feed, ignored)
	return s.run(ctx)
}

// open starts the call.
func (c *Client) open(ctx context.Context) (executeClient, error) {
	if c.kind == KindBackup {
		return multiitemv1.NewBackupMultiItemActionClient(c.conn).Execute(ctx)
	}
	return multiitemv1.NewRestoreMultiItemActionClient(c.conn).Execute(ctx)
}

// fromStatus tells a failure of the action from the death of its process.
func (c *Client) fromStatus(err error) *CallError {
	e := &CallError{Action: c.name, Reason: ErrDied, Index: -1, Err: err}
	st, ok := status.FromError(err)
	if !ok {
		e.Detail = err.Error()
		return e
	}
	e.Detail = st.Message()
	if st.Code() == codes.Unimplemented {
		e.Reason = ErrUnsupported
	}
	for _, d := range st.Details() {
		f, ok := d.(*multiitemv1.Failure)
		if !ok {
			continue
		}
		e.Detail, e.Started, e.Err = f.GetMessage(), f.GetStarted(), nil
		e.Reason = failureReason(f.GetKind())
	}
	return e
}

func failureReason(kind multiitemv1.Failure_Kind) error {
	switch kind {
	case multiitemv1.Failure_PANIC:
		return ErrPanicked
	case multiitemv1.Failure_PROTOCOL:
		return ErrProtocol
	case multiitemv1.Failure_NOT_FOUND:
		return ErrNotFound
	default:
		return ErrAction
	}
}

// feed gives a session its items in the order to send them.
type feed interface {
	// next returns an item and its index, or ErrEnd.
	next(ctx context.Context) (int, *Item, error)
}

// sequence is all of a Source.
type sequence struct {
	source Source
	at     int
}

func (s *sequence) next(ctx context.Context) (int, *Item, error) {
	it, err := s.source.Load(ctx, s.at)
	if err != nil {
		return 0, nil, err
	}
	s.at++
	return s.at - 1, it, nil
}
