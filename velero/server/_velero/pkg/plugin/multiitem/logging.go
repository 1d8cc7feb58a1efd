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
	"context"
	"log/slog"

	"github.com/sirupsen/logrus"
)

// newSlog returns a logger that writes to a run's log. It writes no higher than
// info: warnings and errors of a log are counted by the backup, and what is one
// goes to the List.
func newSlog(log logrus.FieldLogger) *slog.Logger {
	return slog.New(&handler{log: log})
}

type handler struct {
	log logrus.FieldLogger
}

func (h *handler) Enabled(context.Context, slog.Level) bool { return true }

func (h *handler) Handle(_ context.Context, record slog.Record) error {
	log := h.log
	record.Attrs(func(attr slog.Attr) bool {
		log = log.WithField(attr.Key, attr.Value.String())
		return true
	})
	if record.Level < slog.LevelInfo {
		log.Debug(record.Message)
	} else {
		log.Info(record.Message)
	}
	return nil
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	log := h.log
	for _, attr := range attrs {
		log = log.WithField(attr.Key, attr.Value.String())
	}
	return &handler{log: log}
}

// WithGroup ignores groups: the runner of actions uses none.
func (h *handler) WithGroup(string) slog.Handler { return h }
