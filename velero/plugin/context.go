package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ContextKind is the kind, in the group of Pipeline, of the object that steps
// with context: true find among their items.
const ContextKind = "RunContext"

// runContext tells a function about the run it is part of. Backup is the one
// that is made or restored from.
type runContext struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metav1.ObjectMeta `json:"metadata"`
	Phase      pipeline.Phase    `json:"phase"`
	Backup     *part             `json:"backup,omitempty"`
	Restore    *part             `json:"restore,omitempty"`
	Cluster    clusterFacts      `json:"cluster"`
}

// part is what a function may know of a Backup or Restore.
type part struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	UID         string            `json:"uid,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Spec        any               `json:"spec"`
}

type clusterFacts struct {
	KubernetesVersion string `json:"kubernetesVersion,omitempty"`
}

// makeContext sets the context of the run if one of its steps asks for it.
func (r *run) makeContext(ctx context.Context) error {
	if !slices.ContainsFunc(r.programs, (*pipeline.Program).NeedsContext) {
		return nil
	}
	c := runContext{
		APIVersion: pipeline.APIVersion, Kind: ContextKind, Phase: r.ref.phase,
		Metadata: metav1.ObjectMeta{Name: r.ref.name, Namespace: r.ref.namespace},
	}
	backup := r.ref.backup
	if restore := r.ref.restore; restore != nil {
		c.Restore = partOf(restore.ObjectMeta, restore.Spec)
		var err error
		if backup, err = r.engine.cluster.backup(ctx, restore.Namespace, restore.Spec.BackupName); err != nil {
			return fmt.Errorf("make context of %s: %w", r.ref, err)
		}
	}
	c.Backup = partOf(backup.ObjectMeta, backup.Spec)
	version, err := r.engine.cluster.kube.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("make context of %s: get version of the cluster: %w", r.ref, err)
	}
	c.Cluster.KubernetesVersion = version.GitVersion
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("make context of %s: %w", r.ref, err)
	}
	r.context, err = krm.NewItem(raw)
	return err
}

func partOf(meta metav1.ObjectMeta, spec any) *part {
	return &part{
		Name: meta.Name, Namespace: meta.Namespace, UID: string(meta.UID),
		Labels: meta.Labels, Annotations: meta.Annotations, Spec: spec,
	}
}
