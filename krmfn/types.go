package krmfn

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// DefaultTimeout bounds each call of a function when WithTimeout is not used.
// The original has no bound; kpt gives an exec function the same five minutes,
// enough for a whole list and short enough that
// a backup does not hang for ever.
const DefaultTimeout = 5 * time.Minute

// Function names a KRM function to run.
type Function struct {
	// Name of the function in errors and results. Required; two functions may
	// have the same one.
	Name string
	// Image is a container image. Refused with [ErrImageUnsupported].
	Image string `yaml:"image,omitempty" json:"image,omitempty"`
	// Exec is the executable: a path when it has a slash, else a name to look
	// up in $PATH. Required.
	Exec string `yaml:"exec,omitempty" json:"exec,omitempty"`
	// ConfigMap is the data of the ConfigMap the function gets as its
	// functionConfig. The function gets that ConfigMap, with empty data, also
	// when this is nil. Optional.
	ConfigMap map[string]string `yaml:"configMap,omitempty" json:"configMap,omitempty"`
	// Config is a functionConfig of any kind, in place of ConfigMap. The
	// original has no such field. Optional.
	Config runtime.Object `yaml:"-" json:"-"`
}

// ResourceList is what a run gives.
type ResourceList struct {
	// Items are the objects after the last function, each an
	// *unstructured.Unstructured: those that went in, in their order, then
	// those that were created. It is nil when Execute returns an error.
	Items []runtime.Object
	// Results are what the functions said, in the order they ran; also those
	// of a function that failed.
	Results Results
}

// Results are all results of all functions.
//
// The original library had two types here. Its last version had
// map[string]framework.Result, keyed by function name, which can hold one
// result per name: in place of list.Results["name"] write
// list.Results.ByFunction("name"), which gives all of them. Its version 1.0.5
// had framework.Results, a slice; a loop over it that reads Message, Severity,
// ResourceRef, Field, File or Tags compiles as it is. kyaml's own types are not
// used, because no other part of this module needs kyaml.
type Results []Result

// Result is one thing that one function said.
type Result struct {
	// Function is the Name of the function that said it.
	Function string `json:"function"`
	// Step is the position of that function, from 0: it tells functions of the
	// same name apart.
	Step int `json:"step"`
	// Result is what it said.
	krm.Result
}

// ByFunction returns the results of all functions called name, in order; nil
// when there are none.
func (r Results) ByFunction(name string) Results {
	var out Results
	for _, res := range r {
		if res.Function == name {
			out = append(out, res)
		}
	}
	return out
}

// RunnerBuilder collects what a run needs. It is immutable: each method returns
// a new builder and leaves its receiver as it was, so a builder may be shared
// by goroutines and be the base of several others. What is wrong with an
// argument is told by Build.
type RunnerBuilder interface {
	// WithInput adds the objects in data: JSON or YAML, one object, several
	// documents, or a List. data is copied.
	WithInput(data []byte) RunnerBuilder
	// WithInputs adds objects, each as it is now. A list is an error,
	// [ErrUnsupportedInputList]. An object of a Go type must have its TypeMeta
	// set, which typed clients leave empty.
	WithInputs(objects ...runtime.Object) RunnerBuilder
	// WithFunctions adds functions, to run in this order after those that are
	// there already. What a Function refers to is read now.
	WithFunctions(functions ...Function) RunnerBuilder
	// WhereExecWorkingDir sets the directory the executables start in; it must
	// exist. Unset or "" means a new one for each call, removed afterwards.
	WhereExecWorkingDir(dir string) RunnerBuilder
	// WithContext sets the context that ends a run early and kills its
	// function. Default context.Background(). The original has none.
	WithContext(ctx context.Context) RunnerBuilder
	// WithTimeout bounds each call of a function. Default [DefaultTimeout];
	// less than or equal to 0 means the default. The original has none.
	WithTimeout(d time.Duration) RunnerBuilder
	// WithPermissions says which changes to the list functions may make, other
	// than changing objects. Default: all, as in the original.
	WithPermissions(allow runner.Permissions) RunnerBuilder
	// Build returns a runner of what was collected, or every problem of it,
	// joined.
	Build() (FunctionRunner, error)
}

// FunctionRunner runs the functions it was built with.
type FunctionRunner interface {
	// Execute runs each function once over the whole list, in order, and can
	// be called any number of times, at once too: each run starts from the
	// inputs of the builder.
	//
	// # Errors
	//
	// A [*runner.FunctionError] for the first function that failed; the
	// sentinels of package runner for what it may not do; the context's error.
	// The Results of the list are then filled and its Items are nil.
	Execute() (ResourceList, error)
}
