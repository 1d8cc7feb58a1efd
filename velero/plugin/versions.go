package plugin

import (
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// checkVersions returns an error when a step passes an object over only because
// it has another version than its selectors name: the author meant the object,
// and the version in a backup is that of another cluster or of another year.
// Where a step before may change the version, that is not looked at.
// Steps with onError: Ignore warn instead.
func (r *run) checkVersions(item *krm.Item) (warnings []string, err error) {
	for _, p := range r.pipelines {
		for i := range p.Spec.Mutators {
			step := &p.Spec.Mutators[i]
			warning, err := checkVersion(item, p, step, "spec.mutators", i)
			if err != nil {
				return nil, err
			}
			warnings = append(warnings, warning...)
			if slices.Contains(step.Allow, pipeline.Rename) {
				return warnings, nil
			}
		}
		for i := range p.Spec.Validators {
			warning, err := checkVersion(item, p, &p.Spec.Validators[i], "spec.validators", i)
			if err != nil {
				return nil, err
			}
			warnings = append(warnings, warning...)
		}
	}
	return warnings, nil
}

// checkVersion checks one step, the one at index of path.
func checkVersion(item *krm.Item, p *pipeline.Pipeline, step *pipeline.Step, path string, index int) (warning []string, err error) {
	meant := missedVersion(step, item)
	if meant == "" {
		return nil, nil
	}
	path = fmt.Sprintf("%s[%d]", path, index)
	if step.Name != "" {
		path = fmt.Sprintf("step %q", step.Name)
	}
	id := item.Identity()
	err = fmt.Errorf("pipeline %q: %s: %s is %s here and the step selects %s, so it would go through unconverted: add the selector {apiVersion: %s, kind: %s} to the step, or to its exclude",
		p.Metadata.Name, path, id, id.APIVersion, meant, id.APIVersion, id.Kind)
	if step.OnError != pipeline.Ignore {
		return nil, err
	}
	return []string{err.Error()}, nil
}

// missedVersion returns the apiVersion of the selector that would match the
// item if it named the item's version, and "" when none would or the step has
// said what becomes of the item.
func missedVersion(step *pipeline.Step, item *krm.Item) string {
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
