package servedapis

import "github.com/velero-krm/velero-krm/fn"

var _ fn.NeedsTeller = Config{}

// Needs says that what the target serves must come from somewhere.
func (c Config) Needs() fn.Needs {
	if len(c.Served) > 0 {
		return fn.Needs{}
	}
	return fn.Needs{Context: "without served"}
}
