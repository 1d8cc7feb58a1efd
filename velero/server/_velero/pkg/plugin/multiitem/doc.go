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

// Package multiitem calls multi-item actions for the backup and the restore:
// it finds those that are registered, starts their processes, gives them the
// items they ask for, and takes their answers.
//
// A host resolves the actions of a run once, runs them over its List, and over
// a list of one for each item that joins later:
//
//	actions, err := multiitem.Resolve(ctx, multiitem.Config{Kind: mia.KindBackup, Manager: pluginManager, ...})
//	defer actions.Close()
//	err = actions.Run(ctx, list)
//	err = actions.RunLate(ctx, oneMore)
package multiitem
