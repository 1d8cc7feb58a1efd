package rename_test

import (
	"flag"
	"testing"

	"github.com/velero-krm/velero-krm/catalog/rename"
	"github.com/velero-krm/velero-krm/fn/fntest"
)

var update = flag.Bool("update", false, "")

func TestFixtures(t *testing.T) {
	fntest.Run(t, fntest.Suite{Function: rename.Function(), Update: *update})
}
