package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
)

// name is what the executable is called when it is not called as a function.
const name = "krm-functions"

// celName is a function that an executable may be built without.
const celName = "cel"

// exitUsage is the exit code for a wrong command line.
const exitUsage = 2

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// run does the work of main. No signal is caught: a function has nothing to
// clean up, and dying at once is what an orchestrator wants of it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		called := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
		if f, ok := catalog.Lookup(called); ok {
			return runFunction(f, args[1:], stdin, stdout, stderr)
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return misuse(stderr, "name a function", usage())
	}
	switch args[0] {
	case "-h", "--help", "help":
		if len(args) == 1 {
			return say(stdout, stderr, usage())
		}
		f, ok := catalog.Lookup(args[1])
		if !ok {
			return unknown(stderr, args[1])
		}
		return say(stdout, stderr, describe(f))
	}
	f, ok := catalog.Lookup(args[0])
	if !ok {
		return unknown(stderr, args[0])
	}
	return runFunction(f, args[1:], stdin, stdout, stderr)
}

func runFunction(f fn.Function, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
		return say(stdout, stderr, describe(f))
	}
	if len(args) > 0 {
		return misuse(stderr, "function "+f.Name()+" takes no arguments: its config is the functionConfig of the ResourceList", "")
	}
	if file, ok := stdin.(*os.File); ok && isTerminal(file) {
		return misuse(stderr, "function "+f.Name()+" reads a ResourceList from stdin, and there is none", describe(f))
	}
	return fn.Main(context.Background(), f, stdin, stdout, stderr)
}

// isTerminal is also true of other character devices: of these only /dev/null
// is ever given, and it holds no list either. A WASM host says so of any stdin.
func isTerminal(file *os.File) bool {
	if runtime.GOOS == "wasip1" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func unknown(stderr io.Writer, function string) int {
	names := catalog.Names()
	hint := "known: " + strings.Join(names, ", ") + "\n"
	if function == celName {
		// Leaving it out halves the time that every other function takes to start.
		hint = "this executable was built without it (go build -tags nocel); the executable cel is that function\n"
	} else if c := fn.Closest(function, names); c != "" {
		hint = "did you mean " + c + "?\n"
	}
	return misuse(stderr, fmt.Sprintf("there is no function %q", function), hint)
}

func misuse(stderr io.Writer, problem, help string) int {
	//nolint:errcheck // there is nowhere left to report to
	io.WriteString(stderr, name+": "+problem+"\n"+help)
	return exitUsage
}

func say(stdout, stderr io.Writer, text string) int {
	if _, err := io.WriteString(stdout, text); err != nil {
		misuse(stderr, err.Error(), "")
		return 1
	}
	return 0
}
