package pipeline

import (
	"context"
	"log/slog"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// Load reads one Pipeline, YAML or JSON, strictly: unknown keys, wrong types
// and values out of range are errors, all reported at once in a [*LoadError],
// each with its field path and a hint. name is used in errors.
func Load(data []byte, name string) (*Pipeline, error) { panic("todo") }

// Problem is one thing wrong with a pipeline.
type Problem struct {
	// Path of the field, as spec.mutators[0].exec.
	Path string
	// Reason says what is wrong, Hint what to do.
	Reason, Hint string
}

// LoadError lists everything that is wrong with a pipeline.
type LoadError struct {
	Pipeline string
	Problems []Problem
}

func (e *LoadError) Error() string { panic("todo") }

// Env is what a pipeline needs from where it runs.
type Env struct {
	// Builtins finds a function of the catalogue by name.
	Builtins func(name string) (Builtin, bool)
	// BuiltinNames for hints.
	BuiltinNames []string
	// Dir is what relative exec and configPath are relative to. Required for these.
	Dir string
	// WorkDir is where executables run; default: a new temporary directory for each call.
	WorkDir string
	// KindKnown reports whether a selector's kind can occur; nil skips the
	// check. An empty apiVersion means any.
	KindKnown func(apiVersion, kind string) (known bool, hint string, err error)
	// StockVelero is true where the whole list is never seen: scope List is refused.
	StockVelero bool
	// Logger; default discards.
	Logger *slog.Logger
	// Clock for timings; default the system's.
	Clock func() time.Time
}

// Builtin is a function of the catalogue: fn.Function has these methods.
type Builtin interface {
	runner.Function
	Name() string
	CheckConfig(config *krm.Item) error
}

// Program is a pipeline whose functions were found and checked. It may be
// executed by several goroutines at once.
type Program struct{ todo int }

// Compile finds the functions of p and checks all that can be checked before
// an object is touched. The error is a [*LoadError].
func Compile(p *Pipeline, env Env) (*Program, error) { panic("todo") }

// Input of [Program.Execute].
type Input struct {
	Phase Phase
	Items []*krm.Item
	// Context is the run's context object for steps that ask for it.
	Context *krm.Item
}

// Execute runs the pipeline. The error is not nil only when ctx ended or the
// phase is not one of the pipeline's; what fails is told in the plan.
func (p *Program) Execute(ctx context.Context, in Input) (*Plan, error) { panic("todo") }

// Plan says what becomes of each item.
type Plan struct {
	Pipeline string
	// Items has one entry for each input item, in order.
	Items []ItemPlan
	// Added are objects that steps created.
	Added []AddedItem
	Steps []StepReport
}

// ItemPlan is what becomes of one item.
type ItemPlan struct {
	Status runner.Status
	// In is the item as it came; Out what it becomes: In itself when Unchanged
	// or Failed, nil when Removed.
	In, Out *krm.Item
	// Step that failed or removed the item.
	Step string
	// Err of a Failed item; names the step and the object.
	Err error
	// Warnings: errors of steps with onError Ignore, and results of severity warning about it.
	Warnings []string
}

// Changes lists the fields that changed; Secret values are hashed.
func (p ItemPlan) Changes() []krm.FieldChange { panic("todo") }

// AddedItem is an object that a step created.
type AddedItem struct {
	Step string
	Item *krm.Item
}

// StepReport tells how one step went.
type StepReport struct {
	Name                                                 string
	Function                                             string // "builtin route", "exec /data/executables/route"
	SHA256                                               string
	Validator                                            bool
	Selected, Unchanged, Changed, Removed, Added, Failed int
	Calls                                                int
	Results                                              []krm.Result
	// Stderr is the redacted tail of what the function wrote there.
	Stderr  string
	Elapsed time.Duration
}

// Failed reports whether any item failed.
func (p *Plan) Failed() bool { panic("todo") }
