package fndoc_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/internal/fndoc"
)

// pages describes every function.
func pages(t *testing.T) []*fndoc.Page {
	t.Helper()
	var list []*fndoc.Page
	for _, f := range catalog.Functions() {
		p, err := fndoc.Describe(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// TestFunctionsPage compares docs/functions.md with what the functions say.
// UPDATE_DOCS=1 writes it.
func TestFunctionsPage(t *testing.T) {
	var b bytes.Buffer
	if err := fndoc.WriteMarkdown(&b, pages(t)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "functions.md")
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(page), b.String()); diff != "" {
		t.Errorf("docs/functions.md is not what the functions say (-page +functions); make docs writes it:\n%s", diff)
	}
}
