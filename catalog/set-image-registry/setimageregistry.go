package setimageregistry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function: from and to, or mappings, or both.
type Config struct {
	From     string    `json:"from" doc:"registry, or registry and path, that images come from, as docker.io/acme; needs to"`
	To       string    `json:"to" doc:"registry, or registry and path, that takes its place"`
	Mappings []Mapping `json:"mappings" doc:"more than one pair; the longest from that matches an image counts"`
}

// Mapping is one pair of Config.
type Mapping struct {
	From string `json:"from" required:"true" doc:"registry, or registry and path, that images come from"`
	To   string `json:"to" required:"true" doc:"registry, or registry and path, that takes its place"`
}

// pairs are all mappings with the paths of their fields.
func (c *Config) pairs() (mappings []Mapping, paths []string) {
	if c.From != "" || c.To != "" {
		mappings, paths = []Mapping{{c.From, c.To}}, []string{""}
	}
	for i, m := range c.Mappings {
		mappings = append(mappings, m)
		paths = append(paths, fmt.Sprintf("mappings[%d].", i))
	}
	return mappings, paths
}

// Validate checks each mapping, and that running the function again cannot
// move an image a second time.
func (c *Config) Validate() error {
	pairs, paths := c.pairs()
	if len(pairs) == 0 {
		return fn.Invalid("", "names no registry", "set from and to, or mappings")
	}
	var errs []error
	for i, m := range pairs {
		errs = append(errs, validLocation(paths[i]+"from", m.From), validLocation(paths[i]+"to", m.To))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	rules := newRules(pairs)
	for i, a := range rules {
		for j, b := range rules {
			switch {
			case i == j:
			case a.from == b.from && i < j:
				errs = append(errs, fn.Invalid(paths[j]+"from", "is the same as "+paths[i]+"from", "name each registry once"))
			case under(a.to, b.from) || under(b.from, a.to):
				errs = append(errs, fn.Invalid(paths[i]+"to", "overlaps "+paths[j]+"from: images moved there would be moved again by the next run", "use two pipelines"))
			}
		}
	}
	return errors.Join(errs...)
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("set-image-registry", "Moves image references in every kind with a pod template from one registry to another; tags and digests stay.", transform, fn.Describe(fn.About{Kinds: []string{fn.PodTemplates}}), fn.Says(said))
}

// said is what it says of each move.
const said = "image references moved from %s to %s: %d (objects: %d)"

func transform(_ context.Context, c Config, list *fn.List) error {
	pairs, _ := c.pairs()
	m := newMover(pairs)
	for o := range list.All() {
		if !podspec.Has(o) {
			continue
		}
		spec, ok := podspec.Of(o)
		if !ok {
			continue
		}
		if err := m.moveAll(list, spec); err != nil {
			list.Fail(o, err)
		}
	}
	m.report(list)
	return nil
}

// mover applies the rules, the longest first, and counts.
type mover struct {
	rules []rule
	moved map[rule]*count
}

type count struct{ images, objects int }

func newMover(pairs []Mapping) *mover {
	m := &mover{rules: newRules(pairs), moved: map[rule]*count{}}
	slices.SortStableFunc(m.rules, func(a, b rule) int { return cmp.Compare(len(b.from), len(a.from)) })
	for _, r := range m.rules {
		m.moved[r] = &count{}
	}
	return m
}

func (m *mover) moveAll(list *fn.List, spec fn.Node) error {
	seen := map[rule]bool{}
	for _, image := range podspec.Images(spec) {
		ref, ok := image.Ref()
		if !ok {
			continue
		}
		r, moved, ok := m.move(ref)
		if !ok {
			continue
		}
		if _, again, ok := m.move(moved); ok && again != moved {
			list.ReportOn(spec.Object(), krm.Warning, image.Path(), "image reference not moved: the next run would move it again")
			continue
		}
		if err := image.SetRef(moved); err != nil {
			return err
		}
		m.moved[r].images++
		if !seen[r] {
			seen[r] = true
			m.moved[r].objects++
		}
	}
	return nil
}

// move returns the new reference, and false when no rule matches.
func (m *mover) move(ref string) (rule, string, bool) {
	name, ok := canonical(ref)
	if !ok {
		return rule{}, "", false
	}
	for _, r := range m.rules {
		if !under(name.repository, r.from) {
			continue
		}
		// to may lie within from, as a mirror in the same registry does:
		// what is there already has been moved.
		if under(r.to, r.from) && under(name.repository, r.to) {
			return r, "", false
		}
		return r, r.toText + name.repository[len(r.from):] + name.suffix, true
	}
	return rule{}, "", false
}

// report says what each mapping did; one that matched nothing is silent,
// because other batches may have its images.
func (m *mover) report(list *fn.List) {
	for _, r := range m.rules {
		c := m.moved[r]
		if c.images == 0 {
			continue
		}
		list.Report(krm.Result{
			Severity: krm.Info,
			Message:  fmt.Sprintf(said, r.fromText, r.toText, c.images, c.objects),
			Tags:     map[string]string{"from": r.fromText, "to": r.toText},
		})
	}
}
