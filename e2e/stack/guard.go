package stack

import (
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// guard kills a process group when this program dies without stopping it. The
// parent-death signal reaches the leader alone; Velero's plugins, its children,
// would live on.
type guard struct {
	cmd  *exec.Cmd
	hold io.WriteCloser
}

// startGuard runs a shell that reads a pipe nobody writes to. The pipe's other
// end closes with this program, and then the shell kills the group. The options
// of kill are spelled as POSIX has them; dash knows no other way.
func startGuard(pgid int) (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", `read -r _; kill -s KILL -- "-$0"`, strconv.Itoa(pgid)) //nolint:noctx // outlives every context
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &guard{cmd: cmd, hold: hold}, nil
}

// stop ends the guard before it can act: the group's number may soon belong to
// somebody else.
func (g *guard) stop() {
	_ = g.cmd.Process.Kill()
	_ = g.cmd.Wait()
	_ = g.hold.Close()
}
