package plugin

import (
	"context"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// checkVersions returns an error when a step passes an object over only because
// it has another version than its selectors name: the author meant the object,
// and the version in a backup is that of another cluster or of another year.
// Where a step before may change the version, that is not looked at.
func (r *run) checkVersions(ctx context.Context, item *krm.Item) error {
	for _, p := range r.pipelines {
		for i, step := range p.Spec.Mutators {
			if err := r.checkVersion(ctx, item, p, step, fmt.Sprintf("spec.mutators[%d]", i)); err != nil {
				return err
			}
			if slices.Contains(step.Allow, pipeline.Rename) {
				return nil
			}
		}
		for i, step := range p.Spec.Validators {
			if err := r.checkVersion(ctx, item, p, step, fmt.Sprintf("spec.validators[%d]", i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkVersion checks one step. One with onError: Ignore warns.
func (r *run) checkVersion(ctx context.Context, item *krm.Item, p *pipeline.Pipeline, step pipeline.Step, path string) error {
	meant := missedVersion(step, item)
	if meant == "" {
		return nil
	}
	if step.Name != "" {
		path = fmt.Sprintf("step %q", step.Name)
	}
	id := item.Identity()
	err := fmt.Errorf("pipeline %q: %s: %s is %s here and the step selects %s, so it would go through unconverted: add the selector {apiVersion: %s, kind: %s} to the step, or to its exclude",
		p.Metadata.Name, path, id, id.APIVersion, meant, id.APIVersion, id.Kind)
	if step.OnError != pipeline.Ignore {
		return err
	}
	warn(ctx, r.engine.log, id, err.Error())
	return nil
}

// missedVersion returns the apiVersion of the selector that would match the
// item if it named the item's version, and "" when none would or the step has
// said what becomes of the item.
func missedVersion(step pipeline.Step, item *krm.Item) string {
	id, meant := item.Identity(), ""
	for _, s := range step.Selectors {
		if s.Matches(item) {
			return ""
		}
		if s.Kind != id.Kind || s.APIVersion == "" || groupOf(s.APIVersion) != id.Group() {
			continue
		}
		other := s
		other.APIVersion = ""
		if other.Matches(item) {
			meant = s.APIVersion
		}
	}
	if meant == "" || slices.ContainsFunc(step.Exclude, func(s pipeline.Selector) bool { return s.Matches(item) }) {
		return ""
	}
	return meant
}
