package cel

import (
	"slices"

	"github.com/velero-krm/velero-krm/fn"
)

var _ fn.NeedsTeller = (*Config)(nil)

// Needs says that an expression asks for the run.
func (c *Config) Needs() fn.Needs {
	if !slices.ContainsFunc(c.compiled, rule.needsRun) {
		return fn.Needs{}
	}
	return fn.Needs{Context: needsContext}
}

const needsContext = "with an expression that uses phase or context"
