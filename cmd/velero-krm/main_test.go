package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the command, and the functions that the
// scripts run.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); strings.HasPrefix(name, "fn-") {
		os.Exit(function(context.Background(), strings.TrimPrefix(name, "fn-"), os.Args[1:]))
	}
	testscript.Main(m, map[string]func(){
		"velero-krm": func() { os.Exit(run()) },
	})
}

// secretValue is what the Secret of the scripts holds, plain and as it stands
// in the object. Neither may come out anywhere.
const (
	secretPlain  = "swordfish-and-more-fish"
	secretBase64 = "c3dvcmRmaXNoLWFuZC1tb3JlLWZpc2g="
)

func TestScripts(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SECRET", secretBase64)
			if err := otherArchitecture(self, filepath.Join(env.WorkDir, "other-arch")); err != nil {
				return err
			}
			return writeInput(filepath.Join(env.WorkDir, "shop.yaml"))
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"function": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, name := range args {
					ts.Check(os.Symlink(self, ts.MkAbs("fn-"+name)))
				}
			},
			"told":   told,
			"code":   code,
			"killed": killed,
		},
	})
}

// told checks the stderr of a failed run: it names step and object in one
// line with each of the given words, nothing is on stdout, and the value of
// the Secret is in neither.
//
//	told STEP OBJECT WORD...
func told(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: told STEP OBJECT WORD...")
	}
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	if stdout != "" {
		ts.Fatalf("stdout of a failed run is not empty: %q", stdout)
	}
	for _, value := range []string{secretPlain, secretBase64} {
		if strings.Contains(stderr, value) {
			ts.Fatalf("the value of the Secret is on stderr:\n%s", stderr)
		}
	}
	want := append([]string{`Error: step "` + args[0] + `": `, args[1]}, args[2:]...)
	for line := range strings.Lines(stderr) {
		if containsAll(line, want) {
			return
		}
	}
	ts.Fatalf("no line of stderr has all of %q:\n%s", want, stderr)
}

// code runs the command and checks its exit code, and that nothing is on
// stdout.
//
//	code N ARG...
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: code N ARG...")
	}
	err := ts.Exec("velero-krm", args[1:]...)
	got := "0"
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = strconv.Itoa(exit.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s: %v", got, args[0], err)
	}
	if stdout := ts.ReadFile("stdout"); stdout != "" {
		ts.Fatalf("stdout is not empty: %q", stdout)
	}
}

// killed waits until no process has the command line.
//
//	killed COMMAND
func killed(ts *testscript.TestScript, _ bool, args []string) {
	want := strings.ReplaceAll(args[0], " ", "\x00")
	deadline := time.After(10 * time.Second)
	for runs(want) {
		select {
		case <-deadline:
			ts.Fatalf("%q still runs", args[0])
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func runs(command string) bool {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), command) {
			return true
		}
	}
	return false
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// writeInput writes the objects of the scripts.
func writeInput(name string) error {
	return os.WriteFile(name, []byte(`apiVersion: route.openshift.io/v1
kind: Route
metadata:
  name: web
  namespace: shop
  annotations:
    openshift.io/host.generated: "true"
spec:
  host: web-shop.apps.old.example
---
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
data:
  password: "`+secretBase64+`"
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
data:
  color: green
`), 0o600)
}

// otherArchitecture writes a copy of the head of an executable, made to be of
// a machine that is neither this one nor one it can run programs of.
func otherArchitecture(self, name string) error {
	data, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	data = data[:4096]
	data[18], data[19] = 22, 0 // e_machine at offset 18: EM_S390
	return os.WriteFile(name, data, 0o755)
}
