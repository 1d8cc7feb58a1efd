package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FactError says that a fact of the cluster cannot be gathered that steps of a
// pipeline need. A run that needs it is refused before anything is written.
type FactError struct {
	Fact runcontext.Fact
	// Steps that need it, each as `step "routes" of pipeline "to-dr"`.
	Steps []string
	// Permission is what is missing, nil when something else failed.
	Permission *Permission
	// Err is what the API server said.
	Err error
}

// Permission is one that a role can grant.
type Permission struct {
	// User of the plugin, as system:serviceaccount:velero:velero; empty when the
	// cluster does not tell.
	User string
	// Verb, Group and Resource as in a rule of a role; Group is "" for the core
	// group.
	Verb, Group, Resource string
	// Namespace in which it is missing; empty with Cluster.
	Namespace string
	// Cluster is true when it takes a ClusterRole and a ClusterRoleBinding: for
	// all namespaces, or for what is in none.
	Cluster bool
}

// String returns a sentence that says who must be granted what.
func (p Permission) String() string {
	user := "the user of the plugin"
	if account, ok := strings.CutPrefix(p.User, "system:serviceaccount:"); ok {
		user = "service account " + strings.Replace(account, ":", "/", 1)
	} else if p.User != "" {
		user = fmt.Sprintf("user %q", p.User)
	}
	group := "the core API group"
	if p.Group != "" {
		group = "API group " + p.Group
	}
	scope := fmt.Sprintf("in namespace %q", p.Namespace)
	if p.Cluster {
		scope = "cluster-wide"
	}
	return fmt.Sprintf("%s lacks the permission to %s %s in %s, %s", user, p.Verb, p.Resource, group, scope)
}

func (e *FactError) Error() string {
	msg := fmt.Sprintf("gather %s of the cluster for %s: ", e.Fact, strings.Join(e.Steps, " and "))
	if e.Permission != nil {
		msg += e.Permission.String() + ": "
	}
	return msg + e.Err.Error() + " (" + e.Hint() + ")"
}

// Unwrap returns what the API server said.
func (e *FactError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *FactError) Hint() string {
	without := "take the fact or the step out of the pipeline"
	switch p := e.Permission; {
	case p == nil:
		return "repair what does not answer, or " + without
	case p.Cluster:
		return "bind it to a ClusterRole that permits it with a ClusterRoleBinding, or " + without
	default:
		return fmt.Sprintf("bind it to a Role that permits it with a RoleBinding in namespace %q, or %s", p.Namespace, without)
	}
}

// newFactError looks up who lacks a permission, if that is the cause.
func newFactError(ctx context.Context, c cluster, fact runcontext.Fact, steps []string, err error) *FactError {
	e := &FactError{Fact: fact, Steps: steps, Err: err}
	var failed *callError
	if !errors.As(err, &failed) || !apierrors.IsForbidden(err) {
		return e
	}
	call := failed.call
	e.Permission = &Permission{
		User: c.user(ctx), Verb: call.verb, Group: call.Group, Resource: call.Resource,
		Namespace: call.namespace, Cluster: call.namespace == "",
	}
	return e
}

// user returns the name under which the API server knows the plugin; empty
// when it does not tell, as before Kubernetes 1.28.
func (c cluster) user(ctx context.Context) string {
	review, err := c.kube.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || review == nil {
		return ""
	}
	return review.Status.UserInfo.Username
}
