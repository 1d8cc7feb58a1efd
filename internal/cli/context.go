package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

const seeContext = "docs/run-context.md has an example"

// readContext reads the file that stands for what Velero's plugin tells of a
// run. It is strict, as people write it by hand: what a function reads leniently
// would be taken for not told.
func readContext(path string) (*krm.Item, *runcontext.RunContext, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, usagef(seeContext, "read --context: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	objects, err := krm.ReadItems(file, path)
	switch {
	case err != nil:
		return nil, nil, usagef(seeContext, "read --context: %w", err)
	case len(objects) != 1:
		return nil, nil, usagef("keep one", "read --context %q: it has %d objects, want one", path, len(objects))
	case objects[0].Identity().APIVersion != runcontext.APIVersion || objects[0].Identity().Kind != runcontext.Kind:
		return nil, nil, usagef(seeContext, "read --context %q: %w", path, runcontext.ErrKind)
	}
	run, problems := checkContext(objects[0])
	if len(problems) > 0 {
		return nil, nil, usagef(seeContext, "read --context %q: %w", path, problemList(problems))
	}
	return objects[0], run, nil
}

// problemList is one problem, or all of them below each other.
func problemList(problems []fn.Problem) error {
	if len(problems) == 1 {
		return errors.New(problems[0].String())
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = "\n  " + p.String()
	}
	return fmt.Errorf("%d problems:%s", len(problems), strings.Join(lines, ""))
}

// checkContext returns all that is wrong with a context. What a function does
// not read may be left out, but for the phase: it is compared with words.
func checkContext(item *krm.Item) (*runcontext.RunContext, []fn.Problem) {
	object := maps.Clone(item.Object())
	if metadata, ok := object["metadata"].(map[string]any); ok {
		// A context that a function was given has annotations, too.
		metadata = maps.Clone(metadata)
		maps.DeleteFunc(metadata, func(key string, _ any) bool { return key != "name" && key != "namespace" })
		object["metadata"] = metadata
	}
	var run runcontext.RunContext
	problems := fn.DecodeStrict(object, &run)
	told := func(path string) bool {
		return slices.ContainsFunc(problems, func(p fn.Problem) bool { return strings.HasPrefix(p.Path, path) })
	}
	if !told("phase") {
		problems = append(problems, checkPhase(&run)...)
	}
	problems = append(problems, checkMapping(&run)...)
	for i, fact := range run.Cluster.Facts {
		if at := fn.FieldPath("cluster", "facts", i); !told(at) {
			problems = append(problems, oneOf(at, fact, runcontext.Facts())...)
		}
	}
	if run.Cluster.RegistryState != "" {
		problems = append(problems, oneOf("cluster.registryState", run.Cluster.RegistryState, []runcontext.RegistryStatus{
			runcontext.RegistryManaged, runcontext.RegistryUnmanaged, runcontext.RegistryRemoved, runcontext.RegistryDisabled,
		})...)
	}
	return &run, problems
}

func checkPhase(run *runcontext.RunContext) []fn.Problem {
	if run.Phase == "" {
		return []fn.Problem{{Path: "phase", Reason: "is required", Hint: "write Backup or Restore"}}
	}
	problems := oneOf("phase", run.Phase, []runcontext.Phase{runcontext.PhaseBackup, runcontext.PhaseRestore})
	if run.Phase == runcontext.PhaseBackup && run.Restore != nil {
		problems = append(problems, fn.Problem{Path: "restore", Reason: "is there, and the phase is Backup", Hint: "remove it, or write phase: Restore"})
	}
	return problems
}

// namespaceSyntax is that of a Namespace's name, a DNS label.
var namespaceSyntax = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// checkMapping refuses names that no namespace has: Velero would not restore
// into them.
func checkMapping(run *runcontext.RunContext) []fn.Problem {
	if run.Restore == nil {
		return nil
	}
	var problems []fn.Problem
	table := run.Restore.Spec.NamespaceMapping
	for _, from := range slices.Sorted(maps.Keys(table)) {
		for _, name := range []string{from, table[from]} {
			if !namespaceSyntax.MatchString(name) {
				problems = append(problems, fn.Problem{
					Path: fn.FieldPath("restore", "spec", "namespaceMapping", from), Reason: fmt.Sprintf("no namespace has the name %q", name),
					Hint: "lower case letters, digits and '-', at most 63 characters",
				})
			}
		}
	}
	return problems
}

// oneOf refuses a word that is none of those known.
func oneOf[T ~string](path string, word T, known []T) []fn.Problem {
	if slices.Contains(known, word) {
		return nil
	}
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	hint := "write one of " + strings.Join(words, ", ")
	if meant := fn.Closest(string(word), words); meant != "" {
		hint = "did you mean " + meant + "?"
	}
	return []fn.Problem{{Path: path, Reason: fmt.Sprintf("%q is not known", string(word)), Hint: hint}}
}

// phaseOf is the phase to run in: that of the context, which --phase must not
// contradict.
func (f *runFlags) phaseOf(run *runcontext.RunContext) (pipeline.Phase, error) {
	if f.phase != "" && f.phase != string(run.Phase) {
		return "", usagef("leave --phase out, or give the context of a "+f.phase, "--phase %s: the phase of --context is %s", f.phase, run.Phase)
	}
	return pipeline.Phase(run.Phase), nil
}

// untold lists what steps need to know of the cluster and the context does not
// tell: Velero's plugin would have asked the cluster for it.
func untold(program *pipeline.Program, item *krm.Item) []string {
	if item == nil {
		return nil
	}
	run, err := runcontext.Read(item)
	if err != nil {
		return nil // told by readContext
	}
	var lines []string
	for _, need := range program.FactNeeds() {
		if !run.Cluster.Settled(need.Fact) {
			lines = append(lines, fmt.Sprintf("step %q needs cluster.%s", need.Step, need.Fact))
		}
	}
	return lines
}

// untold writes what the context does not tell.
func (p painter) untold(lines []string) {
	if len(lines) > 0 {
		p.Line("The context does not tell all: %s. Velero's plugin would ask the cluster (docs/run-context.md).", strings.Join(lines, ", "))
	}
}

// unshown names the steps that do not see facts that the context tells, because
// they name none: executables, and functions that run what people write. Other
// builtins know what they read.
func unshown(program *pipeline.Program) []string {
	var names []string
	for _, step := range program.FactlessSteps() {
		if step.Builtin == "" || runsWhatIsWritten(step.Builtin) {
			names = append(names, fmt.Sprintf("%q", step.Step))
		}
	}
	return names
}

func runsWhatIsWritten(builtin string) bool { return builtin == "cel" || builtin == "starlark" }

// facts are those of the cluster that an object tells, as a step names them.
func factsTold(item *krm.Item) []string {
	cluster, _ := item.Object()["cluster"].(map[string]any)
	var told []string
	for _, fact := range runcontext.Facts() {
		if _, ok := cluster[string(fact)]; ok && fact != runcontext.KubernetesVersion {
			told = append(told, string(fact))
		}
	}
	return told
}

// cutNotes says of each step which references it leaves because of its
// selectors.
func cutNotes(program *pipeline.Program) []string {
	var notes []string
	for _, s := range program.CutSteps() {
		notes = append(notes, fmt.Sprintf("Step %q selects by kind or name: %s stay in what it does not select.", s.Step, s.Follows))
	}
	return notes
}

// factNote says how a step of a pipeline gets the facts that the context tells:
// not by context: true alone. It is empty where nothing is to be said.
func (f *runFlags) factNote(program *pipeline.Program, item *krm.Item) string {
	if item == nil {
		return ""
	}
	told := factsTold(item)
	if len(told) == 0 {
		return ""
	}
	facts := "facts: [" + strings.Join(told, ", ") + "]"
	switch {
	case f.exec != "" || runsWhatIsWritten(f.builtin):
		return "In a pipeline the step has to name the facts of the cluster that it reads: context: true, " + facts + "."
	case f.builtin != "":
		return ""
	}
	names := unshown(program)
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("What the context tells of the cluster is not shown to step %s: a step has to name what it reads, of %s.", strings.Join(names, ", "), facts)
}
