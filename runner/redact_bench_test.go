package runner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// BenchmarkManyResults is the worst case of redaction: a batch of
// Secrets, each with results that echo it.
func BenchmarkManyResults(b *testing.B) {
	items := make([]*krm.Item, 500)
	for i := range items {
		items[i] = secretOf(b, map[string]string{"k": fmt.Sprintf("%04d%s", i, strings.Repeat("secret words and more ", 50))})
	}
	f := behaving(b, "echo-in-results")
	for b.Loop() {
		if out := transform(b, f, items, runner.TransformOptions{}); len(out.Results) == 0 {
			b.Fatal("no results")
		}
	}
}

// BenchmarkRedactLargeSecret looks for a megabyte of Secret in the tail of stderr.
func BenchmarkRedactLargeSecret(b *testing.B) {
	secret := []*krm.Item{secretOf(b, map[string]string{"release": strings.Repeat("0123456789abcdef ghijkl\n", 1<<20/24)})}
	text := strings.Repeat("a line of a log that is no secret\n", 16<<10/34)
	for b.Loop() {
		runner.Redact(text, secret)
	}
}
