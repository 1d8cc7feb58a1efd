package setingress

import (
	"errors"
	"regexp"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/expr"
	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Validate checks that each rule says one thing, and that no suffix leads to
// another.
func (c *Config) Validate() error {
	var errs []error
	if c.Class == "" && len(c.Classes) == 0 && len(c.Hosts) == 0 {
		errs = append(errs, fn.Invalid("", "changes nothing", "set class, classes or hosts"))
	}
	if c.Class != "" && len(c.Classes) > 0 {
		errs = append(errs, fn.Invalid("classes", "contradicts class", "set one of them; the key * stands for every class"))
	}
	errs = append(errs, mapping.Check("classes", c.Classes))
	for i, r := range c.Hosts {
		errs = append(errs, r.validate(fn.FieldPath("hosts", i)))
		for j, other := range c.Hosts {
			if i != j && r.Suffix != "" && other.Suffix != "" && below(strings.ToLower(r.To), strings.ToLower(other.Suffix)) && !strings.EqualFold(r.To, other.To) {
				errs = append(errs, fn.Invalid(fn.FieldPath("hosts", i, "to"), "lies below another rule's suffix: the next run would move the host again", "use two pipelines"))
			}
		}
	}
	return errors.Join(errs...)
}

func (r HostRule) validate(at string) error {
	switch {
	case (r.Suffix == "") == (r.Regex == ""):
		return fn.Invalid(at, "needs suffix or regex, one of both", "")
	case r.Regex != "":
		re, err := expr.Compile(`^(?:` + r.Regex + `)$`)
		if err != nil {
			return fn.Invalid(at+".regex", err.Error(), "see https://github.com/google/re2/wiki/Syntax")
		}
		return expr.CheckTemplate(at+".to", re, r.To)
	case !validHost(r.Suffix) || strings.HasPrefix(r.Suffix, "*"):
		return fn.Invalid(at+".suffix", "is no DNS name", "as apps.old.example, without a dot or * in front")
	case !validHost(r.To) || strings.HasPrefix(r.To, "*"):
		return fn.Invalid(at+".to", "is no DNS name", "as apps.new.example, without a dot or * in front")
	}
	return nil
}

// rule is a HostRule ready for use.
type rule struct {
	suffix, to, label string
	regex             *regexp.Regexp
}

func newRules(hosts []HostRule) ([]rule, error) {
	rules := make([]rule, len(hosts))
	for i, h := range hosts {
		if h.Regex == "" {
			rules[i] = rule{suffix: strings.ToLower(h.Suffix), to: h.To, label: "from " + h.Suffix + " to " + h.To}
			continue
		}
		re, err := expr.Compile(`^(?:` + h.Regex + `)$`)
		if err != nil {
			return nil, err
		}
		rules[i] = rule{regex: re, to: h.To, label: "by hosts" + fn.FieldPath(i)}
	}
	return rules, nil
}

// apply returns what the first rule that matches makes of a host, and false
// when that is the same or none matches.
func apply(rules []rule, host string) (to, label string, ok bool) {
	for _, r := range rules {
		if r.regex != nil {
			m := r.regex.FindStringSubmatchIndex(host)
			if m == nil {
				continue
			}
			to := string(r.regex.ExpandString(nil, r.to, host, m))
			return to, r.label, to != host
		}
		name := strings.ToLower(host)
		if !below(name, r.suffix) {
			continue
		}
		// The new domain may lie within the old one: what is there has moved.
		if below(name, strings.ToLower(r.to)) {
			return "", "", false
		}
		return host[:len(host)-len(r.suffix)] + r.to, r.label, true
	}
	return "", "", false
}

// below reports whether host is domain or lies in it, whole labels only.
func below(host, domain string) bool {
	rest, ok := strings.CutSuffix(host, domain)
	return ok && (rest == "" || rest[len(rest)-1] == '.')
}

// validHost reports whether s is a DNS name, a wildcard in front allowed.
func validHost(s string) bool {
	s = strings.TrimPrefix(s, "*.")
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}

// hostPaths are the fields of a kind that are hosts; none for most kinds.
func hostPaths(id krm.Identity) []fn.Path {
	switch id.Group() {
	case "networking.k8s.io", "extensions":
		if id.Kind == "Ingress" {
			return paths("spec.rules[*].host", "spec.tls[*].hosts[*]")
		}
	case "route.openshift.io":
		if id.Kind == "Route" {
			return paths("spec.host")
		}
	case "gateway.networking.k8s.io":
		switch id.Kind {
		case "Gateway":
			return paths("spec.listeners[*].hostname")
		case "HTTPRoute", "GRPCRoute", "TLSRoute":
			return paths("spec.hostnames[*]")
		}
	}
	return nil
}

func paths(texts ...string) []fn.Path {
	list := make([]fn.Path, 0, len(texts))
	for _, text := range texts {
		if p, err := fn.ParsePath(text); err == nil {
			list = append(list, p)
		}
	}
	return list
}
