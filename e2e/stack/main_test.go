package stack

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// roleEnv makes the test binary stand for a program that uses the package.
const roleEnv = "VELERO_KRM_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "stack":
		os.Exit(programStack())
	case "process":
		os.Exit(programProcess())
	default:
		os.Exit(m.Run())
	}
}

// programStack is the way a program uses a stack: it starts one, says where,
// and stops it when it is told to.
func programStack() int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	s, err := Start(ctx, Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(s.Dir)
	<-ctx.Done()
	if err := s.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// programProcess starts a process with a child and waits to be killed.
func programProcess() int {
	p, err := startProcess(command{
		name: "parent", path: "/bin/sh", dir: os.Getenv("DIR"),
		args: []string{"-c", "sleep 1000 & sleep 1000"},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(p.pid)
	select {}
}
