package multiitem

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	r := NewRegistry()
	made := func(*slog.Logger) (BackupMultiItemAction, error) { return &funcs{}, nil }
	for name, want := range map[string]bool{
		"velero-krm.io/transform":       true,
		"example/x":                     true,
		"example.com/with spaces":       true,
		"example.com/":                  false,
		"/name":                         false,
		"name":                          false,
		"example.com/a/b":               false,
		"Example.com/a":                 false,
		"-example.com/a":                false,
		"example..com/a":                false,
		"a/" + strings.Repeat("x", 400): false,
	} {
		if got := r.RegisterBackup(name, made) == nil; got != want {
			t.Errorf("RegisterBackup %.40q: taken %v, want %v", name, got, want)
		}
	}
	if err := r.RegisterBackup("example/x", made); err == nil {
		t.Errorf("a name was taken twice")
	}
	if err := r.RegisterRestore("example/x", func(*slog.Logger) (RestoreMultiItemAction, error) { return &funcs{}, nil }); err != nil {
		t.Errorf("the same name for the other kind: %v", err)
	}
	want := []string{"example.com/with spaces", "example/x", "velero-krm.io/transform"}
	if got := r.Names(KindBackup); !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}

// TestInit: an action is made once, and again after an error.
func TestInit(t *testing.T) {
	r := NewRegistry()
	calls := 0
	err := r.RegisterBackup("a.b/c", func(*slog.Logger) (BackupMultiItemAction, error) {
		calls++
		if calls == 1 {
			return nil, errors.New("not yet")
		}
		return &funcs{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.get(KindBackup, "a.b/c"); err == nil || !strings.Contains(err.Error(), "not yet") {
		t.Errorf("first: %v", err)
	}
	for range 3 {
		if _, err := r.get(KindBackup, "a.b/c"); err != nil {
			t.Error(err)
		}
	}
	if calls != 2 {
		t.Errorf("made %d times, want 2", calls)
	}
	if _, err := r.get(KindRestore, "a.b/c"); !errors.Is(err, ErrNotFound) {
		t.Errorf("other kind: %v, want %v", err, ErrNotFound)
	}
}
