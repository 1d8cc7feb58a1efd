package clearclusterfields

import (
	"context"
	"errors"
	"slices"

	"github.com/velero-krm/velero-krm/fn"
)

// Config of the function.
type Config struct {
	// Clear names the groups of fields; empty means the safe ones.
	Clear []string `json:"clear" doc:"groups of fields to remove: metadata, service-ips, node-ports, pod-node, claim-ref, job-labels; and only when named: volume-binding, owner-references, status. Default all but the last three"`
}

// group is one choice of Config.Clear.
type group struct {
	name string
	// byDefault is false for groups whose removal loses something that may be
	// wanted.
	byDefault bool
	clear     func(o *fn.Object)
}

func groups() []group {
	return []group{
		{"metadata", true, clearMetadata},
		{"service-ips", true, clearServiceIPs},
		{"node-ports", true, clearNodePorts},
		{"pod-node", true, clearPodNode},
		{"claim-ref", true, clearClaimRef},
		{"job-labels", true, clearJobLabels},
		{"volume-binding", false, clearVolumeBinding},
		{"owner-references", false, func(o *fn.Object) { o.Remove("metadata", "ownerReferences") }},
		{"status", false, clearStatus},
	}
}

// Default chooses the safe groups.
func (c *Config) Default() {
	if len(c.Clear) > 0 {
		return
	}
	for _, g := range groups() {
		if g.byDefault {
			c.Clear = append(c.Clear, g.name)
		}
	}
}

// Validate refuses groups that do not exist.
func (c *Config) Validate() error {
	var names []string
	for _, g := range groups() {
		names = append(names, g.name)
	}
	var errs []error
	for i, name := range c.Clear {
		if slices.Contains(names, name) {
			continue
		}
		hint := "see the description of the field"
		if near := fn.Closest(name, names); near != "" {
			hint = "did you mean " + near + "?"
		}
		errs = append(errs, fn.Invalid(fn.FieldPath("clear", i), "is no group of fields", hint))
	}
	return errors.Join(errs...)
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("clear-cluster-fields", "Removes what the old cluster filled in: server fields of metadata, service addresses, node ports, nodes, the identity of claims.", transform, fn.Describe(fn.About{Kinds: []string{fn.AnyKind}}))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	var chosen []group
	for _, g := range groups() {
		if slices.Contains(c.Clear, g.name) {
			chosen = append(chosen, g)
		}
	}
	for o := range list.All() {
		for _, g := range chosen {
			g.clear(o)
		}
	}
	return nil
}
