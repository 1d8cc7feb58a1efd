package multiitem

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// conn is a connection to a plugin that says what it is told, whatever the host
// sends.
type conn struct {
	grpc.ClientConnInterface
	says []*multiitemv1.ExecuteResponse
}

func (c *conn) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	return &stream{ctx: ctx, says: c.says, closed: make(chan struct{})}, nil
}

type stream struct {
	grpc.ClientStream
	ctx    context.Context //nolint:containedctx // as streams of gRPC do
	says   []*multiitemv1.ExecuteResponse
	ready  bool
	closed chan struct{}
}

func (*stream) SendMsg(any) error { return nil }

func (s *stream) CloseSend() error {
	close(s.closed)
	return nil
}

// RecvMsg gives the first message at once and the others when the host has sent
// all items, so that the outcome does not depend on who is faster.
func (s *stream) RecvMsg(m any) error {
	if s.ready {
		select {
		case <-s.closed:
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
	}
	if len(s.says) == 0 {
		return io.EOF
	}
	s.ready = s.ready || s.says[0].GetReady() != nil
	proto.Merge(m.(proto.Message), s.says[0])
	s.says = s.says[1:]
	return nil
}

// once is a Sink that wants each of n indexes once at most.
type once struct {
	n    int
	seen map[int]Answer
	bad  error
}

func (o *once) Answer(_ context.Context, a Answer) error {
	if _, twice := o.seen[a.Index]; twice || a.Index < 0 || a.Index >= o.n || checkAnswer(a) != nil {
		o.bad = fmt.Errorf("answer %+v is given to the Sink", a)
	}
	o.seen[a.Index] = a
	return nil
}

func (o *once) Created(_ context.Context, c Created) error {
	if c.ID.Name == "" || c.ID.Resource == "" || len(c.Object) == 0 {
		o.bad = fmt.Errorf("created %+v is given to the Sink", c)
	}
	return nil
}

// messages decodes a script: messages, each after its length in two bytes.
func messages(script []byte) []*multiitemv1.ExecuteResponse {
	var all []*multiitemv1.ExecuteResponse
	for len(script) >= 2 {
		n := min(int(binary.BigEndian.Uint16(script)), len(script)-2)
		m := new(multiitemv1.ExecuteResponse)
		if proto.Unmarshal(script[2:2+n], m) == nil {
			all = append(all, m)
		}
		script = script[2+n:]
	}
	return all
}

func script(f *testing.F, says ...*multiitemv1.ExecuteResponse) []byte {
	f.Helper()
	var out bytes.Buffer
	for _, m := range says {
		data, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		out.Write(binary.BigEndian.AppendUint16(nil, uint16(len(data))))
		out.Write(data)
	}
	return out.Bytes()
}

// FuzzSession gives a host whatever a plugin may send. The host must not panic,
// hang, or give its Sink what it must not, and success means that every item
// has its answer.
func FuzzSession(f *testing.F) {
	answers := func(a ...*multiitemv1.Answer) *multiitemv1.ExecuteResponse {
		return &multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Answers{Answers: &multiitemv1.Answers{Answers: a}}}
	}
	ready := func(r *multiitemv1.Ready) *multiitemv1.ExecuteResponse {
		return &multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Ready{Ready: r}}
	}
	closing := &multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Closing{Closing: &multiitemv1.Closing{Answers: 3}}}
	three := answers(
		&multiitemv1.Answer{Index: 2, Status: multiitemv1.Status_UNCHANGED},
		&multiitemv1.Answer{Index: 0, Status: multiitemv1.Status_UPDATED, Object: []byte("{}")},
		&multiitemv1.Answer{Index: 1, Status: multiitemv1.Status_FAILED, Message: "no"},
	)
	created := &multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Created{Created: &multiitemv1.Created{
		Id: &multiitemv1.ResourceIdentifier{Resource: "pods", Name: "p"}, Object: []byte("{}"),
	}}}
	part := &multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Part{Part: &multiitemv1.Part{TotalSize: 2, Data: []byte{0x22, 0}}}}
	f.Add(script(f, ready(&multiitemv1.Ready{}), three, created, closing))
	f.Add(script(f, ready(&multiitemv1.Ready{WholeList: true}), created, part, three, closing))
	f.Add(script(f, ready(&multiitemv1.Ready{NothingToDo: true}), closing))
	f.Add(script(f, three, ready(nil)))
	f.Fuzz(func(t *testing.T, data []byte) {
		const n = 3
		for _, lenient := range []bool{false, true} {
			sink := &once{n: n, seen: make(map[int]Answer)}
			client := NewClient(KindBackup, "a.b/c", &conn{says: messages(data)})
			source := make(SliceSource, n)
			for i := range source {
				source[i] = Item{ID: ResourceIdentifier{Resource: "pods", Name: "p"}, Object: json.RawMessage("{}")}
			}
			var ignored func(*CallError)
			if lenient {
				ignored = func(*CallError) {}
			}
			job := Job{Source: source, Sink: sink}
			closing, err := client.execute(t.Context(), job, &sequence{source: source}, ignored)
			checkOutcome(t, sink, closing, err)
		}
	})
}

func checkOutcome(t *testing.T, sink *once, closing *Closing, err error) {
	t.Helper()
	if sink.bad != nil {
		t.Error(sink.bad)
	}
	if err == nil {
		if want := sink.n; !closing.NothingToDo && len(sink.seen) != want {
			t.Errorf("success with %d answers, want %d", len(sink.seen), want)
		}
		return
	}
	var e *CallError
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want a CallError", err)
	}
	for _, i := range e.Unanswered {
		if _, answered := sink.seen[i]; answered {
			t.Errorf("item %d has an answer and is told to have none", i)
		}
	}
	if e.WholeList && len(sink.seen) > 0 {
		t.Errorf("%d answers of a whole list that failed were taken", len(sink.seen))
	}
}
