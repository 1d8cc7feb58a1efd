package multiitemtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	hclog "github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// Connect returns how a host starts a process that serves [Plugins] and gets at
// the named action. Each Start must give a new process, whose Stop with failed
// set kills it.
type Connect func(kind multiitem.Kind, name string) multiitem.Start

// serveEnv makes a test binary a plugin.
const serveEnv = "MULTIITEMTEST_SERVE"

// handshake is of the test's own, so that no host takes the binary for its.
func handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "MULTIITEMTEST", MagicCookieValue: "multiitemtest"}
}

// Plugins returns the kinds that the suite needs in the plugin process. kill
// ends the process at once; it need not return.
func Plugins(kill func(ctx context.Context)) (map[string]plugin.Plugin, error) {
	registry, err := newRegistry(kill)
	if err != nil {
		return nil, err
	}
	services := make(captor)
	registry.RegisterServices(services)
	plugins := make(map[string]plugin.Plugin)
	for name, kind := range map[string]multiitem.Kind{
		multiitemv1.BackupMultiItemAction_ServiceDesc.ServiceName:  multiitem.KindBackup,
		multiitemv1.RestoreMultiItemAction_ServiceDesc.ServiceName: multiitem.KindRestore,
	} {
		next, ok := services[name].(multiitemv1.BackupMultiItemActionServer)
		if !ok {
			return nil, fmt.Errorf("service %q is not registered", name)
		}
		plugins[string(kind)] = &hostilePlugin{kind: kind, srv: &hostileServer{next: next}}
	}
	return plugins, nil
}

func newRegistry(kill func(context.Context)) (*multiitem.Registry, error) {
	registry := multiitem.NewRegistry()
	a := &scripted{kill: kill}
	return registry, errors.Join(
		registry.RegisterBackup(Scripted, func(*slog.Logger) (multiitem.BackupMultiItemAction, error) { return a, nil }),
		registry.RegisterRestore(Scripted, func(*slog.Logger) (multiitem.RestoreMultiItemAction, error) { return a, nil }),
		registry.RegisterBackup(Broken, func(*slog.Logger) (multiitem.BackupMultiItemAction, error) {
			return nil, errors.New("no token")
		}),
	)
}

// ServeIfAsked serves [Plugins] and exits when [Process] started this binary.
// Call it first in TestMain.
func ServeIfAsked() {
	if os.Getenv(serveEnv) == "" {
		return
	}
	plugins, err := Plugins(func(context.Context) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	})
	if err != nil {
		slog.Error("serve plugins", "error", err)
		os.Exit(1)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake(),
		Plugins:         plugins,
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          hclog.NewNullLogger(),
	})
	os.Exit(0)
}

// Process starts the test binary as a plugin.
func Process(tb testing.TB) Connect {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatalf("find the test binary: %v", err)
	}
	return func(kind multiitem.Kind, name string) multiitem.Start {
		return func(context.Context) (*multiitem.Process, error) { return startProcess(self, kind, name) }
	}
}

func startProcess(self string, kind multiitem.Kind, name string) (*multiitem.Process, error) {
	// The process outlives the context it is started in; Stop ends it.
	cmd := exec.Command(self) //nolint:noctx // see above
	// A process under the race detector sleeps for a second before it exits.
	cmd.Env = append(os.Environ(), serveEnv+"=1", "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake(),
		Plugins:          multiitem.HostPlugins(),
		Cmd:              cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	p, err := dispense(client, kind, name)
	if err != nil {
		client.Kill()
		return nil, err
	}
	var once sync.Once
	stop := func(failed bool) {
		once.Do(func() {
			if failed {
				// One that hangs would not hear that it is to exit.
				_ = cmd.Process.Kill()
			}
			client.Kill()
		})
	}
	return &multiitem.Process{Client: p, Stop: stop}, nil
}

func dispense(client *plugin.Client, kind multiitem.Kind, name string) (*multiitem.Client, error) {
	protocol, err := client.Client()
	if err != nil {
		return nil, fmt.Errorf("connect to plugin: %w", err)
	}
	dispensed, err := protocol.Dispense(string(kind))
	if err != nil {
		return nil, fmt.Errorf("dispense %s: %w", kind, err)
	}
	d, ok := dispensed.(*multiitem.Dispenser)
	if !ok {
		return nil, fmt.Errorf("dispense %s: got a %T", kind, dispensed)
	}
	return d.Client(name), nil
}

// Loopback starts a gRPC server in the test process, with the limits of a
// go-plugin server. Its processes die by closing all connections.
func Loopback(tb testing.TB) Connect {
	tb.Helper()
	return func(kind multiitem.Kind, name string) multiitem.Start {
		return func(ctx context.Context) (*multiitem.Process, error) { return startLoopback(ctx, kind, name) }
	}
}

func startLoopback(ctx context.Context, kind multiitem.Kind, name string) (*multiitem.Process, error) {
	server := grpc.NewServer()
	plugins, err := Plugins(func(ctx context.Context) {
		go server.Stop()
		<-ctx.Done()
	})
	if err != nil {
		return nil, err
	}
	for name, p := range plugins {
		if err := p.(plugin.GRPCPlugin).GRPCServer(nil, server); err != nil {
			return nil, fmt.Errorf("serve %s: %w", name, err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // returns when it is stopped
	}()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		server.Stop()
		return nil, fmt.Errorf("connect: %w", err)
	}
	stop := sync.OnceFunc(func() {
		server.Stop()
		<-served
		_ = conn.Close()
	})
	return &multiitem.Process{Client: multiitem.NewClient(kind, name, conn), Stop: func(bool) { stop() }}, nil
}
