package pipeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// TestFixtures runs each folder of testdata that has an input.
func TestFixtures(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*/input.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, input := range inputs {
		dir := filepath.Dir(input)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			p, err := pipeline.Load(readFile(t, filepath.Join(dir, "pipeline.yaml")), "pipeline.yaml")
			if err != nil {
				t.Fatal(err)
			}
			e := env()
			e.Dir = dir
			prog, err := pipeline.Compile(p, e)
			if err != nil {
				t.Fatal(err)
			}
			items, err := krm.ReadItems(bytes.NewReader(readFile(t, input)), input)
			if err != nil {
				t.Fatal(err)
			}
			plan := execute(t, prog, items...)
			var out bytes.Buffer
			if err := krm.WriteYAML(&out, plan.Result()); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join(dir, "expected.yaml"), out.String())
			checkErrors(t, filepath.Join(dir, "errors.txt"), plan.Failures())
		})
	}
}

// checkErrors compares errs with the file, which is absent when there are none.
func checkErrors(t *testing.T, name string, errs []error) {
	t.Helper()
	if _, err := os.Stat(name); len(errs) == 0 && errors.Is(err, os.ErrNotExist) {
		return
	}
	var text strings.Builder
	for _, err := range errs {
		fmt.Fprintln(&text, err)
	}
	golden(t, name, text.String())
}
