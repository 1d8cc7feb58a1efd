//go:build !nocel

package catalog

import (
	"github.com/velero-krm/velero-krm/catalog/cel"
	"github.com/velero-krm/velero-krm/fn"
)

// celFunction is the function cel. It is by itself because the library that it
// needs takes as long to start as a small function takes to run: the build tag
// nocel leaves it out of an executable (docs/rationale.md, "One executable
// without cel").
func celFunction() []fn.Function { return []fn.Function{cel.Function()} }
