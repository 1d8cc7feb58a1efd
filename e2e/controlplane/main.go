// Command controlplane is etcd and kube-apiserver in one process, for tests and
// the demo.
//
//	controlplane --dir DIR [--port 0] [any kube-apiserver flag]
//
// It writes everything below DIR: etcd's data, a certificate, a token, and
// DIR/kubeconfig, which appears as a whole once the port is bound and gives the
// rights of a cluster administrator. The server is ready when /readyz answers
// 200. It listens on 127.0.0.1 alone and ends on SIGINT or SIGTERM.
//
// There are no controllers, scheduler or kubelet: namespaces are not finalised,
// nothing is garbage collected, no service account tokens are made, volume
// claims stay pending. Data is not synced to disk and does not survive a crash.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}

// run starts etcd, then the API server on it, and returns when ctx ends or one
// of the two does.
func run(ctx context.Context, args []string) error {
	server, err := newAPIServer(args)
	if err != nil {
		return err
	}
	if err := checkEmpty(server.dir); err != nil {
		return err
	}
	etcd, err := startEtcd(ctx, filepath.Join(server.dir, "etcd"))
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	defer etcd.Close()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go watchEtcd(ctx, etcd, cancel)
	err = server.run(ctx, "http://"+etcd.Clients[0].Addr().String())
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	if err != nil {
		return fmt.Errorf("run kube-apiserver: %w", err)
	}
	return nil
}

// watchEtcd cancels with etcd's error when etcd fails first: without it the API
// server would go on answering errors for ever.
func watchEtcd(ctx context.Context, etcd *embed.Etcd, cancel context.CancelCauseFunc) {
	select {
	case err := <-etcd.Err():
		cancel(fmt.Errorf("etcd ended: %w", err))
	case <-ctx.Done():
	}
}

// checkEmpty refuses a folder in use: two servers on one set of keys and data
// fail later in ways that are hard to read.
func checkEmpty(dir string) error {
	if dir == "" {
		return errors.New("--dir is required")
	}
	_, err := os.Stat(filepath.Join(dir, kubeconfigName))
	if err == nil {
		return fmt.Errorf("%s already holds a control plane: give an empty folder", dir)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into --dir: %w", err)
	}
	return os.MkdirAll(dir, 0o700)
}
