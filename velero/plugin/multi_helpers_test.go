package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/velero-krm/velero-krm/pipeline"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// newMultiWorld is newWorld for the multi-item actions.
func newMultiWorld(t *testing.T, pipelines ...string) *world {
	t.Helper()
	w := newWorld(t, pipelines, aBackup("b1", nil))
	w.multi = true
	return w
}

// host returns a client of both actions, over a gRPC server on loopback.
func (w *world) host(tb testing.TB) *grpc.ClientConn {
	tb.Helper()
	registry := multiitem.NewRegistry(multiitem.WithLogger(w.engine.log))
	err := registry.RegisterBackup(Name, func(*slog.Logger) (multiitem.BackupMultiItemAction, error) {
		return &BackupMultiItemAction{engine: w.engine}, nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	err = registry.RegisterRestore(Name, func(*slog.Logger) (multiitem.RestoreMultiItemAction, error) {
		return &RestoreMultiItemAction{engine: w.engine}, nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	server := grpc.NewServer()
	registry.RegisterServices(server)
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(listener) })
	tb.Cleanup(func() { server.Stop(); wg.Wait() })
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// result is what a host got to know in one run.
type result struct {
	mu      sync.Mutex
	answers map[int]multiitem.Answer
	created map[string]string
	summary *multiitem.Summary
	err     error
}

var _ multiitem.Sink = (*result)(nil)

func (r *result) Answer(_ context.Context, a multiitem.Answer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[a.Index] = a
	return nil
}

func (r *result) Created(_ context.Context, c multiitem.Created) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.created[c.ID.String()] = string(c.Object)
	return nil
}

// jobOption changes a job.
type jobOption func(*multiitem.Job)

func late(j *multiitem.Job) { j.Run.Late = true }

// call gives items to the actions of w as a host does.
func (w *world) call(t *testing.T, conn *grpc.ClientConn, ref runRef, items []string, opts ...jobOption) *result {
	t.Helper()
	kind, job := multiitem.KindBackup, multiitem.Job{Run: multiitem.Run{TotalItems: len(items)}}
	encode := func(v any) json.RawMessage {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if ref.phase == pipeline.Restore {
		kind = multiitem.KindRestore
		job.Run.Restore, job.Run.Backup = encode(ref.restore), encode(aBackup("b1", nil))
	} else {
		job.Run.Backup = encode(ref.backup)
	}
	source := make(multiitem.SliceSource, len(items))
	for i, it := range items {
		id := identify(object(t, it))
		source[i] = multiitem.Item{
			ID:     multiitem.ResourceIdentifier{Group: id.Group(), Resource: strings.ToLower(id.Kind) + "s", Namespace: id.Namespace, Name: id.Name},
			Object: json.RawMessage(it),
		}
	}
	r := &result{answers: map[int]multiitem.Answer{}, created: map[string]string{}}
	job.Source, job.Sink = source, r
	for _, o := range opts {
		o(&job)
	}
	runner := multiitem.NewRunner(func(context.Context) (*multiitem.Process, error) {
		return &multiitem.Process{Client: multiitem.NewClient(kind, Name, conn)}, nil
	})
	r.summary, r.err = runner.Run(t.Context(), job)
	return r
}

// want wants no error, one call, and an answer for each of n items.
func (r *result) want(t *testing.T, n int) *result {
	t.Helper()
	if r.err != nil {
		t.Fatalf("Run: %v", r.err)
	}
	if r.summary.Calls != 1 || len(r.summary.Failures) != 0 || r.summary.Unclosed != nil || len(r.answers) != n {
		t.Fatalf("%d calls, %d answers, failures %v, %v; want 1 call with %d answers", r.summary.Calls, len(r.answers), r.summary.Failures, r.summary.Unclosed, n)
	}
	return r
}

// statuses returns the answers as "0 UPDATED", in the order of the items.
func (r *result) statuses() []string {
	out := make([]string, len(r.answers))
	for i, a := range r.answers {
		out[i] = fmt.Sprintf("%d %s", i, a.Status)
	}
	return out
}

// configMapJSON is an object with some weight.
func configMapJSON(name string) string {
	return `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"shop","name":"` + name + `"},"data":{"n":"1"}}`
}
