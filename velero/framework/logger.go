package framework

import (
	"github.com/sirupsen/logrus"
	"github.com/vmware-tanzu/velero/pkg/util/logging"
)

// newServerLogger returns a logger whose lines the Velero server reads: go-plugin
// parses JSON on the plugin's stderr. stdout belongs to go-plugin.
func newServerLogger() *logrus.Logger {
	log := logrus.New()
	log.Formatter = &logrus.JSONFormatter{
		// The key of hclog, which go-plugin reads.
		FieldMap: logrus.FieldMap{logrus.FieldKeyMsg: "@message"},
		// The server puts its own.
		DisableTimestamp: true,
	}
	// The name tells the server that the place in the code is there already.
	log.Hooks.Add((&logging.LogLocationHook{}).WithLoggerName("plugin"))
	log.Hooks.Add(&logging.ErrorLocationHook{})
	// hclog writes "warn" where logrus writes "warning".
	log.Hooks.Add(&logging.HcLogLevelHook{})
	return log
}
