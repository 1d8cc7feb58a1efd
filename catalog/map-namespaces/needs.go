package mapnamespaces

import "github.com/velero-krm/velero-krm/fn"

var _ fn.NeedsTeller = Config{}

// Needs says what the step must grant to a function that is configured so.
func (c Config) Needs() fn.Needs {
	var needs fn.Needs
	if c.Objects {
		needs.Rename = "with objects: true"
	}
	if len(c.Mappings) == 0 {
		needs.Context = "without mappings"
	}
	return needs
}
