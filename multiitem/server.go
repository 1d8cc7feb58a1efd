package multiitem

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// server is the plugin's side of one kind. Both services have the same methods.
type server struct {
	multiitemv1.UnimplementedBackupMultiItemActionServer
	multiitemv1.UnimplementedRestoreMultiItemActionServer
	kind     Kind
	registry *Registry
}

var (
	_ multiitemv1.BackupMultiItemActionServer  = (*server)(nil)
	_ multiitemv1.RestoreMultiItemActionServer = (*server)(nil)
)

// panicError is a panic of an action.
type panicError struct {
	text  string
	where string
}

func (e *panicError) Error() string {
	if e.where == "" {
		return "action panicked: " + e.text
	}
	return "action panicked " + e.where + ": " + e.text
}

// panicText is what of a panic may travel: its text, bounded.
func panicText(p any) string { return clip(fmt.Sprint(p), 1<<10) }

// AppliesTo asks the action.
func (s *server) AppliesTo(ctx context.Context, req *multiitemv1.AppliesToRequest) (*multiitemv1.AppliesToResponse, error) {
	selector, err := s.appliesTo(ctx, req.GetPlugin())
	if err != nil {
		return nil, failure(ctx, err, false)
	}
	return &multiitemv1.AppliesToResponse{ResourceSelector: fromSelector(selector)}, nil
}

func (s *server) appliesTo(ctx context.Context, name string) (_ ResourceSelector, err error) {
	defer s.recovered(&err, name, func() string { return "" })
	a, err := s.registry.get(s.kind, name)
	if err != nil {
		return ResourceSelector{}, err
	}
	return a.AppliesTo(ctx)
}

// Execute runs the action over the stream.
func (s *server) Execute(raw grpc.BidiStreamingServer[multiitemv1.ExecuteRequest, multiitemv1.ExecuteResponse]) error {
	st := newStream(raw, s.registry.maxItem, s.registry.log)
	err := s.execute(raw.Context(), st)
	if err == nil {
		err = st.finish()
	}
	if err == nil {
		return nil
	}
	return failure(raw.Context(), err, st.abandon())
}

func (s *server) execute(ctx context.Context, st *Stream) (err error) {
	header, err := st.header()
	if err != nil {
		return err
	}
	run := toRun(header)
	st.log = st.log.With("action", run.Action)
	defer s.recovered(&err, run.Action, st.where)
	a, err := s.registry.get(s.kind, run.Action)
	if err != nil {
		return err
	}
	return a.Execute(ctx, run, st)
}

// header receives the first message.
func (s *Stream) header() (*multiitemv1.Header, error) {
	for {
		m, err := s.raw.Recv()
		if err != nil {
			return nil, fmt.Errorf("receive header: %w", err)
		}
		whole, err := s.parts.request(m)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errHost, err)
		}
		if whole == nil {
			continue
		}
		if whole.GetHeader() == nil {
			return nil, fmt.Errorf("%w: no header", errHost)
		}
		return whole.GetHeader(), nil
	}
}

// recovered turns a panic into an error. It is deferred, so the process and the
// other calls in it go on.
func (s *server) recovered(err *error, name string, where func() string) {
	p := recover()
	if p == nil {
		return
	}
	s.registry.log.Error("action panicked", "action", name, "where", where(), "panic", panicText(p), "stack", string(debug.Stack()))
	*err = &panicError{text: panicText(p), where: where()}
}

// failure returns the gRPC status that ends a call. The host tells a failure of
// the action from the death of the process by its detail.
func failure(ctx context.Context, err error, asked bool) error {
	if ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	kind, code := multiitemv1.Failure_ACTION, codes.FailedPrecondition
	var panicked *panicError
	switch {
	case errors.As(err, &panicked):
		kind, code = multiitemv1.Failure_PANIC, codes.Aborted
	case errors.Is(err, errHost):
		kind, code = multiitemv1.Failure_PROTOCOL, codes.InvalidArgument
	case errors.Is(err, ErrNotFound):
		kind, code = multiitemv1.Failure_NOT_FOUND, codes.NotFound
	}
	text := clip(err.Error(), maxText)
	st, detailErr := status.New(code, text).WithDetails(&multiitemv1.Failure{Kind: kind, Message: text, Started: asked})
	if detailErr != nil {
		return status.Error(code, text)
	}
	return st.Err()
}
