package setreplicas

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function: replicas, atMost or restoreFrom.
type Config struct {
	Replicas    *int64 `json:"replicas" doc:"how many pods each workload runs; 0 or more"`
	AtMost      *int64 `json:"atMost" doc:"how many pods each workload runs at most: what runs more is lowered to it, what runs fewer or none stays; instead of replicas"`
	RememberIn  string `json:"rememberIn" doc:"annotation that gets the number there was, as example.com/replicas; needs replicas or atMost"`
	RestoreFrom string `json:"restoreFrom" doc:"annotation that has the number to go back to; it is removed; instead of replicas"`
}

// Validate checks that the config says one thing.
func (c *Config) Validate() error {
	var errs []error
	sets := c.Replicas != nil || c.AtMost != nil
	switch {
	case !sets && c.RestoreFrom == "":
		errs = append(errs, fn.Invalid("replicas", "is required", "or atMost, or restoreFrom"))
	case c.Replicas != nil && c.AtMost != nil:
		errs = append(errs, fn.Invalid("atMost", "contradicts replicas", "set one of them"))
	case c.Replicas != nil && c.RestoreFrom != "":
		errs = append(errs, fn.Invalid("restoreFrom", "contradicts replicas", "set one of them"))
	case c.AtMost != nil && c.RestoreFrom != "":
		errs = append(errs, fn.Invalid("restoreFrom", "contradicts atMost", "set one of them"))
	case !sets && c.RememberIn != "":
		errs = append(errs, fn.Invalid("rememberIn", "has no meaning without replicas or atMost", "remove it"))
	}
	errs = append(errs, validNumber("replicas", c.Replicas), validNumber("atMost", c.AtMost))
	return errors.Join(append(errs, validKey("rememberIn", c.RememberIn), validKey("restoreFrom", c.RestoreFrom))...)
}

func validNumber(field string, n *int64) error {
	if n == nil || *n >= 0 && *n <= maxReplicas {
		return nil
	}
	return fn.Invalid(field, "is no number of pods", "0 or more")
}

func validKey(field, key string) error {
	if key == "" || syntax.AnnotationKey(key) && !syntax.Reserved(key) {
		return nil
	}
	return fn.Invalid(field, "is not an annotation key that may be set", "as example.com/replicas")
}

// maxReplicas is what the field, an int32, can say.
const maxReplicas = 1<<31 - 1

// Function returns the function.
func Function() fn.Function {
	return fn.New("set-replicas", "Sets how many pods workloads run, and can note and bring back how many there were.", transform, fn.Describe(fn.About{
		Kinds: []string{
			"Deployment.apps", "StatefulSet.apps", "ReplicaSet.apps", "Deployment.extensions", "StatefulSet.extensions", "ReplicaSet.extensions",
			"ReplicationController", "DeploymentConfig.apps.openshift.io",
		},
	}), fn.Says(said))
}

// said is what it says when it is done.
const said = "replicas changed (objects: %d)"

func transform(_ context.Context, c Config, list *fn.List) error {
	changed := 0
	for o := range list.All() {
		if !hasReplicas(o) {
			continue
		}
		if _, ok := o.Node("spec"); !ok {
			continue
		}
		did, err := c.apply(list, o)
		if err != nil {
			list.Fail(o, err)
		}
		if did {
			changed++
		}
	}
	if changed > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(said, changed)})
	}
	return nil
}

// hasReplicas reports whether spec.replicas of the kind is a number of pods.
func hasReplicas(o *fn.Object) bool {
	id := o.Identity()
	switch id.Group() {
	case "apps", "extensions":
		return id.Kind == "Deployment" || id.Kind == "StatefulSet" || id.Kind == "ReplicaSet"
	case "":
		return id.Kind == "ReplicationController"
	case "apps.openshift.io":
		return id.Kind == "DeploymentConfig"
	}
	return false
}

func (c Config) apply(list *fn.List, o *fn.Object) (bool, error) {
	if c.Replicas == nil && c.AtMost == nil {
		return c.bringBack(list, o)
	}
	now, there := o.GetInt("spec", "replicas")
	if !there {
		if v, _ := o.Get("spec", "replicas"); v != nil {
			return false, errors.New("spec.replicas is no whole number")
		}
		// The API server's default.
		now = 1
	}
	want := c.wanted(now)
	// Those that a Deployment made are as many as its history is long, and all
	// but one have 0: raising these would run old versions.
	if len(o.Nodes("metadata", "ownerReferences")) > 0 && now < want {
		return false, nil
	}
	if now == want && (there || c.Replicas == nil) {
		return false, nil
	}
	if err := c.remember(o, now); err != nil {
		return false, err
	}
	return true, o.Set(want, "spec", "replicas")
}

// wanted is the number of pods in the place of now.
func (c Config) wanted(now int64) int64 {
	if c.Replicas != nil {
		return *c.Replicas
	}
	return min(now, *c.AtMost)
}

// remember keeps a number that is noted already: it is the older one.
func (c Config) remember(o *fn.Object, now int64) error {
	if c.RememberIn == "" || o.Has("metadata", "annotations", c.RememberIn) {
		return nil
	}
	return o.Set(strconv.FormatInt(now, 10), "metadata", "annotations", c.RememberIn)
}

func (c Config) bringBack(list *fn.List, o *fn.Object) (bool, error) {
	text, ok := o.Annotation(c.RestoreFrom)
	if !ok {
		return false, nil
	}
	n, ok := parseReplicas(text)
	if !ok {
		list.ReportOn(o, krm.Warning, fn.FieldPath("metadata", "annotations", c.RestoreFrom), "replicas not brought back: the annotation is no number")
		return false, nil
	}
	if err := o.Set(n, "spec", "replicas"); err != nil {
		return false, err
	}
	return o.Remove("metadata", "annotations", c.RestoreFrom), nil
}

func parseReplicas(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	return n, err == nil && n >= 0
}
