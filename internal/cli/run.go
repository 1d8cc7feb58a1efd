package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/internal/paint"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

const runExample = `  # a pipeline over a folder of manifests
  velero-krm run --pipeline to-dr.yaml -f manifests/ > converted.yaml

  # see what it changes, and nothing else
  velero-krm run --pipeline to-dr.yaml -f manifests/ -o diff

  # live objects, as JSON
  kubectl get route,service -n shop -o json | velero-krm run --pipeline to-dr.yaml -f - -o json

  # try a function without a pipeline
  velero-krm run --exec ./my-function --config config.yaml -f route.yaml
  velero-krm run --builtin set-labels --set 'labels={team: shop}' -f deployment.yaml

  # tell a function of a restore that is yet to come (docs/run-context.md)
  velero-krm run --builtin move-internal-images --context run-context.yaml -f deployment.yaml`

const runLong = `Run a pipeline, or one function, over objects.

Objects come from files, folders (*.yaml, *.yml and *.json in them and in the
folders below, in lexical order; names that begin with a dot are skipped, and a
link to a folder is refused) or stdin (-): YAML with any number of documents, JSON, a List, or a ResourceList.

The resulting objects go to stdout: as YAML documents, or with -o json as a
List. With -o diff the fields that change go there instead, of texts of several
lines the lines; values of Secrets are shown as hashes. What functions say, and a summary, go to stderr.
Of more than 100 results of a step its errors are listed first, then those that
concern no object, as the totals, then the others, up to 100; --all-results
lists all.

When an object fails, the list is not written, so that no half converted one is
taken for a whole one; -o diff shows what would change all the same, and which
objects fail. With --keep-failed the list is written, failed objects in it as
they came.

Exit code: 0; 1 when a function or validator failed or the run was
interrupted; 2 for bad usage, pipeline or input, when nothing ran.`

// runFlags are what `velero-krm run` is told.
type runFlags struct {
	pipeline   string
	files      []string
	output     string
	phase      string
	context    string
	keepFailed bool
	allResults bool

	functions string

	exec, builtin, config string
	set                   []string
	allow                 []string
	scope                 string
	timeout               time.Duration
	// tuned is true when scope or timeout were given.
	tuned bool
	// untold is what the context does not tell, noteFact what it tells in vain;
	// execute finds out.
	untold   []string
	noteFact string
	// cut is what steps leave because of their selectors.
	cut []string
	// meant is what the selectors of a step may have been meant to be.
	meant func(step string) string
}

func newRun(s Streams) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:     "run (--pipeline FILE | --exec COMMAND | --builtin NAME) -f PATH [-f PATH ...]",
		Short:   "Run a pipeline, or one function, over files",
		Long:    runLong,
		Example: runExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.tuned = cmd.Flags().Changed("scope") || cmd.Flags().Changed("timeout")
			return f.run(cmd.Context(), s)
		},
	}
	f.register(cmd)
	return cmd
}

func (f *runFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.pipeline, "pipeline", "", "`FILE` with the pipeline; exec and configPath in it are relative to its folder")
	flags.StringVar(&f.functions, "functions", "", "`DIR` that exec and configPath in the pipeline are relative to instead, as $KRM_FN_DIR is in Velero's pod")
	flags.StringArrayVarP(&f.files, "file", "f", nil, "`PATH` of a file or folder with objects, or - for stdin; may be repeated")
	flags.StringVarP(&f.output, "output", "o", "yaml", "`FORMAT` of stdout: yaml, json, or diff for what changes")
	flags.StringVar(&f.phase, "phase", "", "refuse a pipeline, or a function of the catalogue, that is not for `PHASE`: Backup or Restore")
	flags.StringVar(&f.context, "context", "", "`FILE` with the RunContext that steps with context: true are given, and --exec and --builtin")
	flags.BoolVar(&f.keepFailed, "keep-failed", false, "write the list although objects failed, those as they came")
	flags.BoolVar(&f.allResults, "all-results", false, "list all that functions say and all errors, not 100 of each step")
	flags.StringVar(&f.exec, "exec", "", "run the executable and arguments in `COMMAND` instead of a pipeline")
	flags.StringVar(&f.builtin, "builtin", "", "run the catalogue's function `NAME` instead of a pipeline")
	flags.StringVar(&f.config, "config", "", "`FILE` with the functionConfig of --exec or --builtin")
	flags.StringArrayVar(&f.set, "set", nil, "`KEY=VALUE` for a ConfigMap as functionConfig of --exec or --builtin; may be repeated")
	flags.StringSliceVar(&f.allow, "allow", nil, "`WHAT` --exec or --builtin may do to the list: Create, Delete, Rename")
	flags.StringVar(&f.scope, "scope", string(pipeline.Batch), "whether --exec or --builtin needs the whole list in one call: `SCOPE` Batch or List")
	flags.DurationVar(&f.timeout, "timeout", pipeline.DefaultTimeout, "how long one call of --exec or --builtin may take: `DURATION`")
	for flag, values := range map[string][]string{
		"output": {"yaml", "json", "diff"}, "phase": {"Backup", "Restore"}, "allow": {"Create", "Delete", "Rename"}, "scope": {"Batch", "List"},
		"builtin": catalog.Names(),
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	}
}

const seeRun = "see velero-krm run --help"

// check finds what is wrong with the flags themselves.
func (f *runFlags) check() error {
	var what []string
	for flag, value := range map[string]string{"--pipeline": f.pipeline, "--exec": f.exec, "--builtin": f.builtin} {
		if value != "" {
			what = append(what, flag)
		}
	}
	slices.Sort(what)
	adHoc := f.config != "" || len(f.set) > 0 || len(f.allow) > 0 || f.tuned
	switch {
	case len(what) == 0:
		return usagef(seeRun, "nothing to run: --pipeline, --exec or --builtin is required")
	case len(what) > 1:
		return usagef(seeRun, "%s cannot be used together", strings.Join(what, " and "))
	case len(f.files) == 0:
		return usagef("name a file, a folder, or - for stdin", "no objects: -f is required")
	case !slices.Contains([]string{"yaml", "json", "diff"}, f.output):
		return usagef("use yaml, json or diff", "output format %q is not known", f.output)
	case f.phase != "" && f.phase != string(pipeline.Backup) && f.phase != string(pipeline.Restore):
		return usagef("use Backup or Restore", "phase %q is not known", f.phase)
	case f.pipeline == "" && f.functions != "":
		return usagef("give --exec a path", "--functions goes with --pipeline")
	case f.pipeline != "" && adHoc:
		return usagef("write them into the pipeline's step", "--config, --set, --allow, --scope and --timeout go with --exec or --builtin")
	case f.config != "" && len(f.set) > 0:
		return usagef(seeRun, "--config and --set cannot be used together")
	}
	return nil
}

// run returns a *usageError for all that is wrong before a function runs.
func (f *runFlags) run(ctx context.Context, s Streams) error {
	if err := f.check(); err != nil {
		return err
	}
	program, err := f.compile()
	if err != nil {
		return asUsage(err)
	}
	plan, err := f.execute(ctx, program, s)
	if err != nil {
		return err
	}
	return f.report(plan, s)
}

// execute reads the objects and runs the program over them.
func (f *runFlags) execute(ctx context.Context, program *pipeline.Program, s Streams) (*pipeline.Plan, error) {
	line := newProgress(s, "reading objects")
	defer line.stop()
	in, err := f.inputUntil(ctx, s)
	if err != nil {
		return nil, err
	}
	in.Started = func(step string, selected int) {
		line.set(fmt.Sprintf("step %s: %d of %d objects", step, selected, len(in.Items)))
	}
	if f.pipeline != "" {
		f.untold = untold(program, in.Context)
	}
	f.noteFact = f.factNote(program, in.Context)
	f.cut = cutNotes(program)
	f.meant = func(step string) string { return program.Meant(step, in.Items) }
	plan, err := program.Execute(ctx, in)
	if errors.Is(err, pipeline.ErrPhase) || errors.Is(err, pipeline.ErrNoContext) {
		return nil, f.refused(err)
	}
	return plan, interrupted(ctx, err)
}

// interrupted says of an error that comes of the end of ctx what that means.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("interrupted, nothing was written: %w", err)
}

// refused says what to do about a pipeline that will not run like this.
func (f *runFlags) refused(err error) error {
	switch {
	case errors.Is(err, pipeline.ErrPhase) && f.context != "":
		return usagef("give the context of another phase, or add this one to the pipeline's spec.phases", "%w, which is that of --context", err)
	case errors.Is(err, pipeline.ErrPhase):
		return usagef("leave --phase out, or add it to the pipeline's spec.phases", "%w", err)
	}
	return usagef("give the object with --context FILE", "%w", err)
}

func asUsage(err error) error {
	var usage *usageError
	if errors.As(err, &usage) {
		return err
	}
	return &usageError{err: err}
}

// report writes what became of the objects.
func (f *runFlags) report(plan *pipeline.Plan, s Streams) error {
	p := newPainter(s)
	if f.allResults {
		p.most = math.MaxInt
	}
	p.untold(f.untold)
	p.note(f.noteFact)
	for _, note := range f.cut {
		p.warn(note)
	}
	p.plan(plan, f.meant)
	if f.output == "diff" {
		painter{Painter: paint.Painter{W: s.Out, Color: s.ColorOut}}.changes(plan)
	} else if !plan.Failed() || f.keepFailed {
		if err := writeItems(s.Out, plan.Result(), f.output); err != nil {
			return err
		}
	}
	if !plan.Failed() {
		return nil
	}
	if !f.keepFailed && f.output != "diff" {
		p.Line("Nothing was written: objects failed. With --keep-failed the list is written, failed objects as they came.")
	}
	return &failedError{count: plan.Counts().Failed}
}

// compile reads and compiles the pipeline, or makes one of a single step.
func (f *runFlags) compile() (*pipeline.Program, error) {
	env := pipeline.Env{
		Builtins: func(name string) (pipeline.Builtin, bool) {
			function, ok := catalog.Lookup(name)
			return function, ok
		},
		BuiltinNames: catalog.Names(),
	}
	if f.pipeline == "" {
		env.Dir = "."
		p, err := f.single()
		if err != nil {
			return nil, err
		}
		return compileSingle(p, env)
	}
	env.Dir = f.functions
	if env.Dir == "" {
		env.Dir = filepath.Dir(f.pipeline)
	}
	data, err := os.ReadFile(f.pipeline)
	if err != nil {
		return nil, usagef("name the file of the pipeline", "load pipeline: %w", err)
	}
	return pipeline.Open(data, f.pipeline, env)
}

// single makes the pipeline of --exec or --builtin.
func (f *runFlags) single() (*pipeline.Pipeline, error) {
	step := pipeline.Step{Exec: f.exec, Builtin: f.builtin, Timeout: f.timeout.String(), Scope: pipeline.Scope(f.scope), Context: f.context != ""}
	if step.Context {
		step.Facts = runcontext.Facts() // all that the file tells
	}
	for _, a := range f.allow {
		step.Allow = append(step.Allow, pipeline.Permission(a))
	}
	for _, pair := range f.set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, usagef("write --set KEY=VALUE", "read functionConfig: %q is not KEY=VALUE", pair)
		}
		if step.ConfigMap == nil {
			step.ConfigMap = map[string]string{}
		}
		step.ConfigMap[key] = value
	}
	if f.config != "" {
		data, err := os.ReadFile(f.config)
		if err != nil {
			return nil, fmt.Errorf("read functionConfig: %w", err)
		}
		config, err := krm.ParseConfig(data)
		if err != nil {
			return nil, usagef(pipeline.ConfigHint(data, f.config), "read functionConfig %q: %w", f.config, err)
		}
		step.Config = config.Object()
	}
	return &pipeline.Pipeline{
		APIVersion: pipeline.APIVersion, Kind: pipeline.Kind,
		Metadata: pipeline.Metadata{Name: "command-line"},
		Spec:     pipeline.Spec{Phases: f.phases(), Mutators: []pipeline.Step{step}},
	}, nil
}

// phases are those of a single step: what --phase says, or else all that the
// function is for.
func (f *runFlags) phases() []pipeline.Phase {
	if f.phase != "" {
		return []pipeline.Phase{pipeline.Phase(f.phase)}
	}
	var phases []pipeline.Phase
	function, _ := catalog.Lookup(f.builtin) // that there is none is told elsewhere
	for _, phase := range function.OnlyPhases(nil) {
		phases = append(phases, pipeline.Phase(phase))
	}
	return phases
}

// compileSingle tells problems by the flags that people wrote.
func compileSingle(p *pipeline.Pipeline, env pipeline.Env) (*pipeline.Program, error) {
	program, err := pipeline.Compile(p, env)
	var bad *pipeline.LoadError
	if !errors.As(err, &bad) {
		return program, err
	}
	errs := make([]error, len(bad.Problems))
	for i, problem := range bad.Problems {
		problem.Path = strings.Replace(problem.Path, "spec.mutators[0].", "--", 1)
		problem.Path = strings.Replace(problem.Path, "--configMap", "--set", 1)
		if problem.Path == "--context" && problem.Hint != "" {
			problem.Hint = "name a file with one; docs/run-context.md shows it"
		}
		if errors.Is(problem.Err, pipeline.ErrPhase) {
			problem.Path, problem.Hint = "--phase", "leave it out, or name the phase of the function"
		}
		errs[i] = errors.New(problem.String())
	}
	return nil, errors.Join(errs...)
}

// inputUntil is input, given up when ctx ends: nobody may be writing to stdin
// or to a named pipe. What reads goes on until the process ends.
func (f *runFlags) inputUntil(ctx context.Context, s Streams) (in pipeline.Input, err error) {
	read := make(chan struct{})
	var got pipeline.Input
	var failed error
	go func() {
		defer close(read)
		if got, failed = f.input(s); failed != nil {
			failed = asUsage(failed)
		}
	}()
	select {
	case <-read:
		return got, failed
	case <-ctx.Done():
		return in, interrupted(ctx, fmt.Errorf("read objects: %w", context.Cause(ctx)))
	}
}

// input reads the context and the objects.
func (f *runFlags) input(s Streams) (pipeline.Input, error) {
	r := reader{stdin: s.In}
	for _, path := range []string{f.pipeline, f.config, f.context} {
		if info, err := os.Stat(path); path != "" && err == nil {
			r.skip = append(r.skip, info)
		}
	}
	in := pipeline.Input{Phase: pipeline.Phase(f.phase)}
	if f.context != "" {
		// First, so that a file that is no context is not taken for missing
		// among the objects.
		item, run, err := readContext(f.context)
		if err != nil {
			return in, err
		}
		in.Context = item
		if in.Phase, err = f.phaseOf(run); err != nil {
			return in, err
		}
	}
	var err error
	in.Items, err = r.readAll(f.files)
	return in, err
}
