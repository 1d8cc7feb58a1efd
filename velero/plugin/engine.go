package plugin

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// loadTimeout bounds how long a run waits for its pipelines: a handful of
// calls to the API server.
const loadTimeout = time.Minute

// maxRuns bounds the runs that are kept. Velero starts a process for each run,
// so there is one; a few more cost little.
const maxRuns = 4

// engine is what both actions do alike. Several goroutines may use it at once:
// Velero backs up item blocks concurrently.
type engine struct {
	ctx       context.Context //nolint:containedctx // the life of the process: Velero's interfaces have no context
	log       *slog.Logger
	cluster   cluster
	namespace string
	functions *functions
	catalog   Catalog
	server    *server
	// allVersions is true when Velero keeps every version of an object.
	allVersions bool
	// multi is true for the multi-item actions: Velero hands over whole lists.
	multi bool
	// pulseEvery is how often a call tells that it is at work; 0 means [pulseEvery].
	pulseEvery time.Duration

	mu sync.Mutex
	// runs by runRef.key, in the order in which they came.
	runs  map[string]*slot
	order []string
}

// slot holds one run. Its lock makes the items that come while the pipelines
// load wait for them instead of loading them again.
type slot struct {
	mu  sync.Mutex
	run *run
	err error
}

// runFor returns the run with its pipelines, loaded at the first call. What is
// wrong with the pipelines is remembered; an API server that did not answer is
// asked again for the next item.
func (e *engine) runFor(ctx context.Context, r runRef) (*run, error) {
	s := e.slotFor(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil || s.err != nil {
		return s.run, s.err
	}
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	loaded, err := e.load(ctx, r)
	if err == nil {
		s.run = loaded
		e.logLoaded(ctx, loaded)
		return loaded, nil
	}
	if final(err) {
		s.err = err
	}
	return nil, err
}

// logLoaded says what runs. The digests tell whether it is still the same when a
// process was restarted in the middle of the run and loaded again.
func (e *engine) logLoaded(ctx context.Context, loaded *run) {
	if len(loaded.programs) == 0 {
		e.log.InfoContext(ctx, "no pipeline runs: none is named, and none that is a default applies", "run", loaded.ref.String())
		return
	}
	e.log.InfoContext(ctx, "pipelines loaded", "run", loaded.ref.String(), "pipelines", loaded.names(), "digests", loaded.digests)
}

func (e *engine) slotFor(r runRef) *slot {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := r.key()
	if s := e.runs[key]; s != nil {
		return s
	}
	if e.runs == nil {
		e.runs = map[string]*slot{}
	}
	if len(e.order) == maxRuns {
		delete(e.runs, e.order[0])
		e.order = e.order[1:]
	}
	s := &slot{}
	e.runs[key], e.order = s, append(e.order, key)
	return s
}

// load finds, chooses and compiles the pipelines of a run. The error is a
// [*LoadError] when the pipelines are wrong.
func (e *engine) load(ctx context.Context, r runRef) (*run, error) {
	w, err := wishOf(r)
	if err != nil {
		return nil, &LoadError{Run: r.String(), Problems: []error{err}}
	}
	loaded := &run{ref: r, engine: e}
	if w.said && len(w.names) == 0 {
		return loaded, nil
	}
	configMaps, err := e.cluster.pipelines(ctx, r.namespace)
	if err != nil {
		return nil, fmt.Errorf("load pipelines of %s: %w", r, err)
	}
	docs := readDocuments(configMaps)
	chosen, problems := choose(docs, w, r)
	if len(problems) == 0 {
		e.mention(docs)
	}
	if len(chosen) > 0 {
		more, err := e.compile(ctx, loaded, chosen)
		if err != nil {
			return nil, fmt.Errorf("load pipelines of %s: %w", r, err)
		}
		problems = append(problems, more...)
	}
	if len(problems) > 0 {
		return nil, &LoadError{Run: r.String(), Problems: problems}
	}
	// A restore on a stock Velero creates the objects of one name one after the
	// other, and tells of the second.
	if (e.multi || r.phase == pipeline.Backup) && loaded.mayAny(pipeline.Rename, pipeline.Create) {
		loaded.claims = map[krm.Identity]holder{}
	}
	if err := loaded.makeContext(ctx); err != nil {
		return nil, err
	}
	return loaded, nil
}

// mention logs broken pipelines that the run does not need.
func (e *engine) mention(docs []document) {
	for _, d := range docs {
		if d.err != nil {
			e.log.Info("pipeline does not load; this run does not use it", "error", d.err)
		}
	}
}

// compile makes programs of the chosen pipelines. problems are what is wrong
// with them; err says that the cluster does not answer, so that it cannot be told.
func (e *engine) compile(ctx context.Context, loaded *run, chosen []document) (problems []error, err error) {
	loaded.kinds, err = discoverKinds(e.cluster.kube.Discovery())
	if err != nil {
		return nil, err
	}
	for _, d := range chosen {
		if limits := e.limits(ctx, d.pipeline, loaded.ref.phase); len(limits) > 0 {
			problems = append(problems, &pipeline.LoadError{Pipeline: d.name, Problems: limits})
		}
		program, err := e.program(loaded, d)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		loaded.programs = append(loaded.programs, program)
		loaded.pipelines = append(loaded.pipelines, d.pipeline)
		loaded.digests = append(loaded.digests, d.digest)
	}
	return problems, nil
}

// program compiles one pipeline.
func (e *engine) program(loaded *run, d document) (*pipeline.Program, error) {
	env := pipeline.Env{
		Builtins: e.catalog.Find, BuiltinNames: e.catalog.Names,
		KindKnown: loaded.kindKnown(d), StockVelero: !e.multi, Logger: e.log,
	}
	if needsFunctions(d.pipeline) {
		var err error
		if env.Dir, err = e.functions.path(); err != nil {
			return nil, fmt.Errorf("load pipeline %q: %w; put the functions there, or set %s", d.name, err, FunctionsDirEnv)
		}
	}
	return pipeline.Compile(d.pipeline, env)
}

// close removes what the engine made and logs what it did.
func (e *engine) close() {
	e.summarize()
	if err := e.functions.remove(); err != nil {
		e.log.Info("cannot remove the copy of the functions", "error", err)
	}
}

// summarize logs what was done in each run.
func (e *engine) summarize() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, key := range e.order {
		s := e.runs[key]
		s.mu.Lock()
		if s.run != nil && len(s.run.programs) > 0 {
			s.run.logTotals("pipelines ended")
		}
		s.mu.Unlock()
	}
}

// guarded runs do and turns a panic into an error that names the object. Only
// what the Go runtime panics with is shown: another value may be anything, a
// part of a Secret too.
func guarded(id krm.Identity, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			cause, ok := p.(runtime.Error)
			if !ok {
				err = fmt.Errorf("run pipelines on %s: panic with a %T", id, p)
				return
			}
			err = fmt.Errorf("run pipelines on %s: panic: %w", id, cause)
		}
	}()
	return do()
}
