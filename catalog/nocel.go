//go:build nocel

package catalog

import "github.com/velero-krm/velero-krm/fn"

// celFunction is none: the build tag nocel leaves the function cel out.
func celFunction() []fn.Function { return nil }
