package myfunction

import (
	"os"
	"testing"

	"github.com/velero-krm/velero-krm/fn/fntest"
)

// TestCases runs the folders of testdata in the process and as a program.
// UPDATE=1 writes what comes out as what is expected: read it before you commit
// it. The catalogue's own tests run the same cases as an executable.
func TestCases(t *testing.T) {
	fntest.Run(t, fntest.Suite{
		Function: Function(),
		Ways:     map[string]fntest.Way{"main": fntest.InProcess(Function())},
		Update:   os.Getenv("UPDATE") != "",
	})
}
