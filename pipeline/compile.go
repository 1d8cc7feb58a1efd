package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/execfn"
	"github.com/velero-krm/velero-krm/runner/gofn"
)

// Env is what a pipeline needs from where it runs.
type Env struct {
	// Builtins finds a function of the catalogue by name. Without it there are none.
	Builtins func(name string) (Builtin, bool)
	// BuiltinNames for hints.
	BuiltinNames []string
	// Dir is what relative exec and configPath are relative to. Required for
	// these; an absolute exec does without.
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

// IgnoreMinder is a [Builtin] whose errors a step may not always ignore:
// fn.Function is one.
type IgnoreMinder interface {
	// IfIgnored says what would come of onError: Ignore, which is refused then;
	// empty when nothing does.
	IfIgnored() string
}

// Sayer is a [Builtin] whose words are shown whatever Secrets hold: fn.Function
// is one.
type Sayer interface {
	// Sayings returns formats of what its results always say, as
	// runner.NewSayings takes them.
	Sayings() []string
}

// Program is a pipeline whose functions were found and checked. It may be
// executed by several goroutines at once: executions share nothing that
// changes what they do.
type Program struct {
	name       string
	phases     []Phase
	mutators   []*step
	validators []*step
	logger     *slog.Logger
	clock      func() time.Time
}

// step is one compiled [Step].
type step struct {
	spec      Step
	name      string
	label     string // as StepReport.Function
	sha256    string
	config    *krm.Item
	validator bool
	function  runner.Function
	allow     runner.Permissions
	facts     []runcontext.Fact
	sayings   runner.Sayings
	follows   string // what a Follower says
	mustFail  bool   // onError: Ignore would be refused
	narrowed  atomic.Pointer[narrowing]
}

// Name of the pipeline.
func (p *Program) Name() string { return p.name }

// RunsIn reports whether the pipeline runs in phase.
func (p *Program) RunsIn(phase Phase) bool {
	return len(p.phases) == 0 || slices.Contains(p.phases, phase)
}

// NeedsContext reports whether a step asks for the run's context.
func (p *Program) NeedsContext() bool {
	return slices.ContainsFunc(slices.Concat(p.mutators, p.validators), func(s *step) bool { return s.spec.Context })
}

// Compile finds the functions of p and checks all that can be checked before
// an object is touched. p is not changed, and not kept.
//
// # Errors
//
// A [*LoadError] with every problem. errors.Is finds the causes in it:
// runner.ErrNotFound, ErrNotExecutable, ErrWrongArchitecture, ErrDigest.
func Compile(p *Pipeline, env Env) (*Program, error) {
	return compile(p, p.displayName(), env, problems{source: p.source})
}

// compile goes on from the problems already found. name is used in errors.
func compile(p *Pipeline, name string, env Env, found problems) (*Program, error) {
	c := compiler{checker: checker{problems: found}, env: env, phases: p.Spec.Phases}
	if len(c.phases) == 0 {
		c.phases = []Phase{Backup, Restore}
	}
	c.pipeline(p)
	prog := &Program{name: p.Metadata.Name, phases: slices.Clone(p.Spec.Phases), logger: env.Logger, clock: env.Clock}
	if prog.logger == nil {
		prog.logger = slog.New(slog.DiscardHandler)
	}
	if prog.clock == nil {
		prog.clock = time.Now //nolint:forbidigo // the default of the clock option
	}
	names := stepNames(p)
	prog.mutators = c.compileSteps("spec.mutators", p.Spec.Mutators, &names)
	prog.validators = c.compileSteps("spec.validators", p.Spec.Validators, &names)
	for _, s := range prog.validators {
		s.validator = true
	}
	if err := c.err(name); err != nil {
		return nil, err
	}
	return prog, nil
}

// stepNames returns the name of every step, mutators first; names that are not
// given are those of the functions, numbered where they would repeat.
func stepNames(p *Pipeline) []string {
	steps := slices.Concat(p.Spec.Mutators, p.Spec.Validators)
	taken := map[string]bool{}
	for _, s := range steps {
		taken[s.Name] = true
	}
	names := make([]string, len(steps))
	for i, s := range steps {
		name := s.Name
		if name == "" {
			name = functionName(s)
			for n := 2; taken[name]; n++ {
				name = fmt.Sprintf("%s-%d", functionName(s), n)
			}
			taken[name] = true
		}
		names[i] = name
	}
	return names
}

// functionName is the short name of what the step runs.
func functionName(s Step) string {
	if s.Builtin != "" {
		return s.Builtin
	}
	if words, err := SplitCommand(s.Exec); err == nil && len(words) > 0 {
		return filepath.Base(words[0])
	}
	return "unnamed"
}

// compiler builds steps and goes on after a problem.
type compiler struct {
	checker
	env Env
	// phases in which the pipeline runs.
	phases []Phase
}

func (c *compiler) compileSteps(path string, specs []Step, names *[]string) []*step {
	steps := make([]*step, len(specs))
	for i, spec := range specs {
		p := fmt.Sprintf("%s[%d]", path, i)
		spec.Selectors, spec.Exclude = cloneSelectors(spec.Selectors), cloneSelectors(spec.Exclude)
		s := &step{spec: spec, name: (*names)[0], allow: permissions(spec.Allow), facts: slices.Clone(spec.Facts)}
		*names = (*names)[1:]
		s.config = c.readConfig(spec, p)
		c.find(s, p)
		c.kinds(spec.Selectors, p+".selectors")
		c.kinds(spec.Exclude, p+".exclude")
		if spec.Scope == List && c.env.StockVelero {
			c.add(p+".scope", "List needs the whole list at once, and a stock Velero hands over one object per call",
				"use scope Batch if the function works object by object, or a Velero with multi-item actions")
		}
		steps[i] = s
	}
	return steps
}

func permissions(allow []Permission) runner.Permissions {
	return runner.Permissions{
		Create: slices.Contains(allow, Create),
		Delete: slices.Contains(allow, Delete),
		Rename: slices.Contains(allow, Rename),
	}
}

// cloneSelectors makes the program independent of what the caller does with
// the pipeline. No other part of a step is read after it was compiled.
func cloneSelectors(selectors []Selector) []Selector {
	selectors = slices.Clone(selectors)
	for i := range selectors {
		selectors[i].Labels = maps.Clone(selectors[i].Labels)
		selectors[i].Annotations = maps.Clone(selectors[i].Annotations)
	}
	return selectors
}

// find sets the function of s.
func (c *compiler) find(s *step, path string) {
	switch {
	case c.told(path+".builtin") || c.told(path+".exec"):
	case s.spec.Builtin != "":
		c.findBuiltin(s, path)
	case s.spec.Exec != "":
		c.findExec(s, path)
	}
}

func (c *compiler) findBuiltin(s *step, path string) {
	s.label = "builtin " + s.spec.Builtin
	var builtin Builtin
	ok := false
	if c.env.Builtins != nil {
		builtin, ok = c.env.Builtins(s.spec.Builtin)
	}
	if !ok {
		c.addf(path+".builtin", nearestHint(s.spec.Builtin, c.env.BuiltinNames), "no function is named %q", s.spec.Builtin)
		return
	}
	if !c.told(path + configKey(s.spec)) {
		if err := builtin.CheckConfig(s.config); err != nil {
			c.addErr(path+configKey(s.spec), err)
		}
	}
	s.mustFail = c.ignored(s.spec, builtin, path)
	c.granted(s, builtin, path)
	c.phased(s, builtin, path)
	s.function = gofn.New(s.name, builtin.Run)
	if sayer, ok := builtin.(Sayer); ok {
		s.sayings = runner.NewSayings(sayer.Sayings()...)
	}
	if follower, ok := builtin.(Follower); ok {
		s.follows = follower.Follows()
	}
	if reader, ok := builtin.(FactReader); ok && s.spec.Context {
		s.facts = slices.Compact(slices.Sorted(slices.Values(append(s.facts, reader.Facts()...))))
	}
}

// ignored refuses a step that would go on as if nothing had happened where the
// function says what would come of it, and reports whether it says so.
func (c *compiler) ignored(s Step, builtin Builtin, path string) bool {
	minder, ok := builtin.(IgnoreMinder)
	if !ok || minder.IfIgnored() == "" {
		return false
	}
	if s.OnError == Ignore {
		harm := strings.TrimSuffix(minder.IfIgnored(), ".")
		c.addf(path+".onError", "leave it out, or write Fail", "Ignore is refused for %s: %s", s.Builtin, harm)
	}
	return true
}

// configKey is the field a problem with the configuration stands at.
func configKey(s Step) string {
	switch {
	case s.ConfigMap != nil:
		return ".configMap"
	case s.Config != nil:
		return ".config"
	case s.ConfigPath != "":
		return ".configPath"
	default:
		return ".builtin"
	}
}

func (c *compiler) findExec(s *step, path string) {
	s.label = "exec " + s.spec.Exec
	words, err := SplitCommand(s.spec.Exec)
	if err != nil || len(words) == 0 {
		return // told by the checker
	}
	file := words[0]
	if !filepath.IsAbs(file) {
		if c.env.Dir == "" {
			c.addf(path+".exec", "write an absolute path", "%q is relative and there is no folder it is relative to", file)
			return
		}
		file = filepath.Join(c.env.Dir, file)
	}
	s.label = "exec " + file
	opts := []execfn.Option{execfn.WithName(s.name), execfn.WithArgs(words[1:]...)}
	if s.spec.SHA256 != "" && !c.told(path+".sha256") {
		opts = append(opts, execfn.WithSHA256(s.spec.SHA256))
	}
	if c.env.WorkDir != "" {
		opts = append(opts, execfn.WithDir(c.env.WorkDir))
	}
	if c.env.Clock != nil {
		opts = append(opts, execfn.WithClock(c.env.Clock))
	}
	function, err := execfn.New(file, opts...)
	if err != nil {
		c.addErr(path+".exec", withPathHint(err, words[0]))
		return
	}
	s.function, s.sha256 = function, function.SHA256()
}

// withPathHint explains why a bare name such as sed, which a shell finds in
// PATH, is not found.
func withPathHint(err error, name string) error {
	var fe *runner.FunctionError
	if strings.ContainsRune(name, filepath.Separator) || !errors.Is(err, runner.ErrNotFound) || !errors.As(err, &fe) {
		return err
	}
	found, lookErr := exec.LookPath(name)
	if lookErr != nil {
		return err
	}
	own := *fe
	own.Hint = "PATH is not searched: write the full path, " + found
	return &own
}

// readConfig returns the functionConfig of a step, nil when there is none or
// it is wrong.
func (c *compiler) readConfig(s Step, path string) *krm.Item {
	key := path + configKey(s)
	var data []byte
	var err error
	switch {
	case c.told(key):
		return nil
	case s.ConfigMap != nil:
		data, err = json.Marshal(map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "function-input"}, "data": s.ConfigMap,
		})
	case s.Config != nil:
		data, err = json.Marshal(s.Config)
	case s.ConfigPath != "":
		data, err = c.readConfigFile(s.ConfigPath)
	default:
		return nil
	}
	if err != nil {
		c.addErr(key, err)
		return nil
	}
	config, err := krm.ParseConfig(data)
	if err != nil && s.ConfigPath != "" {
		if hint := ConfigHint(data, s.ConfigPath); hint != "" {
			c.addf(key, hint, "read functionConfig: %v", err)
			return nil
		}
	}
	if err != nil {
		c.addErr(key, fmt.Errorf("read functionConfig: %w", err))
		return nil
	}
	return config
}

// maxConfigBytes bounds a configuration file: it is sent with every call.
const maxConfigBytes = 1 << 20

// readConfigFile reads a file inside Env.Dir; links may not lead out of it.
func (c *compiler) readConfigFile(path string) ([]byte, error) {
	if c.env.Dir == "" {
		return nil, fmt.Errorf("read %q: there is no folder it is relative to", path)
	}
	file, err := os.OpenInRoot(c.env.Dir, path)
	if err != nil {
		return nil, fmt.Errorf("read functionConfig in %s: %w", c.env.Dir, err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(file, maxConfigBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read functionConfig: %w", err)
	}
	if len(data) > maxConfigBytes {
		return nil, fmt.Errorf("read functionConfig: file is larger than %d bytes", maxConfigBytes)
	}
	return data, nil
}

// kinds asks the environment whether the selected kinds exist.
func (c *compiler) kinds(selectors []Selector, path string) {
	for i, s := range selectors {
		p := fmt.Sprintf("%s[%d].kind", path, i)
		if c.env.KindKnown == nil || s.Kind == "" || c.told(p) {
			continue
		}
		known, hint, err := c.env.KindKnown(s.APIVersion, s.Kind)
		if err != nil {
			c.addErr(p, fmt.Errorf("look up kind %q: %w", s.Kind, err))
			continue
		}
		if !known {
			what := s.Kind
			if s.APIVersion != "" {
				what += " of " + s.APIVersion
			}
			c.addf(p, hint, "kind %s is not known, so the selector can never match", what)
		}
	}
}

// timeout of one call.
func (s *step) timeout() time.Duration {
	if d, err := time.ParseDuration(s.spec.Timeout); err == nil && d > 0 {
		return d
	}
	return DefaultTimeout
}
