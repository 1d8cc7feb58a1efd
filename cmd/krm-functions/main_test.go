package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	// set-labels stands for a link with that name: it is the same executable.
	testscript.Main(m, map[string]func(){name: main, "set-labels": main})
}

// TestScripts runs the executable as a person does.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}

func TestCalledByName(t *testing.T) {
	const list = `{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[]}`
	for called, want := range map[string]int{"/x/route": 0, "route.exe": 0, "/x/routes": 2, "": 2, "krm-functions": 2} {
		var stdout, stderr bytes.Buffer
		if code := run([]string{called}, strings.NewReader(list), &stdout, &stderr); code != want {
			t.Errorf("called as %q: exit code %d, want %d: %s", called, code, want, stderr.String())
		}
	}
	if code := run(nil, nil, &bytes.Buffer{}, &bytes.Buffer{}); code != exitUsage {
		t.Errorf("called without a name: exit code %d", code)
	}
}

func TestStdinThatIsADevice(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	var stdout, stderr bytes.Buffer
	if code := run([]string{name, "route"}, null, &stdout, &stderr); code != exitUsage || !strings.Contains(stderr.String(), "reads a ResourceList from stdin") {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestHelpThatCannotBeWritten(t *testing.T) {
	var stderr bytes.Buffer
	if code := run([]string{name, "help"}, nil, brokenWriter{}, &stderr); code != 1 || !strings.Contains(stderr.String(), "no space") {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
}
