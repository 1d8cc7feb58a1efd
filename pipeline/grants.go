package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Needer is a [Builtin] that cannot work without what its step must grant:
// fn.Function is one.
type Needer interface {
	// Needs returns what a step with that config, nil for none, must grant. A step
	// without it is refused.
	Needs(config *krm.Item) []fn.Grant
}

// PhaseMinder is a [Builtin] that would do harm in a phase that it is not meant
// for: fn.Function is one.
type PhaseMinder interface {
	// OnlyPhases returns the phases that it may run in with that config, nil for
	// none; nil when it may in any, or when a wrong config leaves that open.
	OnlyPhases(config *krm.Item) []string
}

// granted refuses a step that lacks what its function needs. While objects go
// through it would be too late: rename without Rename fails the objects that it
// renames, but has changed those that refer to them, and a function that needs
// the whole list does something else with a part.
func (c *compiler) granted(s *step, builtin Builtin, path string) {
	needer, ok := builtin.(Needer)
	if !ok {
		return
	}
	unread := c.told(path + configKey(s.spec))
	noAllow := c.told(path + ".allow") // what it was meant to grant is not known
	for _, g := range needer.Needs(s.config) {
		when := ""
		if g.When != fn.Always {
			when = " " + g.When
		}
		switch {
		case unread && when != "": // nobody knows
		case g.Key == fn.GrantAllow && noAllow:
		case g.Key == fn.GrantAllow && !slices.Contains(s.spec.Allow, Permission(g.Value)):
			c.addf(path+".allow", "add "+g.Value+" to what the step allows", "%s is of no use without %s%s", s.spec.Builtin, g.Value, when)
		case g.Key == fn.GrantContext && !s.spec.Context:
			c.addf(path+".context", "set it to true", "%s needs the context of the run%s", s.spec.Builtin, when)
		case g.Key == fn.GrantScope && s.spec.Scope != List:
			reason, hint := fmt.Sprintf("%s needs the whole list at once%s", s.spec.Builtin, when), "set it to List"
			if c.env.StockVelero {
				reason += ", and a stock Velero hands over one object per call"
				hint = "leave the step out, or use a Velero with multi-item actions"
			}
			c.add(path+".scope", reason, hint)
		}
	}
}

// phased refuses a step whose function is not for all phases in which the
// pipeline runs.
func (c *compiler) phased(s *step, builtin Builtin, path string) {
	minder, ok := builtin.(PhaseMinder)
	if !ok || c.told("spec.phases") {
		return
	}
	only := minder.OnlyPhases(s.config)
	if len(only) == 0 {
		return
	}
	for _, phase := range c.phases {
		if slices.Contains(only, string(phase)) {
			continue
		}
		names := strings.Join(only, ", ")
		c.list = append(c.list, Problem{
			Path: path + ".builtin", Line: c.source.line(path + ".builtin"), Err: ErrPhase,
			Reason: fmt.Sprintf("%s is for %s alone, and the pipeline runs in %s", s.spec.Builtin, names, phase),
			Hint:   fmt.Sprintf("set spec.phases to [%s], or put the step into a pipeline of its own that has them", names),
		})
	}
}
