package moveinternalimages

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
	inrun "github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/fn/runcontext"
)

// The annotations that openshift-velero-plugin sets on backup and on restore.
const (
	backupRegistry  = "openshift.io/backup-registry-hostname"
	restoreRegistry = "openshift.io/restore-registry-hostname"
)

// Config of the function.
type Config struct {
	From       string            `json:"from" doc:"host of the old cluster's internal registry; default the object's annotation openshift.io/backup-registry-hostname"`
	To         string            `json:"to" doc:"host of the new cluster's; default the annotation openshift.io/restore-registry-hostname, then cluster.internalRegistry of the run's context"`
	Namespaces map[string]string `json:"namespaces" doc:"new name for each old namespace; default the namespaceMapping of the Restore, for a step with context: true"`
}

// Validate checks hosts and namespaces.
func (c *Config) Validate() error {
	errs := []error{mapping.Check("namespaces", c.Namespaces)}
	for _, field := range []struct{ name, host string }{{"from", c.From}, {"to", c.To}} {
		if strings.ContainsAny(field.host, "/@ \t\r\n") {
			errs = append(errs, fn.Invalid(field.name, "is no host of a registry", "as image-registry.openshift-image-registry.svc:5000"))
		}
	}
	return errors.Join(errs...)
}

var _ fn.PhaseTeller = Config{}

// Phases returns Restore alone, which is where the hosts are known that the
// config does not name, and nil when it names both.
func (c Config) Phases() []string {
	if c.From != "" && c.To != "" {
		return nil
	}
	return []string{fn.Restore}
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("move-internal-images", "Names images of the old OpenShift cluster's internal registry in that of the new one, with their namespaces mapped.", transform, fn.Describe(fn.About{
		Kinds:  []string{fn.PodTemplates, "BuildConfig.build.openshift.io"},
		Phases: []string{fn.Restore},
		Needs:  fn.Needs{Context: "without to and namespaces"},
	}), fn.NeedFacts(runcontext.InternalRegistry), fn.Says(append(mapping.Sayings("image references"), mapping.SaidOfChain)...))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	m := mover{Config: c, counter: mapping.NewCounter()}
	if run, ok := inrun.Of(list); ok {
		if registry := run.Cluster().InternalRegistry; registry != nil {
			m.cluster = *registry
		}
		if len(m.Namespaces) == 0 {
			m.Namespaces = run.NamespaceMapping()
		}
	}
	if err := mapping.CheckNames("namespaceMapping", m.Namespaces); err != nil {
		return err
	}
	m.table = mapping.New(m.Namespaces)
	for o := range list.All() {
		if err := m.object(o); err != nil {
			list.Fail(o, err)
		}
	}
	m.counter.Report(list, "image references")
	m.table.WarnOfChain(list)
	return nil
}

// mover moves the images of objects, one after the other.
type mover struct {
	Config
	// cluster is the registry that the context tells of.
	cluster string
	counter *mapping.Counter
	// table counts the namespaces of images that a second run would move again if
	// their new names were old ones: where both registries have one name.
	table *mapping.Table
}

// object moves the images of one object.
func (m mover) object(o *fn.Object) error {
	pods, builds := podspec.Has(o), o.Is("build.openshift.io", "BuildConfig")
	if !pods && !builds {
		return nil
	}
	from, to := m.registries(o)
	// A cluster may have no registry: there is nothing to move then.
	if from == "" || to == "" {
		return nil
	}
	if builds {
		return m.buildConfig(o, from, to)
	}
	spec, ok := podspec.Of(o)
	if !ok {
		return nil
	}
	for _, image := range podspec.Images(spec) {
		ref, ok := image.Ref()
		if !ok {
			continue
		}
		if err := m.set(o, ref, from, to, image.SetRef); err != nil {
			return err
		}
	}
	return nil
}

func (m mover) registries(o *fn.Object) (from, to string) {
	annotatedFrom, _ := o.Annotation(backupRegistry)
	annotatedTo, _ := o.Annotation(restoreRegistry)
	return cmp.Or(m.From, annotatedFrom), cmp.Or(m.To, annotatedTo, m.cluster)
}

// buildConfig moves what a build starts from and where it goes to, as far as
// these name images and not tags of image streams.
func (m mover) buildConfig(o *fn.Object, from, to string) error {
	var nodes []fn.Node
	add := func(n fn.Node, ok bool) {
		if ok {
			nodes = append(nodes, n)
		}
	}
	for _, strategy := range []string{"dockerStrategy", "sourceStrategy", "customStrategy"} {
		add(o.Node("spec", "strategy", strategy, "from"))
	}
	add(o.Node("spec", "output", "to"))
	for _, image := range o.Nodes("spec", "source", "images") {
		add(image.Node("from"))
	}
	for _, n := range nodes {
		ref, ok := n.GetString("name")
		if kind, _ := n.GetString("kind"); !ok || kind != "DockerImage" {
			continue
		}
		if err := m.set(o, ref, from, to, func(ref string) error { return n.Set(ref, "name") }); err != nil {
			return err
		}
	}
	return nil
}

// set gives a reference its new name if it has one.
func (m mover) set(o *fn.Object, ref, from, to string, set func(string) error) error {
	moved, ok := move(ref, from, to, m.Namespaces)
	if !ok || moved == ref {
		return nil
	}
	m.counter.Count("from "+from+" to "+to, o)
	if from == to {
		m.table.Count(namespaceOf(ref), o)
	}
	return set(moved)
}

// sharedNamespace has the image streams that OpenShift itself brings.
const sharedNamespace = "openshift"

// namespaceOf returns the namespace of an image in an internal registry.
func namespaceOf(ref string) string {
	_, path, _ := strings.Cut(ref, "/")
	namespace, _, _ := strings.Cut(path, "/")
	return namespace
}

// move returns the new reference, and false when ref is not in the registry
// from. The namespace is the first part of the path.
func move(ref, from, to string, namespaces map[string]string) (string, bool) {
	host, path, ok := strings.Cut(ref, "/")
	if !ok || host != from {
		return "", false
	}
	namespace, rest, ok := strings.Cut(path, "/")
	if !ok {
		return to + "/" + path, true
	}
	if namespace == sharedNamespace {
		// What OpenShift brings has other digests in another cluster and is in the
		// same namespace there: a reference with a digest keeps its namespace. Where
		// both registries have one name, one that has lost it looks like any other,
		// and the second run must not map it.
		name, _, digest := strings.Cut(path, "@")
		if digest || from == to {
			return to + "/" + name, true
		}
	}
	return to + "/" + cmp.Or(namespaces[namespace], namespace) + "/" + rest, true
}
