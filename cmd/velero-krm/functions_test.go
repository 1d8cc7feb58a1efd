package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/velero-krm/velero-krm/krm"
)

// function is a KRM function that behaves as its name says, and returns its
// exit code. Functions that go wrong do so when they see the ConfigMap
// "settings", or always when args say so.
func function(ctx context.Context, name string, args []string) int {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return 9
	}
	list, err := krm.Decode(input, krm.DecodeOptions{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 9
	}
	if !slices.Contains(args, "always") && !slices.ContainsFunc(list.Items, isSettings) {
		return printList(list)
	}
	misbehave, ok := map[string]func(input []byte, list *krm.ResourceList) int{
		"exit":           exitWithout,
		"exit-results":   exitWithResults,
		"error-result":   errorResult,
		"log":            logOnStdout,
		"nothing":        func([]byte, *krm.ResourceList) int { return 0 },
		"truncate":       truncate,
		"never":          func([]byte, *krm.ResourceList) int { time.Sleep(time.Hour); return 0 },
		"fork":           func(_ []byte, l *krm.ResourceList) int { return fork(ctx) + printList(l) },
		"fork-silent":    func([]byte, *krm.ResourceList) int { return fork(ctx) },
		"flood":          flood,
		"two":            func(_ []byte, l *krm.ResourceList) int { return printList(l) + printList(l) },
		"drop":           func(_ []byte, l *krm.ResourceList) int { l.Items = nil; return printList(l) },
		"twice":          func(_ []byte, l *krm.ResourceList) int { l.Items = append(l.Items, l.Items...); return printList(l) },
		"rename":         rename,
		"outside":        outside,
		"signal":         func([]byte, *krm.ResourceList) int { return dieBySignal() },
		"echo-stderr":    func(in []byte, _ *krm.ResourceList) int { _, _ = os.Stderr.Write(in); return 3 },
		"echo-stderr-ok": func(in []byte, l *krm.ResourceList) int { _, _ = os.Stderr.Write(in); return printList(l) },
		"echo-stdout": func(in []byte, _ *krm.ResourceList) int {
			_, _ = os.Stdout.Write(append([]byte("got "), in...))
			return 0
		},
		"echo-results": echoResults,
		"half-changed": halfChanged,
		"not-krm": func([]byte, *krm.ResourceList) int {
			return printText(`{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[{"a":1}]}`)
		},
		"escape-sequence": func([]byte, *krm.ResourceList) int { fmt.Fprint(os.Stderr, "\x1b[2Jgone"); return 1 },
	}[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such test function")
		return 9
	}
	return misbehave(input, list)
}

func isSettings(it *krm.Item) bool { return it.Identity().Name == "settings" }

func printText(text string) int {
	if _, err := os.Stdout.WriteString(text); err != nil {
		return 9
	}
	return 0
}

func printList(list *krm.ResourceList) int {
	return printText(string(krm.AppendResourceList(nil, list)) + "\n")
}

func exitWithout([]byte, *krm.ResourceList) int {
	fmt.Fprintln(os.Stderr, "no licence for green")
	return 3
}

func exitWithResults(_ []byte, l *krm.ResourceList) int {
	for _, it := range l.Items {
		if isSettings(it) {
			l.Results = append(l.Results, krm.Result{
				Message: "green is out", Severity: krm.Error, ResourceRef: krm.RefTo(it.Identity()), Field: &krm.Field{Path: "data.color"},
			})
		}
	}
	printList(l)
	return 1
}

func errorResult(in []byte, l *krm.ResourceList) int {
	exitWithResults(in, l)
	return 0
}

func logOnStdout(_ []byte, l *krm.ResourceList) int {
	return printText("starting up\n") + printList(l)
}

func truncate(_ []byte, l *krm.ResourceList) int {
	out := krm.AppendResourceList(nil, l)
	return printText(string(out[:len(out)/2]))
}

// fork leaves a child behind that holds stdout.
func fork(ctx context.Context) int {
	child := exec.CommandContext(ctx, "/bin/sleep", "3607")
	child.Stdout = os.Stdout
	if err := child.Start(); err != nil {
		return 9
	}
	return 0
}

func flood([]byte, *krm.ResourceList) int {
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	for range 100 {
		if _, err := os.Stdout.Write(chunk); err != nil {
			return 1
		}
	}
	return 0
}

// with returns the list with what edit does to settings.
func with(l *krm.ResourceList, edit func(obj map[string]any)) int {
	for i, it := range l.Items {
		if !isSettings(it) {
			continue
		}
		obj := it.Object()
		edit(obj)
		changed, err := krm.FromObject(obj)
		if err != nil {
			return 9
		}
		l.Items[i] = changed
	}
	return printList(l)
}

func rename(_ []byte, l *krm.ResourceList) int {
	return with(l, func(obj map[string]any) { obj["metadata"].(map[string]any)["name"] = "renamed" })
}

// outside adds a Secret that is in the list, but not in the selection.
func outside(_ []byte, l *krm.ResourceList) int {
	other, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop"}}`))
	if err != nil {
		return 9
	}
	l.Items = append(l.Items, other)
	return printList(l)
}

func dieBySignal() int {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// echoResults puts all that it sees, Secrets also decoded, into a result and
// fails.
func echoResults(_ []byte, l *krm.ResourceList) int {
	var all []string
	for _, it := range l.Items {
		all = append(all, string(it.Raw()))
		if it.Identity().Kind == "Secret" {
			all = append(all, secretPlain)
		}
	}
	l.Results = append(l.Results, krm.Result{Message: strings.Join(all, " "), Severity: krm.Error})
	printList(l)
	return 1
}

// halfChanged changes everything, prints it, and then fails.
func halfChanged(_ []byte, l *krm.ResourceList) int {
	with(l, func(obj map[string]any) { obj["data"] = map[string]any{"color": "half"} })
	return 4
}
