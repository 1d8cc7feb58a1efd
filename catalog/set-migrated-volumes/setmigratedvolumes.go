package setmigratedvolumes

import (
	"context"
	"fmt"

	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Labels and annotations of the Migration Toolkit for Containers.
const (
	openshiftMigration = "openshift-migration"
	partOfLabel        = "app.kubernetes.io/part-of"
	stageLabel         = "migration-stage-restore"
	restoreKind        = "migration.openshift.io/migmigration-type"
	copyMethod         = "migration.openshift.io/copy-method"
	migrateType        = "openshift.io/migrate-type"
	targetClass        = "openshift.io/target-storage-class"
	targetAccess       = "openshift.io/target-access-mode"
	betaClass          = "volume.beta.kubernetes.io/storage-class"
	selectedNode       = "volume.kubernetes.io/selected-node"
	stage              = "stage"
	snapshot           = "snapshot"
	typeCopy           = "copy"
	specClass          = "storageClassName"
)

// The schedule by which storage is asked to give back space that a restored
// claim does not use: as the Restore names it, and as the CSI add-ons read it
// (openshift-velero-plugin, pull request 395).
const (
	reclaimSchedule = "oadp.openshift.io/reclaim-space-schedule"
	addonSchedule   = "reclaimspace.csiaddons.openshift.io/schedule"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("set-migrated-volumes", "Gives volumes and claims that a migration copies the storage class that it chose for them; needs context: true and, for stage migrations, allow: [Delete].", transform, fn.Describe(fn.About{
		Kinds:  []string{"PersistentVolume", "PersistentVolumeClaim"},
		Phases: []string{fn.Restore},
		Needs:  fn.Needs{Delete: "for the restores of stage migrations", Context: fn.Always},
	}), fn.Says(said))
}

// said is what it says when it is done.
const said = "dropped volumes and claims that the final migration restores from snapshots: %d"

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	run, ok := runcontext.Of(list)
	if !ok {
		return runcontext.ErrNone
	}
	m := migrationOf(run)
	dropped := 0
	for o := range list.All() {
		claim := o.Is("", "PersistentVolumeClaim")
		if !claim && !o.Is("", "PersistentVolume") {
			continue
		}
		if m.skips(o) {
			list.Drop(o)
			dropped++
			continue
		}
		if err := m.change(o, claim); err != nil {
			list.Fail(o, err)
		}
	}
	if dropped > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(said, dropped)})
	}
	return nil
}

// migration is what a Restore says about volumes.
type migration struct {
	// on is false for a Restore that is no migration.
	on, staging bool
	// schedule is empty when none is asked for.
	schedule string
}

func migrationOf(run runcontext.Context) migration {
	labels, annotations := run.RestoreLabels(), run.RestoreAnnotations()
	return migration{
		on:       labels[partOfLabel] == openshiftMigration,
		staging:  annotations[restoreKind] == stage && labels[stageLabel] != "",
		schedule: annotations[reclaimSchedule],
	}
}

// skips reports whether a volume or claim is for the final migration alone: a
// snapshot cannot be added to, as a copy of files can.
func (m migration) skips(o *fn.Object) bool {
	how, _ := o.Annotation(migrateType)
	method, _ := o.Annotation(copyMethod)
	return m.on && m.staging && how == typeCopy && method == snapshot
}

// change changes one volume or claim.
func (m migration) change(o *fn.Object, claim bool) error {
	if claim && m.schedule != "" {
		if err := o.Set(m.schedule, "metadata", "annotations", addonSchedule); err != nil {
			return err
		}
	}
	if !m.on {
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
	if old, _ := o.Annotation(betaClass); old != "" {
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
