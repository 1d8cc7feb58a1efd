package pipeline

import "github.com/velero-krm/velero-krm/fn/runcontext"

// The type of a Pipeline.
const (
	APIVersion = "velero-krm.io/v1alpha1"
	Kind       = "Pipeline"
)

// Phase is when a pipeline runs.
type Phase string

// The phases.
const (
	Backup  Phase = "Backup"
	Restore Phase = "Restore"
)

// Pipeline names functions and the order in which they run.
type Pipeline struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   Metadata `json:"metadata"`
	Spec       Spec     `json:"spec"`

	// source tells Compile where in the file a field stands.
	source source
}

// Metadata of a Pipeline.
type Metadata struct {
	// Name of the pipeline; Backups and Restores name it. Required.
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Spec of a Pipeline.
type Spec struct {
	// Phases in which the pipeline may run. Empty means both.
	Phases []Phase `json:"phases,omitempty"`
	// Default applies the pipeline to every Backup and Restore that names none.
	Default bool `json:"default,omitempty"`
	// Mutators run in order; each sees what the one before made.
	Mutators []Step `json:"mutators,omitempty"`
	// Validators run after the mutators, each on the final list; what they
	// return is dropped.
	Validators []Step `json:"validators,omitempty"`
}

// Step is one function of a Pipeline.
type Step struct {
	// Name of the step in messages. Default: the function's name, numbered
	// when several steps would have the same.
	Name string `json:"name,omitempty"`
	// Exactly one of these says what runs.

	// Builtin names a function of the catalogue.
	Builtin string `json:"builtin,omitempty"`
	// Exec is the path of an executable, relative to [Env.Dir], and its
	// arguments. They are split at white space; single quotes, double quotes
	// and a backslash keep what they quote together. No shell runs: variables,
	// globs and PATH mean nothing.
	Exec string `json:"exec,omitempty"`
	// Wasm, Image and Remote are reserved: [Load] refuses them until they exist.
	Wasm   string `json:"wasm,omitempty"`
	Image  string `json:"image,omitempty"`
	Remote string `json:"remote,omitempty"`
	// SHA256 pins the content of the executable or module: 64 hex digits.
	SHA256 string `json:"sha256,omitempty"`
	// At most one of these configures the function.

	// ConfigMap is the data of a ConfigMap named function-input. Values that
	// are no strings are taken as they are written: 8080 as "8080".
	ConfigMap map[string]string `json:"configMap,omitempty"`
	// Config is a whole KRM object; apiVersion and kind are required.
	Config map[string]any `json:"config,omitempty"`
	// ConfigPath is a file with one KRM object, relative to [Env.Dir].
	ConfigPath string `json:"configPath,omitempty"`
	// Timeout of one call, a Go duration. Default 30s.
	Timeout string `json:"timeout,omitempty"`
	// OnError is Fail (default) or Ignore.
	OnError OnError `json:"onError,omitempty"`
	// Allow lists what the function may do to the list: Create, Delete, Rename.
	Allow []Permission `json:"allow,omitempty"`
	// Scope is Batch (default) or List.
	Scope Scope `json:"scope,omitempty"`
	// Context adds the run's context as a local-config item.
	Context bool `json:"context,omitempty"`
	// Facts are what the context must tell of the cluster, beside what a
	// builtin function asks for itself; others it does not tell. Only with
	// Context.
	Facts []runcontext.Fact `json:"facts,omitempty"`
	// Selectors choose the items: AND within one, OR between them. Empty means all.
	Selectors []Selector `json:"selectors,omitempty"`
	// Exclude takes items out again.
	Exclude []Selector `json:"exclude,omitempty"`
}

// OnError says what to do when a function fails on an item.
type OnError string

// The error policies.
const (
	Fail   OnError = "Fail"
	Ignore OnError = "Ignore"
)

// Permission is a change to the list that a step may make.
type Permission string

// The permissions.
const (
	Create Permission = "Create"
	Delete Permission = "Delete"
	Rename Permission = "Rename"
)

// Scope says how much of the list a function must see at once.
type Scope string

// The scopes.
const (
	Batch Scope = "Batch"
	List  Scope = "List"
)

// Selector matches items, exactly, by all the fields that are set (as in a
// Kptfile).
type Selector struct {
	APIVersion  string            `json:"apiVersion,omitempty"`
	Kind        string            `json:"kind,omitempty"`
	Name        string            `json:"name,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}
