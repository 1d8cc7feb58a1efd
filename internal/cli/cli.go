package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes of the command.
const (
	exitOK     = 0
	exitFailed = 1 // a function or validator failed, the run was interrupted, or the output could not be written
	exitUsage  = 2 // bad usage, pipeline or input: nothing ran
)

// Streams are what the command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Terminal is true when Err is one: long work then shows its progress.
	Terminal bool
	// Color marks words on Err, ColorOut on Out.
	Color, ColorOut bool
	// Width is how many characters a line of Out has when it is a terminal, else 0.
	Width int
}

// Main runs the command with args, which do not hold its name, and returns
// the exit code: 0, 1 when a function failed, 2 for bad usage, pipeline or
// input. Ending ctx stops what runs. version is what `velero-krm version`
// prints; empty asks the build.
func Main(ctx context.Context, args []string, version string, s Streams) int {
	root := newRoot(version, s) //nolint:contextcheck // the commands take it from cobra, at ExecuteContext
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var failed *failedError
	if errors.As(err, &failed) {
		return exitFailed // told object by object already
	}
	p := newPainter(s)
	p.failure(err)
	var usage *usageError
	switch {
	case errors.As(err, &usage):
		p.hint(usage.hint)
		return exitUsage
	case isCobraUsage(err):
		p.hint("see velero-krm --help")
		return exitUsage
	default:
		return exitFailed
	}
}

// isCobraUsage reports whether cobra itself found the command line wrong; it
// has no type for that.
func isCobraUsage(err error) bool {
	for _, prefix := range []string{"unknown command", "accepts ", "requires ", "if any flags in the group", "at least one of the flags"} {
		if strings.HasPrefix(err.Error(), prefix) {
			return true
		}
	}
	return false
}

func newRoot(version string, s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "velero-krm",
		Short: "Change the resources of Velero backups and restores with KRM functions",
		Long: `velero-krm runs pipelines of KRM functions, the same that the Velero plugin
runs during a backup or restore, over files.`,
		Example:       runExample,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetIn(s.In)
	cmd.SetOut(s.Out)
	cmd.SetErr(s.Err)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err: err, hint: "see " + cmd.CommandPath() + " --help"}
	})
	cmd.Version = buildVersion(version)
	cmd.SetVersionTemplate(versionLine(version))
	cmd.AddCommand(newRun(s), newFn(s), newVersion(version))
	strictHelp(cmd)
	return cmd
}

// strictHelp makes `help` refuse what is no command: cobra's own shows the
// help of root then and exits 0.
func strictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "help" {
			continue
		}
		cmd.Run = nil
		cmd.RunE = func(_ *cobra.Command, topic []string) error {
			about, rest, err := root.Find(topic)
			if err != nil || len(rest) > 0 {
				return usagef("see velero-krm --help", "no help about %q", strings.Join(topic, " "))
			}
			return about.Help()
		}
	}
}

// usageError is a mistake in what the command was told to do, found before
// anything ran.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(hint, format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...), hint: hint}
}

// failedError says that objects failed; what is told about them was told.
type failedError struct{ count int }

func (e *failedError) Error() string { return fmt.Sprintf("%d objects failed", e.count) }
