package podneeds_test

import (
	"context"
	"testing"

	"github.com/velero-krm/velero-krm/catalog/internal/podneeds"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

func TestNeeds(t *testing.T) {
	const head = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"`
	tests := map[string]struct {
		reason         string
		raw            string
		volumes, hooks bool
	}{
		"nothing":    {"an empty pod", head + `}}`, false, false},
		"claim":      {"what a claim holds", head + `},"spec":{"volumes":[{"name":"a","persistentVolumeClaim":{}}]}}`, true, false},
		"emptyDir":   {"the file backup takes it", head + `},"spec":{"volumes":[{"name":"a","emptyDir":{}}]}}`, true, false},
		"no data":    {"what comes with others", head + `},"spec":{"volumes":[{"name":"a","secret":{}},{"name":"b","hostPath":{}},{"name":"default-token-x"}]}}`, false, false},
		"excluded":   {"it may have a snapshot", head + `,"annotations":{"backup.velero.io/backup-volumes-excludes":"a,b"}},"spec":{"volumes":[{"name":"b","persistentVolumeClaim":{}}]}}`, true, false},
		"post hook":  {"by annotation", head + `,"annotations":{"post.hook.restore.velero.io/command":"x"}}}`, false, true},
		"init hook":  {"by annotation", head + `,"annotations":{"init.hook.restore.velero.io/container-image":"x"}}}`, false, true},
		"wrong type": {"no volumes in a text", head + `},"spec":{"volumes":"a"}}`, false, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			item, err := krm.NewItem([]byte(tc.raw))
			if err != nil {
				t.Fatal(err)
			}
			look := fn.New("look", "Looks.", func(_ context.Context, _ fn.NoConfig, l *fn.List) error {
				if got := podneeds.HasVolumes(l.Objects[0]); got != tc.volumes {
					t.Errorf("HasVolumes = %v: %s", got, tc.reason)
				}
				if got := podneeds.HasHooks(l.Objects[0]); got != tc.hooks {
					t.Errorf("HasHooks = %v: %s", got, tc.reason)
				}
				return nil
			})
			if _, err := look.Run(t.Context(), &krm.ResourceList{Items: []*krm.Item{item}}); err != nil {
				t.Fatal(err)
			}
		})
	}
}
