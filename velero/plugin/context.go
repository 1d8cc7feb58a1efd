package plugin

import (
	"context"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/pipeline"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ContextKind is the kind, in the group of Pipeline, of the object that steps
// with context: true find among their items.
const ContextKind = runcontext.Kind

// makeContext sets the context of the run if one of its steps asks for it. The
// error is a [*LoadError] when the facts of the cluster that steps need cannot
// be gathered.
func (r *run) makeContext(ctx context.Context) error {
	if !slices.ContainsFunc(r.programs, (*pipeline.Program).NeedsContext) {
		return nil
	}
	c := runcontext.RunContext{
		Metadata: runcontext.Metadata{Name: r.ref.name, Namespace: r.ref.namespace},
		Phase:    runcontext.Phase(r.ref.phase),
	}
	backup := r.ref.backup
	if restore := r.ref.restore; restore != nil {
		c.Restore = restorePart(restore)
		var err error
		if backup, err = r.engine.cluster.backup(ctx, restore.Namespace, restore.Spec.BackupName); err != nil {
			return fmt.Errorf("make context of %s: %w", r.ref, err)
		}
	}
	c.Backup = backupPart(backup)
	version, err := r.engine.cluster.kube.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("make context of %s: get version of the cluster: %w", r.ref, err)
	}
	c.Cluster.KubernetesVersion = version.GitVersion
	if err := r.gatherFacts(ctx, &c, version); err != nil {
		return err
	}
	r.context, err = c.Item()
	return err
}

// backupPart is what functions may know of a Backup.
func backupPart(b *velerov1api.Backup) *runcontext.Backup {
	return &runcontext.Backup{
		Name: b.Name, Namespace: b.Namespace, UID: string(b.UID), Labels: b.Labels, Annotations: b.Annotations,
		Spec: runcontext.BackupSpec{
			IncludedNamespaces: b.Spec.IncludedNamespaces, ExcludedNamespaces: b.Spec.ExcludedNamespaces,
			StorageLocation:          b.Spec.StorageLocation,
			DefaultVolumesToFsBackup: b.Spec.DefaultVolumesToFsBackup,
			DefaultVolumesToRestic:   b.Spec.DefaultVolumesToRestic, //nolint:staticcheck // Backups made before Velero 1.10 have it
		},
	}
}

// restorePart is what functions may know of a Restore.
func restorePart(r *velerov1api.Restore) *runcontext.Restore {
	p := &runcontext.Restore{
		Name: r.Name, Namespace: r.Namespace, UID: string(r.UID), Labels: r.Labels, Annotations: r.Annotations,
		Spec: runcontext.RestoreSpec{
			BackupName: r.Spec.BackupName, ScheduleName: r.Spec.ScheduleName,
			IncludedNamespaces: r.Spec.IncludedNamespaces, ExcludedNamespaces: r.Spec.ExcludedNamespaces,
			NamespaceMapping: r.Spec.NamespaceMapping,
		},
	}
	for _, h := range r.Spec.Hooks.Resources {
		p.Spec.Hooks.Resources = append(p.Spec.Hooks.Resources, hookPart(h))
	}
	return p
}

// hookPart tells which pods a hook is for, and not what it runs there.
func hookPart(h velerov1api.RestoreResourceHookSpec) runcontext.RestoreHook {
	p := runcontext.RestoreHook{
		Name:               h.Name,
		IncludedNamespaces: h.IncludedNamespaces, ExcludedNamespaces: h.ExcludedNamespaces,
		IncludedResources: h.IncludedResources, ExcludedResources: h.ExcludedResources,
		LabelSelector: selectorPart(h.LabelSelector),
	}
	for _, post := range h.PostHooks {
		var hook runcontext.PostHook
		if post.Exec != nil {
			hook.Exec = &runcontext.ExecHook{Container: post.Exec.Container}
		}
		if post.Init != nil {
			hook.Init = &runcontext.InitHook{}
		}
		p.PostHooks = append(p.PostHooks, hook)
	}
	return p
}

func selectorPart(s *metav1.LabelSelector) *runcontext.LabelSelector {
	if s == nil {
		return nil
	}
	p := &runcontext.LabelSelector{MatchLabels: s.MatchLabels}
	for _, e := range s.MatchExpressions {
		p.MatchExpressions = append(p.MatchExpressions, runcontext.LabelRequirement{Key: e.Key, Operator: string(e.Operator), Values: e.Values})
	}
	return p
}
