package pipeline

import (
	"fmt"
	"slices"
)

// Needer is a [Builtin] that cannot work without what its step must grant:
// fn.Function is one.
type Needer interface {
	// AlwaysNeeds returns what allow must have, and whether context must be true
	// and scope List, whatever the configuration. A step without it is refused.
	AlwaysNeeds() (allow []string, context, list bool)
}

// granted refuses a step that lacks what its function always needs. While
// objects go through it would be too late: rename without Rename fails the
// objects that it renames, but has changed those that refer to them, and a
// function that needs the whole list does something else with a part.
func (c *compiler) granted(s Step, builtin Builtin, path string) {
	needer, ok := builtin.(Needer)
	if !ok {
		return
	}
	allow, context, list := needer.AlwaysNeeds()
	for _, permission := range allow {
		if !slices.Contains(s.Allow, Permission(permission)) {
			c.addf(path+".allow", "add "+permission+" to what the step allows", "%s is of no use without %s", s.Builtin, permission)
		}
	}
	if context && !s.Context {
		c.addf(path+".context", "set it to true", "%s needs the context of the run", s.Builtin)
	}
	if list && s.Scope != List {
		reason, hint := fmt.Sprintf("%s needs the whole list at once", s.Builtin), "set it to List"
		if c.env.StockVelero {
			reason += ", and a stock Velero hands over one object per call"
			hint = "leave the step out, or use a Velero with multi-item actions"
		}
		c.add(path+".scope", reason, hint)
	}
}
