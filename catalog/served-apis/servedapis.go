package servedapis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/catalog/internal/glob"
	inrun "github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	// Served takes the place of what the run's context says.
	Served map[string][]string `json:"served" doc:"kinds that the target serves, by apiVersion, as apps/v1: [Deployment]; default what the context of the run says"`
	// SkipGroups are API groups that are not checked.
	SkipGroups []glob.Pattern `json:"skipGroups" doc:"API groups that are not checked, as of CustomResourceDefinitions that the backup brings; core for the core group; * stands for any characters, ? for one"`
}

// Validate reports versions without kinds.
func (c *Config) Validate() error {
	var errs []error
	for _, apiVersion := range slices.Sorted(maps.Keys(c.Served)) {
		if apiVersion == "" || len(c.Served[apiVersion]) == 0 {
			errs = append(errs, invalid(apiVersion))
		}
	}
	return errors.Join(errs...)
}

func invalid(apiVersion string) error {
	if apiVersion == "" {
		return fn.Invalid("served", "has an empty apiVersion", "write v1 for the core group")
	}
	return fn.Invalid(fmt.Sprintf("served[%s]", apiVersion), "names no kind", "list the kinds, or leave the version out")
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("served-apis", "Fails every object of a version or kind that the target cluster does not serve; changes nothing.", transform, fn.Describe(fn.About{
		Validates: true,
		Phases:    []string{fn.Restore},
		Needs:     fn.Needs{Context: "without served", List: "to see CustomResourceDefinitions that come along"},
	}), fn.NeedFacts(runcontext.ServedAPIs))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	t, err := c.target(list)
	if err != nil {
		return err
	}
	for o := range list.Of("apiextensions.k8s.io", "CustomResourceDefinition") {
		t.addDefinition(o)
	}
	for o := range list.All() {
		if local, _ := o.Annotation("config.kubernetes.io/local-config"); local == "true" || inrun.Is(o) {
			continue
		}
		id := o.Identity()
		if t.serves(id) || glob.Any(c.SkipGroups, groupName(id.Group())) {
			continue
		}
		list.ReportOn(o, krm.Error, "apiVersion", t.why(id))
	}
	return nil
}

// target returns what is served; without knowing it nothing can be checked.
func (c Config) target(list *fn.List) (*target, error) {
	if len(c.Served) > 0 {
		return newTarget(c.Served, nil), nil
	}
	run, ok := inrun.Of(list)
	if !ok {
		return nil, errors.New("what the target serves is not known: give the step context: true, or the config served")
	}
	served := run.Cluster().ServedAPIs
	if served == nil {
		return nil, fmt.Errorf("what the target serves is not known: the context of the run does not have the fact %s", runcontext.ServedAPIs)
	}
	return newTarget(served.Kinds, served.Unanswered), nil
}

// groupName is how configs call a group.
func groupName(group string) string {
	if group == "" {
		return "core"
	}
	return group
}
