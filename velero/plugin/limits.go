package plugin

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/velero-krm/velero-krm/pipeline"
)

// limits lists what p asks for and this Velero cannot do, beyond what
// pipeline.Compile knows of a stock Velero.
func (e *engine) limits(ctx context.Context, p *pipeline.Pipeline, phase pipeline.Phase) []pipeline.Problem {
	var problems []pipeline.Problem
	if !e.multi {
		problems = e.stockLimits(ctx, p, phase)
	}
	problems = append(problems, e.pathLimits("spec.mutators", p.Spec.Mutators)...)
	return append(problems, e.pathLimits("spec.validators", p.Spec.Validators)...)
}

// stockLimits are those of a Velero that hands over one object at a time.
func (e *engine) stockLimits(ctx context.Context, p *pipeline.Pipeline, phase pipeline.Phase) []pipeline.Problem {
	var problems []pipeline.Problem
	for i, step := range p.Spec.Mutators {
		path := fmt.Sprintf("spec.mutators[%d]", i)
		if slices.Contains(step.Allow, pipeline.Create) {
			problems = append(problems, pipeline.Problem{
				Path:   path + ".allow",
				Reason: "Create cannot be done here: a stock Velero takes one object back for each that it hands out",
				Hint:   "remove it if the function need not create objects, or use a Velero with multi-item actions",
			})
		}
		if phase == pipeline.Backup && slices.Contains(step.Allow, pipeline.Delete) {
			problems = append(problems, e.noSkip(ctx, path)...)
		}
	}
	if phase == pipeline.Restore {
		problems = append(problems, namespaceLimits("spec.mutators", p.Spec.Mutators)...)
		problems = append(problems, namespaceLimits("spec.validators", p.Spec.Validators)...)
	}
	return problems
}

// noSkip is the problem of a server that cannot leave an object out of a backup.
func (e *engine) noSkip(ctx context.Context, path string) []pipeline.Problem {
	skips, velero, err := e.server.skipsFromBackup(ctx)
	if err != nil {
		return []pipeline.Problem{{Path: path + ".allow", Reason: "whether this Velero can do Delete in a backup is not known: " + err.Error(), Err: err}}
	}
	if skips {
		return nil
	}
	return []pipeline.Problem{{
		Path:   path + ".allow",
		Reason: fmt.Sprintf("Delete cannot be done in a backup by this Velero (%s): leaving an object out came with Velero %s", velero, skipSince),
		Hint:   "upgrade Velero, remove the object at restore with phases: [Restore], or exclude it with the Backup's own filters",
	}}
}

// namespaceLimits refuses selectors for what a restore does not hand over.
func namespaceLimits(path string, steps []pipeline.Step) []pipeline.Problem {
	var problems []pipeline.Problem
	for i, step := range steps {
		for j, s := range step.Selectors {
			if s.Kind == "Namespace" && (s.APIVersion == "" || s.APIVersion == "v1") {
				problems = append(problems, pipeline.Problem{
					Path:   fmt.Sprintf("%s[%d].selectors[%d].kind", path, i, j),
					Reason: "a stock Velero restores Namespaces without asking plugins, so the selector can never match",
					Hint:   "change Namespaces at backup, or use a Velero with multi-item actions",
				})
			}
		}
	}
	return problems
}

// pathLimits refuses executables where Velero takes them for plugins.
func (e *engine) pathLimits(path string, steps []pipeline.Step) []pipeline.Problem {
	var problems []pipeline.Problem
	for i, step := range steps {
		if file := executableOf(step); within(file, e.functions.pluginDir) {
			problems = append(problems, pipeline.Problem{
				Path:   fmt.Sprintf("%s[%d].exec", path, i),
				Reason: fmt.Sprintf("%s is in Velero's plugin folder, where Velero takes every executable for a plugin and does not start if it is none", file),
				Hint:   fmt.Sprintf("write a path relative to %s, which %s sets", e.functions.dir, FunctionsDirEnv),
			})
		}
	}
	return problems
}

func executableOf(step pipeline.Step) string {
	words, err := pipeline.SplitCommand(step.Exec)
	if err != nil || len(words) == 0 {
		return ""
	}
	return filepath.Clean(words[0])
}
