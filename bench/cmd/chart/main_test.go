package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestChart draws figures and finds every bar's value and label in the picture.
func TestChart(t *testing.T) {
	figures, err := os.Open("testdata/figures.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { figures.Close() })
	out := filepath.Join(t.TempDir(), "chart.svg")
	if err := run([]string{"-o", out}, figures); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "Backup of 10,000 objects", "12.3 s", "multi-item, one call", "Restore of 5,000 objects", "70.5 s"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the chart has no %q", want)
		}
	}
	if strings.Contains(string(svg), "1,800") {
		t.Error("the chart has a panel without figures")
	}
}

// TestNothingToDraw is what an interrupted bench leaves.
func TestNothingToDraw(t *testing.T) {
	out := filepath.Join(t.TempDir(), "chart.svg")
	if err := run([]string{"-o", out}, strings.NewReader("figure machine.go go1.26.8 version\n")); err == nil {
		t.Error("want an error for figures without a backup")
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("want no file")
	}
}
