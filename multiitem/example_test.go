package multiitem_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/velero-krm/velero-krm/multiitem"
)

// labeller replaces a registry in every object and leaves out events.
type labeller struct{}

func (labeller) AppliesTo(context.Context) (multiitem.ResourceSelector, error) {
	return multiitem.ResourceSelector{ExcludedResources: []string{"secrets"}}, nil
}

func (labeller) Execute(ctx context.Context, _ multiitem.Run, items *multiitem.Stream) error {
	return items.Each(ctx, func(_ context.Context, it *multiitem.Item) (multiitem.Answer, error) {
		if it.ID.Resource == "events" {
			return it.Skipped("events are of no use in another cluster"), nil
		}
		object := bytes.ReplaceAll(it.Object, []byte("docker.io/"), []byte("registry.dr.example/"))
		if bytes.Equal(object, it.Object) {
			return it.Unchanged(), nil
		}
		return it.Updated(object), nil
	})
}

// printer is a Sink that prints.
type printer struct{}

func (printer) Answer(_ context.Context, a multiitem.Answer) error {
	_, err := fmt.Fprintf(os.Stdout, "%d %s %q\n", a.Index, a.Status, a.Object)
	return err
}

func (printer) Created(context.Context, multiitem.Created) error { return nil }

// An action, served on loopback, and a host that gives it three items in one
// call. A plugin process serves registry.Plugins() with go-plugin instead.
func Example() {
	registry := multiitem.NewRegistry()
	err := registry.RegisterRestore("example.com/registry", func(*slog.Logger) (multiitem.RestoreMultiItemAction, error) {
		return labeller{}, nil
	})
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	registry.RegisterServices(server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()

	runner := multiitem.NewRunner(func(context.Context) (*multiitem.Process, error) {
		conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, err
		}
		return &multiitem.Process{
			Client: multiitem.NewClient(multiitem.KindRestore, "example.com/registry", conn),
			Stop:   func(bool) { _ = conn.Close() },
		}, nil
	})
	summary, err := runner.Run(context.Background(), multiitem.Job{
		Run: multiitem.Run{Restore: json.RawMessage(`{"metadata":{"name":"shop"}}`)},
		Source: multiitem.SliceSource{
			{ID: multiitem.ResourceIdentifier{Resource: "pods", Name: "web"}, Object: json.RawMessage(`{"image":"docker.io/acme/web"}`)},
			{ID: multiitem.ResourceIdentifier{Resource: "configmaps", Name: "web"}, Object: json.RawMessage(`{"data":{}}`)},
			{ID: multiitem.ResourceIdentifier{Resource: "events", Name: "web.1"}, Object: json.RawMessage(`{"reason":"Pulled"}`)},
		},
		Sink: printer{},
	})
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stdout, "calls:", summary.Calls)

	// Output:
	// 0 UPDATED "{\"image\":\"registry.dr.example/acme/web\"}"
	// 1 UNCHANGED ""
	// 2 SKIPPED ""
	// calls: 1
}
