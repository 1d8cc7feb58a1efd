package setimageregistry

import (
	"strings"

	"github.com/velero-krm/velero-krm/fn"
)

// rule is one mapping, ready for use.
type rule struct {
	// from and to are canonical, for comparison.
	from, to string
	// fromText and toText are as the config has them.
	fromText, toText string
}

func newRules(pairs []Mapping) []rule {
	rules := make([]rule, len(pairs))
	for i, m := range pairs {
		from, to := strings.TrimRight(m.From, "/"), strings.TrimRight(m.To, "/")
		rules[i] = rule{canonicalHost(from), canonicalHost(to), from, to}
	}
	return rules
}

// reference is an image reference in its full form.
type reference struct {
	// repository has the registry, as docker.io/library/nginx.
	repository string
	// suffix is the tag and the digest with their separators.
	suffix string
}

// canonical expands a reference as container engines do: without a registry it
// is docker.io's, and there a name without a path is in library/
// (github.com/distribution/reference, "familiar names"). It is false for what
// names no image: DeploymentConfigs with an image change trigger often hold " "
// until the trigger fires.
func canonical(ref string) (reference, bool) {
	name, suffix := ref, ""
	if i := strings.IndexByte(name, '@'); i >= 0 {
		name, suffix = name[:i], name[i:]
	}
	// A colon after the last slash is a tag, one before it a port.
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name, suffix = name[:i], name[i:]+suffix
	}
	if name == "" || strings.ContainsAny(ref, " \t\r\n") || strings.Contains(name, "//") || name[0] == '/' || name[len(name)-1] == '/' {
		return reference{}, false
	}
	host, path, ok := strings.Cut(name, "/")
	if !ok || !isHost(host) {
		host, path = "docker.io", name
	}
	if isDockerHub(host) && !strings.Contains(path, "/") {
		path = "library/" + path
	}
	return reference{canonicalHost(host) + "/" + path, suffix}, true
}

// canonicalHost writes the registry of a location in one way.
func canonicalHost(location string) string {
	host, path, ok := strings.Cut(location, "/")
	host = strings.ToLower(host)
	if isDockerHub(host) {
		host = "docker.io"
	}
	if !ok {
		return host
	}
	return host + "/" + path
}

func isDockerHub(host string) bool {
	host = strings.ToLower(host)
	return host == "docker.io" || host == "index.docker.io"
}

// isHost reports whether the first part of a reference is a registry and not
// the first part of a path.
func isHost(s string) bool {
	return strings.ContainsAny(s, ".:") || s == "localhost" || strings.ToLower(s) != s
}

// under reports whether location is prefix or lies in it, whole parts only.
func under(location, prefix string) bool {
	rest, ok := strings.CutPrefix(location, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// validLocation checks a registry or a registry and path; nil when it is one.
func validLocation(field, s string) error {
	host, path, _ := strings.Cut(strings.TrimRight(s, "/"), "/")
	switch {
	case s == "":
		return fn.Invalid(field, "is required", "from and to are needed together")
	case strings.Contains(s, "://"):
		return fn.Invalid(field, "must not have a scheme", "leave out https://")
	case strings.ContainsAny(s, " \t\r\n@"):
		return fn.Invalid(field, "must not have white space or a digest", "name the registry and path alone")
	case strings.Contains(path, ":"):
		return fn.Invalid(field, "must not have a tag", "name the registry and path alone; tags stay as they are")
	case !isHost(host):
		return fn.Invalid(field, "must begin with a registry", "for Docker Hub write docker.io/ in front")
	case strings.Contains(s, "//"):
		return fn.Invalid(field, "must not have an empty part", "")
	}
	return nil
}
