package runcontext

// The type of a [RunContext].
const (
	APIVersion = "velero-krm.io/v1alpha1"
	Kind       = "RunContext"
)

// group is that of APIVersion.
const group = "velero-krm.io"

// Phase is when the functions run.
type Phase string

// The phases.
const (
	PhaseBackup  Phase = "Backup"
	PhaseRestore Phase = "Restore"
)

// RunContext tells a function about the run it is part of. The fields are
// documented for their readers in docs/run-context.md, from the doc tags.
type RunContext struct {
	APIVersion string   `json:"apiVersion" doc:"velero-krm.io/v1alpha1"`
	Kind       string   `json:"kind" doc:"RunContext"`
	Metadata   Metadata `json:"metadata" doc:"name and namespace of the Backup or Restore that runs"`
	Phase      Phase    `json:"phase" doc:"Backup or Restore"`
	Backup     *Backup  `json:"backup,omitempty" doc:"the Backup that is made or restored from"`
	Restore    *Restore `json:"restore,omitempty" doc:"the Restore; not there in a backup"`
	Cluster    Cluster  `json:"cluster" doc:"the cluster that Velero runs in: on restore, the one that is restored to"`
}

// Metadata of a [RunContext].
type Metadata struct {
	Name      string `json:"name" doc:"name of the Backup or Restore"`
	Namespace string `json:"namespace,omitempty" doc:"Velero's namespace"`
}

// Backup is what a function may know of the Backup.
type Backup struct {
	Name        string            `json:"name" doc:"its name"`
	Namespace   string            `json:"namespace,omitempty" doc:"Velero's namespace"`
	UID         string            `json:"uid,omitempty" doc:"its uid"`
	Labels      map[string]string `json:"labels,omitempty" doc:"its labels"`
	Annotations map[string]string `json:"annotations,omitempty" doc:"its annotations"`
	Spec        BackupSpec        `json:"spec" doc:"these parts of its spec, as Velero has them"`
}

// BackupSpec is a part of the Backup's spec.
type BackupSpec struct {
	IncludedNamespaces       []string `json:"includedNamespaces,omitempty" doc:"namespaces to back up; none or * for all"`
	ExcludedNamespaces       []string `json:"excludedNamespaces,omitempty" doc:"namespaces to leave out"`
	StorageLocation          string   `json:"storageLocation,omitempty" doc:"name of the BackupStorageLocation"`
	DefaultVolumesToFsBackup *bool    `json:"defaultVolumesToFsBackup,omitempty" doc:"whether volumes of pods are copied as files unless they ask not to be"`
	DefaultVolumesToRestic   *bool    `json:"defaultVolumesToRestic,omitempty" doc:"the same, as Velero called it before 1.10"`
}

// Restore is what a function may know of the Restore.
type Restore struct {
	Name        string            `json:"name" doc:"its name"`
	Namespace   string            `json:"namespace,omitempty" doc:"Velero's namespace"`
	UID         string            `json:"uid,omitempty" doc:"its uid"`
	Labels      map[string]string `json:"labels,omitempty" doc:"its labels"`
	Annotations map[string]string `json:"annotations,omitempty" doc:"its annotations"`
	Spec        RestoreSpec       `json:"spec" doc:"these parts of its spec, as Velero has them"`
}

// RestoreSpec is a part of the Restore's spec.
type RestoreSpec struct {
	BackupName         string            `json:"backupName,omitempty" doc:"name of the Backup"`
	ScheduleName       string            `json:"scheduleName,omitempty" doc:"name of the Schedule whose latest Backup is restored"`
	IncludedNamespaces []string          `json:"includedNamespaces,omitempty" doc:"namespaces to restore, by their names in the backup; none or * for all"`
	ExcludedNamespaces []string          `json:"excludedNamespaces,omitempty" doc:"namespaces to leave out, by their names in the backup"`
	NamespaceMapping   map[string]string `json:"namespaceMapping,omitempty" doc:"new name for each old namespace"`
	Hooks              RestoreHooks      `json:"hooks,omitzero" doc:"what Velero runs in restored pods"`
}

// RestoreHooks are the hooks of a Restore.
type RestoreHooks struct {
	Resources []RestoreHook `json:"resources,omitempty" doc:"the hooks and the pods they are for"`
}

// RestoreHook is one entry of spec.hooks.resources of a Restore. What it runs
// is left out: a command may hold credentials.
type RestoreHook struct {
	Name               string         `json:"name,omitempty" doc:"its name"`
	IncludedNamespaces []string       `json:"includedNamespaces,omitempty" doc:"names, or patterns as shop-*; none or * for all"`
	ExcludedNamespaces []string       `json:"excludedNamespaces,omitempty" doc:"names or patterns"`
	IncludedResources  []string       `json:"includedResources,omitempty" doc:"names or patterns; none or * for all"`
	ExcludedResources  []string       `json:"excludedResources,omitempty" doc:"resources to leave out, names or patterns"`
	LabelSelector      *LabelSelector `json:"labelSelector,omitempty" doc:"labels of the pods"`
	PostHooks          []PostHook     `json:"postHooks,omitempty" doc:"what runs, one entry each; commands and init containers are not told, they may hold credentials"`
}

// LabelSelector selects by labels, as everywhere in Kubernetes.
type LabelSelector struct {
	MatchLabels      map[string]string  `json:"matchLabels,omitempty" doc:"labels and their values"`
	MatchExpressions []LabelRequirement `json:"matchExpressions,omitempty" doc:"all of them must hold"`
}

// LabelRequirement is one expression of a [LabelSelector].
type LabelRequirement struct {
	Key      string   `json:"key" doc:"key of the label"`
	Operator string   `json:"operator" doc:"In, NotIn, Exists or DoesNotExist"`
	Values   []string `json:"values,omitempty" doc:"values for In and NotIn"`
}

// PostHook is one hook; one of its fields is set.
type PostHook struct {
	Exec *ExecHook `json:"exec,omitempty" doc:"there for a command that runs in a container"`
	Init *InitHook `json:"init,omitempty" doc:"there for init containers that are added"`
}

// ExecHook is a command that runs in a container.
type ExecHook struct {
	Container string `json:"container,omitempty" doc:"name of the container; none for the first"`
}

// InitHook is init containers that are added to a pod.
type InitHook struct{}
