package plugin

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestServerVersion(t *testing.T) {
	dir := t.TempDir()
	program := func(name, script string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
		return path
	}
	prints := func(version string) string {
		return "[ \"$1 $2\" = \"version --client-only\" ] || exit 9\nprintf 'Client:\\n\\tVersion: " + version + "\\n\\tGit commit: abc\\n'\n"
	}
	knows := "# velero.io/skip-from-backup\n"

	cases := map[string]struct {
		reason  string
		server  *server
		skips   bool
		version string
		wantErr string
	}{
		"Release":    {reason: "told by the version", server: &server{executable: program("new", prints("v1.18.3"))}, skips: true, version: "v1.18.3"},
		"First":      {reason: "1.18.1 was the first", server: &server{executable: program("first", prints("v1.18.1"))}, skips: true, version: "v1.18.1"},
		"TooEarly":   {reason: "1.18.0 would back the object up with the mark", server: &server{executable: program("early", prints("v1.18.0"))}, version: "v1.18.0"},
		"Prerelease": {reason: "a suffix may be a candidate from before it", server: &server{executable: program("rc", prints("v1.18.1-rc.1"))}, version: "v1.18.1-rc.1"},
		"Downstream": {reason: "or a distribution's, with it", server: &server{executable: program("suffix", prints("v1.18.0-2+oadp")+knows)}, skips: true, version: "v1.18.0-2+oadp"},
		"Old":        {reason: "before 1.18 the annotation does nothing", server: &server{executable: program("old", prints("v1.17.2"))}, version: "v1.17.2"},
		"Branch":     {reason: "a build from a branch is asked for the annotation", server: &server{executable: program("main", prints("main")+knows)}, skips: true, version: "main"},
		"OldBranch":  {reason: "and has it not", server: &server{executable: program("oldmain", prints("release-1.16"))}, version: "release-1.16"},
		"NoVersion":  {reason: "built without one", server: &server{executable: program("none", prints("")+knows)}, skips: true, version: "of an unknown version"},
		"Fails":      {reason: "not even the command works", server: &server{executable: program("fails", "exit 1\n"+knows)}, skips: true, version: "of an unknown version"},
		"Override":   {reason: "the operator knows better", server: &server{executable: "/nowhere", override: "v1.18.1-2"}, skips: true, version: "v1.18.1-2"},
		"Overridden": {reason: "also that it is an old one", server: &server{executable: "/nowhere", override: "v1.18.0"}, version: "v1.18.0"},
		"Unknown":    {reason: "says what to do", server: &server{executable: "/nowhere"}, wantErr: VersionEnv},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			skips, version, err := tc.server.skipsFromBackup(t.Context())
			checkError(t, tc.reason, err, tc.wantErr)
			if skips != tc.skips || version != tc.version {
				t.Errorf("%s: skipsFromBackup() = %t, %q, want %t, %q", tc.reason, skips, version, tc.skips, tc.version)
			}
		})
	}
}

func TestFileHoldsAcrossPieces(t *testing.T) {
	needle := []byte("velero.io/skip-from-backup")
	for _, at := range []int{0, 1<<20 - 30, 1<<20 - 13, 1<<20 - 1, 1 << 20, 3<<20 - 26} {
		data := bytes.Repeat([]byte("."), 3<<20)
		copy(data[at:], needle)
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if found, err := fileHolds(t.Context(), path, needle); !found || err != nil {
			t.Errorf("at byte %d: fileHolds() = %t, %v", at, found, err)
		}
		if found, err := fileHolds(t.Context(), path, []byte("velero.io/other")); found || err != nil {
			t.Errorf("at byte %d: fileHolds() found what is not there: %v", at, err)
		}
	}
}
