package cli

import (
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// readContext reads the file that stands for what Velero's plugin tells of a
// run.
func readContext(path string) (*krm.Item, error) {
	const hint = "docs/run-context.md has an example"
	objects, err := (&reader{}).readFile(path)
	if err != nil {
		return nil, err
	}
	if len(objects) != 1 {
		return nil, usagef("keep one", "read context %q: it has %d objects, want one", path, len(objects))
	}
	if _, err := runcontext.Read(objects[0]); err != nil {
		return nil, usagef(hint, "%q: %w", path, err)
	}
	return objects[0], nil
}

// untold lists what steps need to know of the cluster and the context does not
// tell: Velero's plugin would have asked the cluster for it.
func untold(program *pipeline.Program, item *krm.Item) []string {
	if item == nil {
		return nil
	}
	run, err := runcontext.Read(item)
	if err != nil {
		return nil // told by readContext
	}
	var lines []string
	for _, need := range program.FactNeeds() {
		if !run.Cluster.Settled(need.Fact) {
			lines = append(lines, fmt.Sprintf("step %q needs cluster.%s", need.Step, need.Fact))
		}
	}
	return lines
}

// untold writes what the context does not tell.
func (p painter) untold(lines []string) {
	if len(lines) > 0 {
		p.Line("The context does not tell all: %s. Velero's plugin would ask the cluster (docs/run-context.md).", strings.Join(lines, ", "))
	}
}
