package multiitemtest

import (
	"context"
	"errors"
	"maps"
	"slices"

	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

type (
	executeStream = grpc.BidiStreamingServer[multiitemv1.ExecuteRequest, multiitemv1.ExecuteResponse]
	rawRequest    = multiitemv1.ExecuteRequest
	rawResponse   = multiitemv1.ExecuteResponse
)

// hostility is a way to break the protocol. It has the header, and has sent
// Ready unless early.
type hostility struct {
	reason error // what the host must find
	early  bool
	run    func(s *hostileStream) error
}

// Hostilities returns the ways in which the action [Hostile] breaks the
// protocol, each with the error that a host must report.
func Hostilities() map[string]error {
	all := make(map[string]error)
	for name, h := range hostilities() {
		all[name] = h.reason
	}
	return all
}

func hostilities() map[string]hostility {
	all := map[string]hostility{
		"no-ready":      {reason: multiitem.ErrMalformed, early: true, run: func(*hostileStream) error { return nil }},
		"answers-first": {reason: multiitem.ErrMalformed, early: true, run: func(s *hostileStream) error { return s.answers(good(0)) }},
		"second-ready": {reason: multiitem.ErrMalformed, run: func(s *hostileStream) error {
			return s.Send(readyMessage())
		}},
		"no-closing":       {reason: multiitem.ErrMissing, run: func(s *hostileStream) error { return s.echo(good) }},
		"closes-at-once":   {reason: multiitem.ErrMissing, run: func(s *hostileStream) error { return s.close() }},
		"says-unavailable": {reason: multiitem.ErrDied, run: func(*hostileStream) error { return status.Error(codes.Unavailable, "away") }},
		"says-too-large":   {reason: multiitem.ErrDied, run: func(*hostileStream) error { return status.Error(codes.ResourceExhausted, "message larger than max") }},
		"unimplemented":    {reason: multiitem.ErrUnsupported, early: true, run: func(*hostileStream) error { return status.Error(codes.Unimplemented, "unknown service") }},
		"answers-nothing": {reason: multiitem.ErrMissing, run: func(s *hostileStream) error {
			return s.echoAndClose(func(uint64) *multiitemv1.Answer { return nil })
		}},
		"forgets-one": {reason: multiitem.ErrMissing, run: atThree(func(uint64) *multiitemv1.Answer { return nil })},
	}
	maps.Copy(all, hostileAnswers())
	maps.Copy(all, hostileParts())
	return all
}

func good(i uint64) *multiitemv1.Answer {
	return &multiitemv1.Answer{Index: i, Status: multiitemv1.Status_UNCHANGED}
}

// atThree answers well but for the item at index 3.
func atThree(bad func(i uint64) *multiitemv1.Answer) func(*hostileStream) error {
	return func(s *hostileStream) error {
		return s.echoAndClose(func(i uint64) *multiitemv1.Answer {
			if i == 3 {
				return bad(i)
			}
			return good(i)
		})
	}
}

// hostileAnswers are answers that must not be.
func hostileAnswers() map[string]hostility {
	return map[string]hostility{
		"unknown-index": {reason: multiitem.ErrUnknownIndex, run: atThree(func(uint64) *multiitemv1.Answer { return good(1 << 40) })},
		"huge-index":    {reason: multiitem.ErrUnknownIndex, run: atThree(func(uint64) *multiitemv1.Answer { return good(1<<64 - 1) })},
		"answers-twice": {reason: multiitem.ErrAnsweredTwice, run: atThree(func(i uint64) *multiitemv1.Answer { return good(i - 1) })},
		"answers-all-twice": {reason: multiitem.ErrAnsweredTwice, run: func(s *hostileStream) error {
			err := s.forEach(func(it *multiitemv1.Item) error { return s.answers(good(it.GetIndex()), good(it.GetIndex())) })
			if err != nil {
				return err
			}
			return s.close()
		}},
		"no-status": {reason: multiitem.ErrMalformed, run: atThree(func(i uint64) *multiitemv1.Answer {
			return &multiitemv1.Answer{Index: i}
		})},
		"unknown-status": {reason: multiitem.ErrMalformed, run: atThree(func(i uint64) *multiitemv1.Answer {
			return &multiitemv1.Answer{Index: i, Status: 99}
		})},
		"updated-to-nothing": {reason: multiitem.ErrMalformed, run: atThree(func(i uint64) *multiitemv1.Answer {
			return &multiitemv1.Answer{Index: i, Status: multiitemv1.Status_UPDATED}
		})},
		"unchanged-with-object": {reason: multiitem.ErrMalformed, run: atThree(func(i uint64) *multiitemv1.Answer {
			return &multiitemv1.Answer{Index: i, Status: multiitemv1.Status_UNCHANGED, Object: []byte("{}")}
		})},
		"creates-without-name": {reason: multiitem.ErrMalformed, run: func(s *hostileStream) error {
			return s.Send(&rawResponse{Message: &multiitemv1.ExecuteResponse_Created{Created: &multiitemv1.Created{Object: []byte("{}")}}})
		}},
		"answers-after-closing": {reason: multiitem.ErrMalformed, run: func(s *hostileStream) error {
			if err := s.echoAndClose(good); err != nil {
				return err
			}
			return s.answers(good(0))
		}},
	}
}

// hostileParts are parts that do not fit together.
func hostileParts() map[string]hostility {
	parts := func(parts ...*multiitemv1.Part) func(*hostileStream) error {
		return func(s *hostileStream) error {
			for _, p := range parts {
				if err := s.Send(&rawResponse{Message: &multiitemv1.ExecuteResponse_Part{Part: p}}); err != nil {
					return err
				}
			}
			return s.close()
		}
	}
	piece := []byte("piece")
	return map[string]hostility{
		"part-empty":          {reason: multiitem.ErrMalformed, run: parts(&multiitemv1.Part{TotalSize: 9})},
		"part-without-size":   {reason: multiitem.ErrMalformed, run: parts(&multiitemv1.Part{Data: piece})},
		"part-too-large":      {reason: multiitem.ErrMalformed, run: parts(&multiitemv1.Part{TotalSize: 1 << 62, Data: piece})},
		"part-out-of-order":   {reason: multiitem.ErrMalformed, run: parts(&multiitemv1.Part{TotalSize: 9, Offset: 5, Data: piece})},
		"part-beyond-size":    {reason: multiitem.ErrMalformed, run: parts(&multiitemv1.Part{TotalSize: 3, Data: piece})},
		"part-changes-size":   {reason: multiitem.ErrMalformed, run: parts(&multiitemv1.Part{TotalSize: 9, Data: piece}, &multiitemv1.Part{TotalSize: 8, Offset: 5, Data: piece})},
		"parts-interrupted":   {reason: multiitem.ErrMalformed, run: parts(&multiitemv1.Part{TotalSize: 9, Data: piece})},
		"parts-of-no-message": {reason: multiitem.ErrMalformed, run: parts(&multiitemv1.Part{TotalSize: 5, Data: []byte("\xff\xff\xff\xff\xff")})},
	}
}

// hostileStream has what the hostilities share.
type hostileStream struct {
	executeStream
	sent uint64
}

func readyMessage() *rawResponse {
	return &rawResponse{Message: &multiitemv1.ExecuteResponse_Ready{Ready: &multiitemv1.Ready{}}}
}

func (s *hostileStream) answers(answers ...*multiitemv1.Answer) error {
	answers = slices.DeleteFunc(answers, func(a *multiitemv1.Answer) bool { return a == nil })
	s.sent += uint64(len(answers))
	return s.Send(&rawResponse{Message: &multiitemv1.ExecuteResponse_Answers{Answers: &multiitemv1.Answers{Answers: answers}}})
}

// decline ends a run that no script is for.
func (s *hostileStream) decline() error {
	ready := &rawResponse{Message: &multiitemv1.ExecuteResponse_Ready{Ready: &multiitemv1.Ready{NothingToDo: true}}}
	if err := s.Send(ready); err != nil {
		return err
	}
	return s.close()
}

func (s *hostileStream) close() error {
	return s.Send(&rawResponse{Message: &multiitemv1.ExecuteResponse_Closing{Closing: &multiitemv1.Closing{Answers: s.sent}}})
}

// forEach reads to the end.
func (s *hostileStream) forEach(f func(*multiitemv1.Item) error) error {
	for {
		m, err := s.Recv()
		if err != nil {
			return err
		}
		for _, it := range m.GetItems().GetItems() {
			if err := f(it); err != nil {
				return err
			}
		}
		if m.GetEnd() != nil {
			return nil
		}
	}
}

// echo answers every item as told.
func (s *hostileStream) echo(answer func(i uint64) *multiitemv1.Answer) error {
	return s.forEach(func(it *multiitemv1.Item) error { return s.answers(answer(it.GetIndex())) })
}

func (s *hostileStream) echoAndClose(answer func(i uint64) *multiitemv1.Answer) error {
	if err := s.echo(answer); err != nil {
		return err
	}
	return s.close()
}

// hostileServer gives the calls of [Hostile] to a hostility and all others to
// the registry's own server.
type hostileServer struct {
	multiitemv1.UnimplementedBackupMultiItemActionServer
	multiitemv1.UnimplementedRestoreMultiItemActionServer
	next multiitemv1.BackupMultiItemActionServer // both kinds have the same methods
}

// AppliesTo is the registry's; Hostile, which it does not have, applies to what
// Scripted does.
func (h *hostileServer) AppliesTo(ctx context.Context, req *multiitemv1.AppliesToRequest) (*multiitemv1.AppliesToResponse, error) {
	if req.GetPlugin() == Hostile {
		req = &multiitemv1.AppliesToRequest{Plugin: Scripted}
	}
	return h.next.AppliesTo(ctx, req)
}

// Execute looks at the header to see whose the call is.
func (h *hostileServer) Execute(raw executeStream) error {
	first, err := raw.Recv()
	if err != nil {
		return err
	}
	header := first.GetHeader()
	if header.GetPlugin() != Hostile {
		return h.next.Execute(&replay{executeStream: raw, first: first})
	}
	script, err := decode(multiitem.Run{Backup: header.GetBackup(), Restore: header.GetRestore()})
	if err != nil {
		return err
	}
	s := &hostileStream{executeStream: raw}
	if script.Hostile == "" {
		return s.decline()
	}
	chosen := hostilities()[script.Hostile]
	if !chosen.early {
		if err := raw.Send(readyMessage()); err != nil {
			return err
		}
	}
	return chosen.run(s)
}

// replay gives a message back to a stream.
type replay struct {
	executeStream
	first *rawRequest
}

func (r *replay) Recv() (*rawRequest, error) {
	if first := r.first; first != nil {
		r.first = nil
		return first, nil
	}
	return r.executeStream.Recv()
}

// hostilePlugin is one kind with the hostile server in front.
type hostilePlugin struct {
	plugin.NetRPCUnsupportedPlugin
	kind multiitem.Kind
	srv  *hostileServer
}

var _ plugin.GRPCPlugin = (*hostilePlugin)(nil)

// GRPCServer registers the kind's service.
func (p *hostilePlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	if p.kind == multiitem.KindBackup {
		multiitemv1.RegisterBackupMultiItemActionServer(s, p.srv)
		return nil
	}
	multiitemv1.RegisterRestoreMultiItemActionServer(s, p.srv)
	return nil
}

// GRPCClient is not for here: hosts use multiitem.HostPlugins.
func (*hostilePlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("plugin side of a kind cannot be dispensed")
}

// captor keeps the servers that a registry registers.
type captor map[string]any

// RegisterService keeps the implementation by the name of its service.
func (c captor) RegisterService(desc *grpc.ServiceDesc, impl any) { c[desc.ServiceName] = impl }
