package resourcemodifiers_test

import (
	"flag"
	"testing"

	resourcemodifiers "github.com/velero-krm/velero-krm/catalog/resource-modifiers"
	"github.com/velero-krm/velero-krm/fn/fntest"
)

var update = flag.Bool("update", false, "")

func TestFixtures(t *testing.T) {
	fntest.Run(t, fntest.Suite{Function: resourcemodifiers.Function(), Update: *update})
}
