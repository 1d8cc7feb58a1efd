package plugin

import (
	"context"
	"fmt"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	"k8s.io/apimachinery/pkg/version"
)

// gatherer finds out about the cluster what the steps of one run need. It is
// used once, by one goroutine.
type gatherer struct {
	cluster cluster
	kinds   *kinds
	version *version.Info
	run     *runcontext.RunContext
	// installed is the ClusterVersion, when a fact needed it.
	installed *clusterVersion
}

// gatherFacts tells in c the facts that steps of the run need, and no others.
// All that cannot be gathered is reported at once, in a [*LoadError]: what
// would make a function work on half of the truth must not begin.
func (r *run) gatherFacts(ctx context.Context, c *runcontext.RunContext, v *version.Info) error {
	g := &gatherer{cluster: r.engine.cluster, kinds: r.kinds, version: v, run: c}
	needs := r.factNeeds()
	var problems []error
	for _, fact := range runcontext.Facts() {
		who := needs[fact]
		if len(who) == 0 {
			continue
		}
		c.Cluster.Facts = append(c.Cluster.Facts, fact)
		if err := g.gather(ctx, fact); err != nil {
			problems = append(problems, newFactError(ctx, g.cluster, fact, who, err))
		}
	}
	switch {
	case len(problems) == 0:
		return nil
	case ctx.Err() != nil:
		// Not asked to the end: the next item may ask again.
		return fmt.Errorf("make context of %s: %w", r.ref, context.Cause(ctx))
	}
	return &LoadError{Run: r.ref.String(), Problems: problems}
}

// factNeeds returns the steps that need a fact, by fact.
func (r *run) factNeeds() map[runcontext.Fact][]string {
	needs := map[runcontext.Fact][]string{}
	for _, p := range r.programs {
		for _, need := range p.FactNeeds() {
			needs[need.Fact] = append(needs[need.Fact], fmt.Sprintf("step %q of pipeline %q", need.Step, p.Name()))
		}
	}
	return needs
}

// gather tells one fact. What the cluster does not have stays untold.
func (g *gatherer) gather(ctx context.Context, fact runcontext.Fact) (err error) {
	to := &g.run.Cluster
	switch fact {
	case runcontext.KubernetesVersion: // always told
	case runcontext.OpenShiftVersion:
		var v *clusterVersion
		if v, err = g.clusterVersion(ctx); v != nil {
			to.OpenShiftVersion = v.current()
		}
	case runcontext.InternalRegistry:
		to.InternalRegistry, err = g.internalRegistry(ctx)
	case runcontext.RegistryState:
		to.RegistryState, err = g.registryState(ctx)
	case runcontext.PullSecrets:
		// A backup has no destination.
		if g.run.Restore != nil {
			to.PullSecrets, err = g.pullSecrets(ctx)
		}
	case runcontext.SecurityContextConstraints:
		to.SecurityContextConstraints, err = g.constraints(ctx)
	case runcontext.ServedAPIs:
		to.ServedAPIs = g.kinds.served()
	}
	return err
}
