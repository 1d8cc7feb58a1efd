package plugin

import (
	"errors"
	"fmt"

	"github.com/velero-krm/velero-krm/krm"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// awaitedKind is a selector for a kind that the backup may bring.
type awaitedKind struct {
	source, apiVersion, kind string
}

// problem says that the kind did not come.
func (a awaitedKind) problem(hint string) error {
	return fmt.Errorf("%s: selector for kind %s: neither the cluster nor the backup has it, so it can never match (%s)",
		a.source, typeName(a.apiVersion, a.kind), hint)
}

// stillAwaits looks again for the kinds that the cluster did not have when the
// pipelines were loaded, and reports whether any is to come with the backup.
func (r *run) stillAwaits() (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.awaited) == 0 {
		return false, nil
	}
	found, err := discoverKinds(r.engine.cluster.kube.Discovery())
	if err != nil {
		return false, fmt.Errorf("load pipelines of %s: %w", r.ref, err)
	}
	problems, err := r.missing(found)
	if err == nil && len(problems) == 0 {
		r.awaited, r.kinds = nil, found
	}
	return len(problems) > 0, err
}

// settleKinds looks for the kinds that the backup was to bring. Velero restores
// CustomResourceDefinitions first, so it is called for the first object that
// is none.
func (r *run) settleKinds() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.awaited) == 0 {
		return r.awaitedErr
	}
	found, err := discoverKinds(r.engine.cluster.kube.Discovery())
	if err != nil {
		return fmt.Errorf("load pipelines of %s: %w", r.ref, err)
	}
	problems, err := r.missing(found)
	if err != nil {
		return err
	}
	r.awaited, r.kinds = nil, found
	r.awaitedErr = r.loadError(problems)
	return r.awaitedErr
}

// expectKinds refuses a list whose CustomResourceDefinitions do not bring the
// kinds that are awaited. Velero creates nothing before it has all answers, so
// then not even they are created.
func (r *run) expectKinds(items []*krm.Item) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, err := discoverKinds(r.engine.cluster.kube.Discovery())
	if err != nil {
		return fmt.Errorf("load pipelines of %s: %w", r.ref, err)
	}
	for _, it := range items {
		if isCRD(it.Identity()) {
			found.addCRD(it)
		}
	}
	problems, err := r.missing(found)
	if err != nil {
		return err
	}
	if err := r.loadError(problems); err != nil {
		return err
	}
	r.awaited, r.kinds = nil, found
	return nil
}

// missing lists the awaited kinds that are not among found.
func (r *run) missing(found *kinds) ([]error, error) {
	var problems []error
	for _, a := range r.awaited {
		known, hint, err := found.known(a.apiVersion, a.kind, false)
		if err != nil {
			return nil, fmt.Errorf("load pipelines of %s: %w", r.ref, err)
		}
		if !known {
			problems = append(problems, a.problem(hint))
		}
	}
	return problems, nil
}

func (r *run) loadError(problems []error) error {
	if len(problems) == 0 {
		return nil
	}
	return &LoadError{Run: r.ref.String(), Problems: problems}
}

// addCRD adds the kind that a CustomResourceDefinition defines.
func (k *kinds) addCRD(crd *krm.Item) {
	spec, _ := crd.Object()["spec"].(map[string]any)
	names, _ := spec["names"].(map[string]any)
	group, _ := spec["group"].(string)
	kind, _ := names["kind"].(string)
	plural, _ := names["plural"].(string)
	versions, _ := spec["versions"].([]any)
	for _, v := range versions {
		version, _ := v.(map[string]any)
		name, _ := version["name"].(string)
		if isServed, _ := version["served"].(bool); !isServed || kind == "" {
			continue
		}
		k.byKind[kind] = append(k.byKind[kind], served{
			gv: schema.GroupVersion{Group: group, Version: name}, resource: plural, namespaced: spec["scope"] == "Namespaced",
		})
	}
}

// errUnknownKind is why an object that a function created cannot be filed.
var errUnknownKind = errors.New("the cluster does not have its kind")

// resourceOf returns the resource of a kind, in any version. On a restore the
// kind may have come with the backup, so the cluster is asked once more.
func (r *run) resourceOf(id krm.Identity) (served, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if found, ok := r.kinds.find(id); ok {
		return found, nil
	}
	if !r.lookedAgain {
		found, err := discoverKinds(r.engine.cluster.kube.Discovery())
		if err != nil {
			return served{}, err
		}
		r.kinds, r.lookedAgain = found, true
		if found, ok := r.kinds.find(id); ok {
			return found, nil
		}
	}
	return served{}, fmt.Errorf("%w %s: %s", errUnknownKind, typeName(id.APIVersion, id.Kind), r.kinds.hint(id.Kind))
}
