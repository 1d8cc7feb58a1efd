package multiitem_test

import (
	"os"
	"testing"

	"github.com/velero-krm/velero-krm/multiitem/multiitemtest"
)

func TestMain(m *testing.M) {
	multiitemtest.ServeIfAsked()
	os.Exit(m.Run())
}

func TestLoopback(t *testing.T) { multiitemtest.Run(t, multiitemtest.Loopback(t)) }

func TestProcess(t *testing.T) { multiitemtest.Run(t, multiitemtest.Process(t)) }
