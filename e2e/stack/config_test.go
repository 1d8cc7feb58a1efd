package stack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindBin(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "e2e", "features", "testdata")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "e2e", "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)

	t.Setenv(BinEnv, "")
	got, err := findBin()
	if want := filepath.Join(root, "bin"); got != want || err != nil {
		t.Errorf("beside the module: want %s, got %s, error %v", want, got, err)
	}
	t.Setenv(BinEnv, "/elsewhere")
	got, err = findBin()
	if got != "/elsewhere" || err != nil {
		t.Errorf("by %s: want /elsewhere, got %s, error %v", BinEnv, got, err)
	}
}

func TestStartNamesTheTargetOfAMissingProgram(t *testing.T) {
	cases := map[string]struct {
		reason string
		make   func(t *testing.T, bin string)
		want   []string
	}{
		"Missing": {
			reason: "nothing was built",
			make:   func(*testing.T, string) {},
			want:   []string{"controlplane", "no such file", "`make controlplane`", "`make stack`", BinEnv},
		},
		"NotExecutable": {
			reason: "copied without its mode",
			make: func(t *testing.T, bin string) {
				t.Helper()
				if err := os.WriteFile(filepath.Join(bin, "controlplane"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"controlplane", "not an executable file", "`make controlplane`"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir() // of its own: cases run in any order
			tc.make(t, bin)
			_, err := Start(t.Context(), Config{Bin: bin, Dir: t.TempDir()})
			var missing *MissingProgramError
			if !errors.As(err, &missing) {
				t.Fatalf("%s: want a *MissingProgramError, got %v", tc.reason, err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: want %q in %q", tc.reason, want, err)
				}
			}
		})
	}
}

func TestParseManifests(t *testing.T) {
	cases := map[string]struct {
		reason, manifest string
		want             []map[string]any
		wantErr          string
	}{
		"LargeNumber": {
			reason:   "a float64 holds 53 bits",
			manifest: "{apiVersion: v1, kind: A, spec: {number: 9007199254740993}}",
			want:     []map[string]any{{"apiVersion": "v1", "kind": "A", "spec": map[string]any{"number": int64(9007199254740993)}}},
		},
		"EmptyDocuments": {
			reason:   "templates leave them",
			manifest: "---\n# only a comment\n---\n{apiVersion: v1, kind: A}\n---\n",
			want:     []map[string]any{{"apiVersion": "v1", "kind": "A"}},
		},
		"List": {
			reason:   "kubectl get -o yaml writes one",
			manifest: "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: A}, {apiVersion: v1, kind: B}]}",
			want:     []map[string]any{{"apiVersion": "v1", "kind": "A"}, {"apiVersion": "v1", "kind": "B"}},
		},
		"NoKind": {
			reason:   "it is no object",
			manifest: "a: b",
			wantErr:  "Kind",
		},
		"Broken": {
			reason:   "it does not parse",
			manifest: "a: [",
			wantErr:  "decode manifest",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			objects, err := ParseManifests([]byte(tc.manifest))
			if tc.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Errorf("%s: want %q in the error, got %v", tc.reason, tc.wantErr, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []map[string]any
			for _, obj := range objects {
				got = append(got, obj.Object)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
