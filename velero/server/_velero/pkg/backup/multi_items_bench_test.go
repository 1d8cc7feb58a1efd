/*
Copyright the Velero contributors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package backup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	mia "github.com/velero-krm/velero-krm/multiitem"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vmware-tanzu/velero/pkg/plugin/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	"github.com/vmware-tanzu/velero/pkg/test"
)

// BenchmarkMultiItemList is what the backup itself spends on an action that
// updates each of 1,000 objects of 1.5 KB: reading, sending, checking, writing.
func BenchmarkMultiItemList(b *testing.B) {
	const count = 1000
	gvr := schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	action := &multiItemAction{execute: func(ctx context.Context, _ mia.Run, items *mia.Stream) error {
		for batch, err := range items.Batches(500) {
			if err != nil {
				return err
			}
			answers := make([]mia.Answer, len(batch))
			for i, it := range batch {
				answers[i] = it.Updated(it.Object)
			}
			if err := items.Answer(answers...); err != nil {
				return err
			}
		}
		return nil
	}}
	actions, err := multiitem.Resolve(context.Background(), multiitem.Config{
		Kind:      mia.KindBackup,
		Manager:   multiItemManager{actions: map[string]*multiItemAction{"example.com/all": action}},
		Discovery: test.NewFakeDiscoveryHelper(true, nil),
		Log:       test.NewLogger(),
	})
	require.NoError(b, err)
	defer actions.Close()
	m := &multiItems{actions: actions, log: test.NewLogger()}

	collect := func() []*kubernetesResource {
		dir := b.TempDir()
		m.spool = &itemSpool{dir: dir}
		m.known = map[velero.ResourceIdentifier]*knownItem{}
		items := make([]*kubernetesResource, count)
		for i := range items {
			name := fmt.Sprintf("secret-%d", i)
			path := filepath.Join(dir, name)
			object := fmt.Sprintf(`{"apiVersion":"v1","data":{"key":"%s"},"kind":"Secret","metadata":{"labels":{"a":"b"},"name":"%s","namespace":"ns"}}`,
				strings.Repeat("QUFB", 350), name)
			require.NoError(b, os.WriteFile(path, []byte(object), 0o600))
			items[i] = &kubernetesResource{groupResource: gvr.GroupResource(), preferredGVR: gvr, namespace: "ns", name: name, path: path, kind: "Secret"}
		}
		return items
	}
	for b.Loop() {
		b.StopTimer()
		items := collect()
		b.StartTimer()
		list := newBackupList(m, test.NewLogger(), items)
		require.NoError(b, actions.Run(context.Background(), list))
		require.Len(b, m.settle(list), count)
		b.StopTimer()
		m.spool.close()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*count), "µs/item")
}
