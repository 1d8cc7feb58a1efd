// Command velero-source makes the source of the Velero server with multi-item
// actions, or shows how it differs from the release.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/velero-krm/velero-krm/velero/server"
)

const usage = `velero-source makes the source of the Velero server with multi-item actions.

  velero-source write -version v1.18.3 -dir <folder>   write the edited tree
  velero-source diff  -version v1.18.3                 print the whole change to Velero
  velero-source list                                   print the edits as a table

Run it in the folder velero of the project: make velero and make velero-diff do.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "velero-source:", err)
		var hint interface{ Hint() string }
		if errors.As(err, &hint) {
			_, _ = fmt.Fprintln(os.Stderr, "hint:", hint.Hint())
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		_, _ = io.WriteString(stderr, usage)
		return errors.New("no verb given")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage) }
	version := flags.String("version", "", "version of Velero")
	dir := flags.String("dir", "", "folder of the tree")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if args[0] == "list" {
		return server.WriteTable(stdout, server.Edits())
	}

	tree, err := newTree(ctx, *version)
	if err != nil {
		return err
	}
	switch args[0] {
	case "write":
		if *dir == "" {
			return errors.New("no -dir given")
		}
		return tree.Write(*dir)
	case "diff":
		return tree.Diff(ctx, stdout)
	default:
		return fmt.Errorf("unknown verb %q", args[0])
	}
}

// newTree finds the parts of the tree from the folder of the module velero.
func newTree(ctx context.Context, version string) (server.Tree, error) {
	if version == "" {
		return server.Tree{}, errors.New("no -version given")
	}
	here, err := filepath.Abs("server")
	if err != nil {
		return server.Tree{}, err
	}
	source, err := server.Download(ctx, "go", version)
	if err != nil {
		return server.Tree{}, err
	}
	return server.Tree{
		Source:     source,
		Own:        filepath.Join(here, "_velero"),
		ModFiles:   filepath.Join(here, "versions", version),
		Library:    filepath.Join(filepath.Dir(filepath.Dir(here)), "multiitem"),
		LibraryMod: filepath.Join(here, "versions", "multiitem.mod"),
		Edits:      server.Edits(),
	}, nil
}
