package includeconstraints

import (
	"context"
	"errors"
	"slices"

	inrun "github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	// Pods asks for what admitted each pod, too, which is mostly what every
	// OpenShift has.
	Pods bool `json:"pods" doc:"also ask, with a Pod, for the constraint that admitted it; default false"`
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("include-constraints", "Has the SecurityContextConstraints that were granted to a service account backed up with it; needs context: true.", transform, fn.Describe(fn.About{
		Kinds:           []string{"ServiceAccount", "Pod"},
		AdditionalItems: []string{resource + "." + group},
		Phases:          []string{fn.Backup},
		Needs:           fn.Needs{Context: fn.Always},
	}), fn.NeedFacts(runcontext.SecurityContextConstraints))
}

// What constraints are to Velero.
const (
	group    = "security.openshift.io"
	resource = "securitycontextconstraints"
)

// admittedBy is the annotation in which OpenShift notes what admitted a pod.
const admittedBy = "openshift.io/scc"

var errRestore = errors.New("the context is that of a Restore, and tells of the cluster that is restored to: run the function with phases: [Backup]")

func transform(_ context.Context, config Config, list *fn.List) error {
	run, ok := inrun.Of(list)
	if !ok {
		return inrun.ErrNone
	}
	if run.Phase() == fn.Restore {
		return errRestore
	}
	granted := run.Cluster().SecurityContextConstraints
	for o := range list.All() {
		switch {
		case o.Is("", "ServiceAccount"):
			list.RequestItems(o, items(namesOf(granted, o.Identity()))...)
		// A pod that came from an OpenShift keeps its annotation where there are no
		// constraints, and Velero would fail it for what the cluster does not serve.
		case config.Pods && granted != nil && o.Is("", "Pod"):
			name, _ := o.GetString("metadata", "annotations", admittedBy)
			// Anybody can write an annotation: one that is no name is none of OpenShift's.
			if admitted := items([]string{name}); admitted[0].Check() == nil {
				list.RequestItems(o, admitted...)
			}
		}
	}
	return nil
}

// namesOf returns the names of the constraints that were granted to an account
// or to all of its namespace, sorted. Those for all accounts of the cluster are
// the cluster's own: every OpenShift has them.
func namesOf(granted *runcontext.Constraints, account krm.Identity) []string {
	if granted == nil || account.Name == "" {
		return nil
	}
	names := slices.Concat(granted.ServiceAccounts[account.Namespace+"/"+account.Name], granted.Namespaces[account.Namespace])
	slices.Sort(names)
	return slices.Compact(names)
}

func items(names []string) []krm.AdditionalItem {
	list := make([]krm.AdditionalItem, len(names))
	for i, name := range names {
		list[i] = krm.AdditionalItem{Group: group, Resource: resource, Name: name}
	}
	return list
}
