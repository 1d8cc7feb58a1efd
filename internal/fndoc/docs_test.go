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
		p, err := fndoc.Describe(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// TestFunctionsPage compares docs/functions.md with what the functions say.
func TestFunctionsPage(t *testing.T) {
	var b bytes.Buffer
	if err := fndoc.WriteMarkdown(&b, pages(t)); err != nil {
		t.Fatal(err)
	}
	compare(t, filepath.Join("..", "..", "docs", "functions.md"), b.String())
}

// TestTables compares the tables of catalog/README.md with what the functions
// say.
func TestTables(t *testing.T) {
	path := filepath.Join("..", "..", "catalog", "README.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := fndoc.FillTables(string(page), pages(t))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, path, want)
	if _, err := fndoc.FillTables("# No table\n", nil); err == nil {
		t.Error("a page without tables was filled")
	}
}

// compare compares a page with what it must be. UPDATE_DOCS=1 writes it.
func compare(t *testing.T, path, want string) {
	t.Helper()
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(page), want); diff != "" {
		t.Errorf("%s is not what the functions say (-page +functions); make docs writes it:\n%s", path, diff)
	}
}
