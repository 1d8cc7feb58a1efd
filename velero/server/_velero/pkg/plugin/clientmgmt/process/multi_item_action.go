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

package process

import (
	"fmt"

	"github.com/hashicorp/go-hclog"
	hcplugin "github.com/hashicorp/go-plugin"
	"github.com/sirupsen/logrus"
	"github.com/velero-krm/velero-krm/multiitem"

	"github.com/vmware-tanzu/velero/pkg/plugin/framework"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework/common"
)

// withMultiItemActions makes a plugin process one that may list and serve
// multi-item actions.
func withMultiItemActions(config *hcplugin.ClientConfig) *hcplugin.ClientConfig {
	multiitem.ConfigureHost(config)
	return config
}

// ReplacedByMultiItemAction tells whether a multi-item action is registered
// under the name of an item action: Velero calls one of the two, never both.
func (r *registry) ReplacedByMultiItemAction(id framework.PluginIdentifier) bool {
	kind, ok := common.MultiItemKindOf(id.Kind)
	if !ok {
		return false
	}
	_, replaced := r.pluginsByID[KindAndName{Kind: kind, Name: id.Name}]
	return replaced
}

// StartMultiItemAction starts a process of the action's command for the action
// alone.
func StartMultiItemAction(id framework.PluginIdentifier, logger logrus.FieldLogger, logLevel logrus.Level) (*multiitem.Process, error) {
	builder := newClientBuilder(id.Command, logger.WithField("cmd", id.Command), logLevel)
	config := withMultiItemActions(builder.clientConfig())
	config.Logger = exitLogger{config.Logger}
	client := hcplugin.NewClient(config)
	protocolClient, err := client.Client()
	if err != nil {
		// It may have started and not have been reached.
		client.Kill()
		return nil, fmt.Errorf("error starting plugin %s: %w", id.Command, err)
	}
	stop := func(failed bool) {
		// A process that hangs does not answer when it is asked to exit, and
		// Kill waits for that answer.
		if failed {
			_ = config.Cmd.Process.Kill()
		}
		client.Kill()
	}

	p := &process{client: client, protocolClient: protocolClient}
	dispensed, err := p.dispense(KindAndName{Kind: id.Kind, Name: id.Name})
	if err != nil {
		stop(true)
		return nil, fmt.Errorf("error dispensing multi-item action %q: %w", id.Name, err)
	}
	action, ok := dispensed.(*multiitem.Client)
	if !ok {
		stop(true)
		return nil, fmt.Errorf("%T is not a multi-item action", dispensed)
	}
	return &multiitem.Process{Client: action, Stop: stop}, nil
}

// exitLogger warns of the end of a process, which go-plugin logs as an error.
// An error in the log of a backup makes it fail partially, and the items that
// the process left are given to another one.
type exitLogger struct{ hclog.Logger }

// Error logs at the level Error but for the end of the process.
func (l exitLogger) Error(msg string, args ...any) {
	if msg == "plugin process exited" {
		l.Logger.Warn(msg, args...)
		return
	}
	l.Logger.Error(msg, args...)
}

// Warn logs at the level Warn but for a process that is slow to end: it has done
// its work, and on a busy machine two seconds are not much.
func (l exitLogger) Warn(msg string, args ...any) {
	switch msg {
	case "plugin failed to exit gracefully", "error closing client during Kill":
		l.Info(msg, args...)
	default:
		l.Logger.Warn(msg, args...)
	}
}
