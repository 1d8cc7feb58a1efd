package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func TestRunRefuses(t *testing.T) {
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, kubeconfigName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason string
		args   []string
		want   string
	}{
		"NoFolder":    {reason: "it would write into the working directory", want: "--dir is required"},
		"UsedFolder":  {reason: "another control plane may run there", args: []string{"--dir", used}, want: "give an empty folder"},
		"UnknownFlag": {reason: "a misspelt flag must not be ignored", args: []string{"--no-such-flag"}, want: "--no-such-flag"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), tc.args)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: want %q in the error, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

// TestAuthorizationModeIsTheCallers matters because a mode that allows all would
// come first, and nothing would be forbidden.
func TestAuthorizationModeIsTheCallers(t *testing.T) {
	s, err := newAPIServer([]string{"--authorization-mode=RBAC"})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.opts.Authorization.Modes; !slices.Equal(got, []string{"RBAC"}) {
		t.Errorf("want RBAC alone, got %q", got)
	}
	if s, err = newAPIServer(nil); err != nil {
		t.Fatal(err)
	}
	if errs := s.opts.Authorization.Complete(); len(errs) > 0 {
		t.Fatal(errs)
	}
	if got := s.opts.Authorization.Modes; !slices.Equal(got, []string{"AlwaysAllow"}) {
		t.Errorf("without the flag: want AlwaysAllow, got %q", got)
	}
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	k, err := newKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.writeKubeconfig(dir, "https://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(dir, kubeconfigName))
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://127.0.0.1:1" || config.BearerToken != k.token || string(config.CAData) != string(k.cert) {
		t.Errorf("kubeconfig: want server, token and certificate as made, got %s", config.Host)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: want it closed to others, got %v", file, info.Mode())
		}
	}
}
