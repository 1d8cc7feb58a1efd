package framework

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
)

func TestLogBridge(t *testing.T) {
	var buf bytes.Buffer
	logger := logrus.New()
	logger.SetOutput(&buf)
	logger.SetLevel(logrus.InfoLevel)
	log := NewLogger(logger.WithField("from", "velero")).With("a", 1)
	log.Debug("hidden")
	log.Info("shown", "b", "two")
	log.WithGroup("g").With("c", 3).Warn("grouped", slog.Group("h", "d", 4), "e", 5)
	log.Error("bad")
	for _, want := range []string{
		"level=info msg=shown a=1 b=two from=velero", "level=warning msg=grouped a=1 from=velero g.c=3 g.e=5 g.h.d=4", "level=error msg=bad a=1",
	} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("log lacks %q:\n%s", want, buf.String())
		}
	}
	if strings.Contains(buf.String(), "hidden") {
		t.Errorf("debug must follow Velero's level:\n%s", buf.String())
	}
}
