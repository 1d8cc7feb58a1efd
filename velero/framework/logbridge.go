package framework

import (
	"context"
	"log/slog"

	"github.com/sirupsen/logrus"
)

// NewLogger returns a slog logger that writes to Velero's logrus. Attributes
// become fields; a group's name is put before its keys with a dot.
func NewLogger(log logrus.FieldLogger) *slog.Logger { return slog.New(logHandler{log: log}) }

// logHandler is a [slog.Handler] over logrus. It filters nothing: logrus knows
// its level and slog's Enabled must be asked without knowing the entry's logger.
type logHandler struct {
	log    logrus.FieldLogger
	prefix string
}

var _ slog.Handler = logHandler{}

// Enabled asks the level of the logger when it can be known.
func (h logHandler) Enabled(_ context.Context, level slog.Level) bool {
	switch l := h.log.(type) {
	case *logrus.Logger:
		return l.IsLevelEnabled(logrusLevel(level))
	case *logrus.Entry:
		return l.Logger.IsLevelEnabled(logrusLevel(level))
	}
	return true
}

// Handle writes one record.
func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	fields := logrus.Fields{}
	r.Attrs(func(a slog.Attr) bool {
		addField(fields, h.prefix, a)
		return true
	})
	entry := h.log.WithFields(fields)
	switch logrusLevel(r.Level) {
	case logrus.ErrorLevel:
		entry.Error(r.Message)
	case logrus.WarnLevel:
		entry.Warn(r.Message)
	case logrus.InfoLevel:
		entry.Info(r.Message)
	default:
		entry.Debug(r.Message)
	}
	return nil
}

// WithAttrs returns a handler that adds attrs to every record.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	fields := logrus.Fields{}
	for _, a := range attrs {
		addField(fields, h.prefix, a)
	}
	return logHandler{log: h.log.WithFields(fields), prefix: h.prefix}
}

// WithGroup returns a handler that puts name before the keys that follow.
func (h logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return logHandler{log: h.log, prefix: h.prefix + name + "."}
}

func addField(fields logrus.Fields, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, member := range v.Group() {
			addField(fields, prefix, member)
		}
		return
	}
	if a.Key != "" {
		fields[prefix+a.Key] = v.Any()
	}
}

func logrusLevel(level slog.Level) logrus.Level {
	switch {
	case level >= slog.LevelError:
		return logrus.ErrorLevel
	case level >= slog.LevelWarn:
		return logrus.WarnLevel
	case level >= slog.LevelInfo:
		return logrus.InfoLevel
	}
	return logrus.DebugLevel
}
