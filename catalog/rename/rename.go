package rename

import (
	"context"
	"errors"
	"fmt"

	"github.com/velero-krm/velero-krm/catalog/internal/anew"
	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	Renames []Rename `json:"renames" required:"true" doc:"which objects get which name"`
}

// Rename is one object, or those of the same name in all namespaces.
type Rename struct {
	Group     string `json:"group" doc:"API group, as apps; core for the core group; default any"`
	Kind      string `json:"kind" required:"true" doc:"kind, as ConfigMap"`
	Namespace string `json:"namespace" doc:"namespace of the object; default any"`
	From      string `json:"from" required:"true" doc:"its name"`
	To        string `json:"to" required:"true" doc:"its new name"`
}

// Validate checks that running the function again renames nothing twice.
func (c *Config) Validate() error {
	var errs []error
	for i, r := range c.Renames {
		at := fn.FieldPath("renames", i)
		if r.Kind == "Namespace" || r.Kind == "CustomResourceDefinition" {
			errs = append(errs, fn.Invalid(at+".kind", "cannot be renamed by this function", "for Namespaces see map-namespaces; the name of a CRD is made of its group and kind"))
		}
		errs = append(errs, r.checkNames(at))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	t := newTable(c.Renames)
	for i, r := range c.Renames {
		at := fn.FieldPath("renames", i)
		if to, ok := t.lookup(r.target(), r.Namespace, r.To); ok && to != r.To {
			errs = append(errs, fn.Invalid(at+".to", "is renamed by another entry: the next run would rename it again", "use two pipelines"))
		}
		if to, _ := t.lookup(r.target(), r.Namespace, r.From); to != r.To {
			errs = append(errs, fn.Invalid(at+".from", "has another new name in an entry before", "name each object once"))
		}
	}
	return errors.Join(errs...)
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("rename", "Gives objects another name, also where others refer to them; the step needs allow: [Rename].", transform, fn.Describe(fn.About{
		Kinds:   []string{fn.AnyKind},
		Needs:   fn.Needs{Rename: fn.Always, List: "to see names that are taken"},
		Follows: "references to what is renamed",
	}), fn.Says(mapping.Sayings("names and references")...))
}

func transform(ctx context.Context, c Config, list *fn.List) error {
	r := newRenamer(c.Renames)
	r.refused = r.refuse(list)
	for i, o := range list.Objects {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if runcontext.Is(o) || !r.finder.in(o.Item().Raw()) {
			continue
		}
		if err := r.object(list, i); err != nil {
			list.Fail(o, err)
		}
	}
	r.counter.Report(list, "names and references")
	return nil
}

// renamer renames objects and references, one object after the other.
type renamer struct {
	table      table
	finder     *finder
	references *references
	// services are the entries for Services.
	services []Rename
	counter  *mapping.Counter
	// refused says why objects of the list keep their names.
	refused map[place]error
	// dangling is about a reference of the object at hand to one of these.
	dangling error
}

func newRenamer(renames []Rename) *renamer {
	t := newTable(renames)
	r := &renamer{table: t, finder: newFinder(t), references: newReferences(t.wants), counter: mapping.NewCounter()}
	for _, entry := range renames {
		if entry.Kind == "Service" {
			r.services = append(r.services, entry)
		}
	}
	return r
}

// place is where an object is. References do not always tell a group.
type place struct{ kind, namespace, name string }

// object renames one object and what it refers to.
func (r *renamer) object(list *fn.List, i int) error {
	o := list.Objects[i]
	id := o.Identity()
	refs := r.references.of(id)
	w := &walker{r: r, o: o, id: id, custom: refs.custom}
	fields := o.Item().Object()
	r.dangling = nil
	w.mapping(fields, refs.root)
	if r.dangling != nil {
		return r.dangling
	}
	if err := w.self(list, fields); err != nil {
		return err
	}
	w.report(list)
	if !w.changed {
		return nil
	}
	return anew.PutChanged(list, i, fields)
}

// self renames the object itself.
func (w *walker) self(list *fn.List, fields map[string]any) error {
	next := w.r.next(w.id)
	if next == w.id {
		return nil
	}
	if err := w.r.refusal(w.id.Kind, w.id.Namespace, w.id.Name); err != nil {
		return err
	}
	meta, ok := fields["metadata"].(map[string]any)
	if !ok {
		return nil
	}
	spec, _ := fields["spec"].(map[string]any)
	if claims, _ := spec["volumeClaimTemplates"].([]any); len(claims) > 0 && w.o.Is("apps", "StatefulSet") {
		list.ReportOn(w.o, krm.Warning, "spec.volumeClaimTemplates", "claims have the name of the StatefulSet in theirs: rename them as well, or it gets new ones")
	}
	if w.o.Is("apps.openshift.io", "DeploymentConfig") {
		list.ReportOn(w.o, krm.Warning, "metadata.name", "ReplicationControllers have the name of the DeploymentConfig in theirs: rename them as well, or it deploys anew")
	}
	meta["name"] = w.name(target{groupName(w.id.Group()), w.id.Kind}, w.id.Namespace, w.id.Name)
	return nil
}

// name returns the new name of what an object refers to. A reference to an
// object that keeps its name must not come to mean the one that has the new
// name: the referrer fails, too, so that it is not in the list when the function
// runs again without the two.
func (r *renamer) name(o *fn.Object, t target, namespace, from string) string {
	to, ok := r.table.lookup(t, namespace, from)
	if !ok || to == from {
		return from
	}
	if err := r.refusal(t.kind, namespace, from); err != nil {
		r.dangling = fmt.Errorf("it refers to %s %s, which cannot be renamed: %w", t.kind, from, err)
		return from
	}
	r.counter.Count(fmt.Sprintf("from %s %s to %s", t.kind, from, to), o)
	return to
}

// refusal returns why an object keeps its name.
func (r *renamer) refusal(kind, namespace, name string) error {
	owner, base, _ := ownerOf(kind, name)
	for _, ns := range []string{namespace, ""} {
		if err := r.refused[place{kind, ns, name}]; err != nil {
			return err
		}
		if err := r.refused[place{owner, ns, base}]; err != nil {
			return err
		}
	}
	return nil
}

// refuse finds the objects whose new name is that of another one.
func (r *renamer) refuse(list *fn.List) map[place]error {
	there, coming := map[krm.Key]bool{}, map[krm.Key][]krm.Identity{}
	for _, o := range list.Objects {
		id := o.Identity()
		if !r.table.wants(id.Kind) {
			continue
		}
		there[id.Key()] = true
		if next := r.next(id); next != id {
			coming[next.Key()] = append(coming[next.Key()], id)
		}
	}
	refused := map[place]error{}
	for next, ids := range coming {
		var err error
		switch {
		case there[next]:
			err = errors.New("an object of the new name is there already")
		case len(ids) > 1:
			err = errors.New("another object gets the same name")
		default:
			continue
		}
		for _, id := range ids {
			refused[place{id.Kind, id.Namespace, id.Name}] = err
		}
	}
	return refused
}

// next returns the identity that an object gets, its own if it keeps that.
func (r *renamer) next(id krm.Identity) krm.Identity {
	if to, ok := r.table.lookup(target{groupName(id.Group()), id.Kind}, id.Namespace, id.Name); ok && id.Name != "" {
		id.Name = to
	}
	return id
}
