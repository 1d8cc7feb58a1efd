package setmigratedvolumes

import (
	"context"
	"errors"

	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
)

// Labels and annotations of the Migration Toolkit for Containers.
const (
	partOfLabel  = "app.kubernetes.io/part-of"
	migration    = "openshift-migration"
	stageLabel   = "migration-stage-restore"
	restoreKind  = "migration.openshift.io/migmigration-type"
	copyMethod   = "migration.openshift.io/copy-method"
	migrateType  = "openshift.io/migrate-type"
	targetClass  = "openshift.io/target-storage-class"
	targetAccess = "openshift.io/target-access-mode"
	betaClass    = "volume.beta.kubernetes.io/storage-class"
	selectedNode = "volume.kubernetes.io/selected-node"
	stage        = "stage"
	snapshot     = "snapshot"
	typeCopy     = "copy"
	specClass    = "storageClassName"
)

var errNoContext = errors.New("there is no context of the run: give the step context: true")

// Function returns the function.
func Function() fn.Function {
	return fn.New("set-migrated-volumes", "Gives volumes and claims that a migration copies the storage class that it chose for them; needs context: true.", transform, fn.Describe(fn.About{
		Kinds:  []string{"PersistentVolume", "PersistentVolumeClaim"},
		Phases: []string{fn.Restore},
		Needs:  fn.Needs{Context: fn.Always},
	}))
}

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	run, ok := runcontext.Of(list)
	if !ok {
		return errNoContext
	}
	if run.RestoreLabels()[partOfLabel] != migration {
		return nil
	}
	staging := run.RestoreAnnotations()[restoreKind] == stage && run.RestoreLabels()[stageLabel] != ""
	for o := range list.All() {
		claim := o.Is("", "PersistentVolumeClaim")
		if !claim && !o.Is("", "PersistentVolume") {
			continue
		}
		if err := migrate(o, claim, staging); err != nil {
			list.Fail(o, err)
		}
	}
	return nil
}

// migrate changes one volume or claim.
func migrate(o *fn.Object, claim, staging bool) error {
	// The snapshot of a stage run restores the volume as it was.
	if method, _ := o.Annotation(copyMethod); staging && method == snapshot {
		return nil
	}
	if claim {
		o.Remove("metadata", "annotations", selectedNode)
	}
	if how, _ := o.Annotation(migrateType); how != typeCopy {
		return nil
	}
	class, _ := o.Annotation(targetClass)
	if err := o.Set(class, "spec", specClass); err != nil {
		return err
	}
	if o.Has("metadata", "annotations", betaClass) {
		if err := o.Set(class, "metadata", "annotations", betaClass); err != nil {
			return err
		}
	}
	if !claim {
		return nil
	}
	o.Remove("spec", "selector")
	if mode, _ := o.Annotation(targetAccess); mode != "" {
		return o.Set([]string{mode}, "spec", "accessModes")
	}
	return nil
}
