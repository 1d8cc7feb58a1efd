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

package multiitem

import (
	"github.com/sirupsen/logrus"
	mia "github.com/velero-krm/velero-krm/multiitem"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/discovery"
)

// Getter is what a plugin manager offers besides Velero's Manager interface.
type Getter interface {
	// MultiItemActions returns the registered actions of a kind, in the order
	// of their names. None of them has a process yet.
	MultiItemActions(kind mia.Kind) []Plugin
}

// Plugin is a registered multi-item action.
type Plugin struct {
	// Name of the action.
	Name string
	// Start starts a process of its own for it, which logs to the run's log.
	// Stop(true) kills it at once, Stop(false) asks it to exit first.
	Start mia.Start
}

// Config is what Resolve needs. Kind, Discovery and Log are required.
type Config struct {
	// Kind of the actions.
	Kind mia.Kind
	// Manager is the plugin manager of the run. One that is no Getter, nil
	// included, has no multi-item actions.
	Manager any
	// Discovery resolves the resources that actions select.
	Discovery discovery.Helper
	// Log of the backup or restore.
	Log logrus.FieldLogger
	// Backup is the backup that is made, or restored.
	Backup *velerov1api.Backup
	// Restore is nil on a backup.
	Restore *velerov1api.Restore
}
