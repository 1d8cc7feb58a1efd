package multiitem

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// funcs is an action of functions.
type funcs struct {
	appliesTo func() (ResourceSelector, error)
	execute   func(ctx context.Context, run Run, items *Stream) error
}

func (f *funcs) AppliesTo(context.Context) (ResourceSelector, error) { return f.appliesTo() }

func (f *funcs) Execute(ctx context.Context, run Run, items *Stream) error {
	return f.execute(ctx, run, items)
}

// wire is a plugin's end of a call: what the host says, and what it got.
type wire struct {
	multiitemv1.BackupMultiItemAction_ExecuteServer
	ctx  context.Context //nolint:containedctx // as streams of gRPC do
	says []*multiitemv1.ExecuteRequest

	mu  sync.Mutex
	got []*multiitemv1.ExecuteResponse
}

func (w *wire) Context() context.Context { return w.ctx }

func (w *wire) Recv() (*multiitemv1.ExecuteRequest, error) {
	if len(w.says) == 0 {
		return nil, io.EOF
	}
	m := w.says[0]
	w.says = w.says[1:]
	return m, nil
}

func (w *wire) Send(m *multiitemv1.ExecuteResponse) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, m)
	return nil
}

func saysHeader() *multiitemv1.ExecuteRequest {
	return &multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_Header{Header: &multiitemv1.Header{Plugin: "a.b/c", Attempt: 1}}}
}

func saysItems(indexes ...uint64) *multiitemv1.ExecuteRequest {
	items := &multiitemv1.Items{}
	for _, i := range indexes {
		items.Items = append(items.Items, &multiitemv1.Item{Index: i, Object: []byte("{}"), Id: &multiitemv1.ResourceIdentifier{Resource: "pods", Name: "p"}})
	}
	return &multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_Items{Items: items}}
}

func saysEnd(n uint64) *multiitemv1.ExecuteRequest {
	return &multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_End{End: &multiitemv1.End{Items: n}}}
}

func saysPause(answered uint64) *multiitemv1.ExecuteRequest {
	return &multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_Pause{Pause: &multiitemv1.Pause{Answered: answered}}}
}

func saysPart(total, offset uint64, data string) *multiitemv1.ExecuteRequest {
	return &multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_Part{Part: &multiitemv1.Part{TotalSize: total, Offset: offset, Data: []byte(data)}}}
}

// serve runs an action against what a host says.
func serve(t *testing.T, execute func(context.Context, Run, *Stream) error, says ...*multiitemv1.ExecuteRequest) (*wire, error) {
	t.Helper()
	r := NewRegistry()
	err := r.RegisterBackup("a.b/c", func(*slog.Logger) (BackupMultiItemAction, error) {
		return &funcs{execute: execute}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{ctx: t.Context(), says: says}
	return w, (&server{kind: KindBackup, registry: r}).Execute(w)
}

func keepAll(ctx context.Context, _ Run, items *Stream) error {
	return items.Each(ctx, func(_ context.Context, it *Item) (Answer, error) { return it.Unchanged(), nil })
}

// TestHostBreaksProtocol gives a plugin what no host may send.
func TestHostBreaksProtocol(t *testing.T) {
	for name, says := range map[string][]*multiitemv1.ExecuteRequest{
		"items before the header":    {saysItems(0)},
		"second header":              {saysHeader(), saysHeader()},
		"closed without End":         {saysHeader(), saysItems(0)},
		"End of another number":      {saysHeader(), saysItems(0), saysEnd(2)},
		"index twice":                {saysHeader(), saysItems(0, 0), saysEnd(2)},
		"index beyond int":           {saysHeader(), saysItems(1 << 63), saysEnd(1)},
		"part without data":          {saysHeader(), saysPart(3, 0, "")},
		"message within parts":       {saysHeader(), saysPart(9, 0, "abc"), saysItems(0)},
		"parts that are no message":  {saysHeader(), saysPart(3, 0, "\xff\xff\xff")},
		"parts larger than the rest": {saysHeader(), saysPart(1<<40, 0, "abc")},
	} {
		_, err := serve(t, keepAll, says...)
		st, _ := status.FromError(err)
		if st.Code() != codes.InvalidArgument || len(st.Details()) != 1 {
			t.Errorf("%s: %v, want InvalidArgument with a Failure", name, err)
		}
	}
}

// TestUnknownMessages: what a newer host adds is ignored.
func TestUnknownMessages(t *testing.T) {
	w, err := serve(t, keepAll, saysHeader(), &multiitemv1.ExecuteRequest{}, saysItems(7), &multiitemv1.ExecuteRequest{}, saysEnd(1))
	if err != nil {
		t.Fatal(err)
	}
	if got := w.got[len(w.got)-1].GetClosing().GetAnswers(); got != 1 {
		t.Errorf("%d answers, want 1", got)
	}
}

// TestMisuse checks what authors get told.
func TestMisuse(t *testing.T) {
	var kept *Stream
	_, err := serve(t, func(_ context.Context, _ Run, items *Stream) error {
		kept = items
		if err := items.Create(Created{ID: ResourceIdentifier{Resource: "pods", Name: "p"}, Object: json.RawMessage("{}")}); !errors.Is(err, ErrClosed) {
			t.Errorf("Create before items: %v", err)
		}
		for it, err := range items.Items() {
			if err != nil {
				return err
			}
			misuse(t, items, it)
		}
		return nil
	}, saysHeader(), saysItems(4), saysEnd(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.Answer((&Item{Index: 4}).Unchanged()); !errors.Is(err, ErrClosed) {
		t.Errorf("Answer after Execute: %v, want %v", err, ErrClosed)
	}
	for _, err := range kept.Items() {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("Items after Execute: %v, want %v", err, ErrClosed)
		}
	}
}

func misuse(t *testing.T, items *Stream, it *Item) {
	t.Helper()
	if err := items.Decline(); !errors.Is(err, ErrStarted) {
		t.Errorf("Decline after an item: %v, want %v", err, ErrStarted)
	}
	if _, err := items.All(); !errors.Is(err, ErrStarted) {
		t.Errorf("All after an item: %v, want %v", err, ErrStarted)
	}
	for reason, a := range map[string]Answer{
		"zero":                  {Index: it.Index},
		"update to nothing":     {Index: it.Index, Status: Updated},
		"unchanged with object": {Index: it.Index, Status: Unchanged, Object: json.RawMessage("{}")},
		"another index":         {Index: it.Index + 1, Status: Unchanged},
	} {
		if err := items.Answer(a); err == nil {
			t.Errorf("%s: no error", reason)
		}
	}
	if err := items.Answer(it.Unchanged(), it.Unchanged()); !errors.Is(err, ErrNotAsked) {
		t.Errorf("twice in one call: %v, want %v", err, ErrNotAsked)
	}
	if err := items.Create(Created{}); err == nil {
		t.Errorf("Create of nothing: no error")
	}
	if err := items.Answer(it.Unchanged()); err != nil {
		t.Errorf("the one answer: %v", err)
	}
	if err := items.Answer(it.Unchanged()); !errors.Is(err, ErrNotAsked) {
		t.Errorf("twice: %v, want %v", err, ErrNotAsked)
	}
}

// TestReturnsAtOnce: an action that returns without asking has forgotten
// something, which must not look like success.
func TestReturnsAtOnce(t *testing.T) {
	_, err := serve(t, func(context.Context, Run, *Stream) error { return nil }, saysHeader())
	if err == nil || !strings.Contains(err.Error(), "Decline") {
		t.Errorf("error %v, want one that tells of Decline", err)
	}
}

// TestPauses tells a pause that is meant from one that answers have overtaken.
func TestPauses(t *testing.T) {
	var sizes []int
	_, err := serve(t, func(_ context.Context, _ Run, items *Stream) error {
		for batch, err := range items.Batches(10) {
			if err != nil {
				return err
			}
			sizes = append(sizes, len(batch))
			for _, it := range batch {
				if err := items.Answer(it.Unchanged()); err != nil {
					return err
				}
			}
		}
		return nil
	}, saysHeader(), saysItems(0, 1, 2), saysPause(0), saysItems(3, 4), saysPause(2), saysItems(5), saysPause(3), saysItems(6), saysEnd(7))
	if err != nil {
		t.Fatal(err)
	}
	// The pause after 2 of 3 answers says nothing: the third was on its way.
	if diff := cmp.Diff([]int{3, 3, 1}, sizes); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}

// TestText: what authors say is made fit for the wire.
func TestText(t *testing.T) {
	w, err := serve(t, func(_ context.Context, _ Run, items *Stream) error {
		for it, err := range items.Items() {
			if err != nil {
				return err
			}
			answer := it.Failed("not \xff UTF-8" + strings.Repeat("x", 1<<20))
			answer.Errors = []string{"beside it"}
			if err := items.Answer(answer.WithWarnings(make([]string, 250)...)); err != nil {
				return err
			}
		}
		return nil
	}, saysHeader(), saysItems(0), saysEnd(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range w.got {
		for _, a := range m.GetAnswers().GetAnswers() {
			if !strings.HasPrefix(a.GetMessage(), "not \uFFFD UTF-8") || len(a.GetMessage()) > maxText+20 {
				t.Errorf("message of %d bytes: %.20q", len(a.GetMessage()), a.GetMessage())
			}
			if n := len(a.GetWarnings()); n != maxWarnings || a.GetWarnings()[n-1] != "151 further warnings" {
				t.Errorf("%d warnings, the last %q", n, a.GetWarnings()[n-1])
			}
			if diff := cmp.Diff([]string{"beside it"}, a.GetErrors()); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		}
	}
}

// TestPanicBeforeItems: a panic is an error at the boundary, of AppliesTo too.
func TestPanicBeforeItems(t *testing.T) {
	_, err := serve(t, func(context.Context, Run, *Stream) error { panic("boom") }, saysHeader())
	if st, _ := status.FromError(err); st.Code() != codes.Aborted || !strings.Contains(st.Message(), "before the first item: boom") {
		t.Errorf("Execute: %v", err)
	}
	r := NewRegistry()
	if err := r.RegisterRestore("a.b/c", func(*slog.Logger) (RestoreMultiItemAction, error) {
		return &funcs{appliesTo: func() (ResourceSelector, error) { panic("boom") }}, nil
	}); err != nil {
		t.Fatal(err)
	}
	_, err = (&server{kind: KindRestore, registry: r}).AppliesTo(t.Context(), &multiitemv1.AppliesToRequest{Plugin: "a.b/c"})
	if status.Code(err) != codes.Aborted {
		t.Errorf("AppliesTo: %v", err)
	}
}
