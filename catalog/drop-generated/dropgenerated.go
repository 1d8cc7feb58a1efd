package dropgenerated

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	// Only names sorts of objects; empty means all.
	Only []string `json:"only" doc:"sorts of objects to drop: builds, build-pods, build-configmaps, image-tags, serving-certs, system-role-bindings, owned-jobs, owned-replication-controllers, non-admin; default all"`
	// Except names sorts that stay.
	Except []string `json:"except" doc:"sorts of objects that stay"`
}

// Validate refuses sorts that do not exist.
func (c *Config) Validate() error {
	var names []string
	for _, s := range sorts() {
		names = append(names, s.name)
	}
	check := func(field string, list []string) (errs []error) {
		for i, name := range list {
			if slices.Contains(names, name) {
				continue
			}
			hint := "see the description of only"
			if near := fn.Closest(name, names); near != "" {
				hint = "did you mean " + near + "?"
			}
			errs = append(errs, fn.Invalid(fn.FieldPath(field, i), "is no sort of objects", hint))
		}
		return errs
	}
	return errors.Join(append(check("only", c.Only), check("except", c.Except)...)...)
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("drop-generated", "Takes out what OpenShift or a controller makes again: builds, service certificates, system role bindings and the like; the step needs allow: [Delete].", transform, fn.Describe(fn.About{
		Kinds: []string{
			"Build.build.openshift.io", "Pod", "ConfigMap", "ImageTag.image.openshift.io", "Secret",
			"RoleBinding.authorization.openshift.io", "RoleBinding.rbac.authorization.k8s.io", "Job.batch", "ReplicationController",
			"NonAdminBackup.oadp.openshift.io", "NonAdminRestore.oadp.openshift.io", "NonAdminBackupStorageLocation.oadp.openshift.io",
		},
		Needs: fn.Needs{Delete: fn.Always},
	}), fn.Says(said))
}

// said is what it says when it is done.
const said = "dropped %s: %d"

func transform(_ context.Context, c Config, list *fn.List) error {
	var chosen []sort
	for _, s := range sorts() {
		if (len(c.Only) == 0 || slices.Contains(c.Only, s.name)) && !slices.Contains(c.Except, s.name) {
			chosen = append(chosen, s)
		}
	}
	dropped := make([]int, len(chosen))
	for o := range list.All() {
		for i, s := range chosen {
			if s.generated(o) {
				list.Drop(o)
				dropped[i]++
				break
			}
		}
	}
	for i, s := range chosen {
		if dropped[i] > 0 {
			list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(said, s.name, dropped[i])})
		}
	}
	return nil
}
