package setimageregistry

import (
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	const digest = "@sha256:4b825dc642cb6eb9a060e54bf8d69288fbee4904a1b2c3d4e5f60718293a4b5c"
	tests := map[string]struct{ repository, suffix string }{
		"nginx":                             {"docker.io/library/nginx", ""},
		"nginx:1":                           {"docker.io/library/nginx", ":1"},
		"nginx:1" + digest:                  {"docker.io/library/nginx", ":1" + digest},
		"a/b/c" + digest:                    {"docker.io/a/b/c", digest},
		"Index.docker.io/a/b":               {"docker.io/a/b", ""},
		"docker.io/nginx":                   {"docker.io/library/nginx", ""},
		"registry:5000/a:1":                 {"registry:5000/a", ":1"},
		"localhost/a":                       {"localhost/a", ""},
		"[::1]:5000/a:1":                    {"[::1]:5000/a", ":1"},
		"R.example/Path":                    {"r.example/Path", ""},
		"x.svc:5000/openshift/cli" + digest: {"x.svc:5000/openshift/cli", digest},
		"":                                  {},
		" ":                                 {},
		"@" + digest:                        {},
		":tag":                              {},
		"/a":                                {},
		"a/":                                {},
		"a//b":                              {},
		"a b":                               {},
	}
	for ref, want := range tests {
		got, ok := canonical(ref)
		if got != (reference{want.repository, want.suffix}) || ok != (want.repository != "") {
			t.Errorf("canonical(%q) = %+v, %v; want %+v", ref, got, ok, want)
		}
	}
}

// FuzzMove checks, for whatever mapping is valid, that an image that moves ends
// up below to and keeps its tag and digest.
func FuzzMove(f *testing.F) {
	f.Add("docker.io", "mirror.example/hub", "nginx:1")
	f.Add("r.example/old", "r.example", "r.example/old/old/web@sha256:1")
	f.Add("docker.io", "docker.io/mirror", "docker.io/mirror/library/nginx")
	f.Add("localhost:5000", "b.example/", "localhost:5000/a/b")
	f.Fuzz(func(t *testing.T, from, to, ref string) {
		c := Config{From: from, To: to}
		if c.Validate() != nil {
			return
		}
		pairs, _ := c.pairs()
		m := newMover(pairs)
		_, moved, ok := m.move(ref)
		if !ok {
			return
		}
		before, _ := canonical(ref)
		after, ok := canonical(moved)
		if !ok || !under(after.repository, m.rules[0].to) && !isDockerHub(m.rules[0].to) || !strings.HasSuffix(moved, before.suffix) {
			t.Fatalf("%q to %q: %q became %q", from, to, ref, moved)
		}
	})
}
