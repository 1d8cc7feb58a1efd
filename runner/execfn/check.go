package execfn

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/internal/hint"
)

// openExecutable opens the file at path if it may be executed.
func openExecutable(path string) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return nil, &hinted{fmt.Errorf("%w: %s", runner.ErrNotFound, path), nearestHint(path)}
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &hinted{fmt.Errorf("%w: %s is a directory", runner.ErrNotExecutable, path), hint.Directory}
	case !info.Mode().IsRegular():
		return nil, &hinted{fmt.Errorf("%w: %s is no regular file", runner.ErrNotExecutable, path), ""}
	case info.Mode().Perm()&0o111 == 0:
		return nil, &hinted{
			fmt.Errorf("%w: %s has mode %s", runner.ErrNotExecutable, path, info.Mode().Perm()),
			hint.Mode,
		}
	}
	if err := unix.Access(path, unix.X_OK); err != nil {
		return nil, &hinted{
			fmt.Errorf("%w: %s: %w", runner.ErrNotExecutable, path, err),
			hint.Access,
		}
	}
	return os.Open(path)
}

// nearestHint names the first directory on the way to path that is missing.
func nearestHint(path string) string {
	missing := path
	for dir := filepath.Dir(path); dir != missing; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		missing = dir
	}
	if missing == path {
		return fmt.Sprintf(hint.NoFile, filepath.Dir(path))
	}
	return fmt.Sprintf(hint.NoDirectory, missing)
}

const elfHeaderBytes = 64

// checkFormat checks that the kernel can execute the file, and reports
// whether it is a script.
func checkFormat(file *os.File, path string) (isScript bool, err error) {
	head := make([]byte, 4096)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte(elf.ELFMAG)):
		return false, checkELF(head, path)
	case bytes.HasPrefix(head, []byte("#!")):
		return true, checkInterpreter(head, path)
	case len(head) == 0:
		return false, &hinted{fmt.Errorf("%w: %s is empty", runner.ErrNotExecutable, path), hint.Incomplete}
	}
	if system := foreignSystem(head); system != "" {
		return false, &hinted{
			fmt.Errorf("%w: %s is built for %s, this is linux/%s", runner.ErrWrongArchitecture, path, system, runtime.GOARCH),
			fmt.Sprintf(hint.System, runtime.GOARCH),
		}
	}
	return false, &hinted{
		fmt.Errorf("%w: %s is neither a program nor a script with a #! line", runner.ErrNotExecutable, path),
		hint.Script,
	}
}

func foreignSystem(head []byte) string {
	for magic, system := range map[string]string{
		"\xcf\xfa\xed\xfe": "macOS", "\xce\xfa\xed\xfe": "macOS", "\xca\xfe\xba\xbe": "macOS",
		"MZ": "Windows", "\x00asm": "WebAssembly",
	} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return system
		}
	}
	return ""
}

// machines maps the machines of ELF files to the names that Go and container
// images use.
func machines() map[elf.Machine]string {
	return map[elf.Machine]string{
		elf.EM_X86_64: "amd64", elf.EM_386: "386", elf.EM_AARCH64: "arm64", elf.EM_ARM: "arm",
		elf.EM_PPC64: "ppc64le", elf.EM_S390: "s390x", elf.EM_RISCV: "riscv64", elf.EM_LOONGARCH: "loong64",
	}
}

func checkELF(head []byte, path string) error {
	if len(head) < elfHeaderBytes {
		return &hinted{fmt.Errorf("%w: %s ends in its header", runner.ErrNotExecutable, path), hint.Incomplete}
	}
	machine := elf.Machine(head[18]) | elf.Machine(head[19])<<8
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		machine = elf.Machine(head[19]) | elf.Machine(head[18])<<8
	}
	arch, known := machines()[machine]
	if !known {
		arch = machine.String()
	}
	if arch == runtime.GOARCH || (arch == "386" && runtime.GOARCH == "amd64") || emulated(arch) {
		return nil
	}
	return &hinted{
		fmt.Errorf("%w: %s is built for %s, this is linux/%s", runner.ErrWrongArchitecture, path, arch, runtime.GOARCH),
		fmt.Sprintf(hint.Architecture, runtime.GOARCH),
	}
}

// emulated reports whether the kernel hands programs for arch to an emulator.
func emulated(arch string) bool {
	qemu := map[string]string{"arm64": "aarch64", "amd64": "x86_64", "386": "i386"}[arch]
	if qemu == "" {
		qemu = arch
	}
	state, err := os.ReadFile("/proc/sys/fs/binfmt_misc/qemu-" + qemu)
	return err == nil && bytes.HasPrefix(state, []byte("enabled"))
}

// checkInterpreter checks that the program in the #! line is there.
func checkInterpreter(head []byte, path string) error {
	line, _, _ := strings.Cut(string(head[2:]), "\n")
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return &hinted{fmt.Errorf("%w: the #! line of %s names no interpreter", runner.ErrNotExecutable, path), ""}
	}
	if strings.HasSuffix(line, "\r") {
		return &hinted{
			fmt.Errorf("%w: the #! line of %s ends in a carriage return", runner.ErrNotExecutable, path),
			hint.LineEnds,
		}
	}
	if _, err := os.Stat(fields[0]); err != nil {
		return &hinted{
			fmt.Errorf("%w: %s, the interpreter of %s", runner.ErrNotFound, fields[0], path),
			hint.Interpreter,
		}
	}
	return nil
}

// explainStart says why the kernel did not start what New had checked.
func (e *Exec) explainStart(err error) error {
	var h *hinted
	switch {
	case errors.As(err, &h):
		return err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOEXEC):
	default:
		return err
	}
	if _, statErr := os.Stat(e.dirOrDot()); statErr != nil {
		return &hinted{fmt.Errorf("use working directory: %w", statErr), ""}
	}
	file, openErr := openExecutable(e.path)
	if openErr != nil {
		return openErr
	}
	defer file.Close() //nolint:errcheck // only read
	if _, formatErr := checkFormat(file, e.path); formatErr != nil {
		return formatErr
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &hinted{
			fmt.Errorf("%w: the program that loads or interprets %s", runner.ErrNotFound, e.path),
			hint.Loader,
		}
	}
	return &hinted{fmt.Errorf("%w: %w", runner.ErrNotExecutable, err), ""}
}

func (e *Exec) dirOrDot() string {
	if e.dir == "" {
		return "."
	}
	return e.dir
}

// exitHint says what exit codes and signals mean that are not the function's.
func exitHint(end ending) string {
	switch {
	case end.exitCode == 126:
		return hint.Exit126
	case end.exitCode == 127:
		return hint.Exit127
	case end.signal == syscall.SIGKILL.String():
		return hint.Killed
	case end.signal == syscall.SIGXCPU.String(), end.signal == syscall.SIGXFSZ.String():
		return hint.Limits
	}
	return ""
}

// outputHint says what to do about output that cannot be read.
func outputHint(err error, stdout []byte) string {
	var syntax *krm.SyntaxError
	switch {
	case errors.Is(err, krm.ErrNoResourceList):
		return hint.NoList
	case errors.As(err, &syntax) && syntax.Hint != "":
		return syntax.Hint
	case truncated(stdout):
		return fmt.Sprintf(hint.Truncated, len(stdout))
	default:
		return fmt.Sprintf(hint.Stdout, len(stdout))
	}
}

func truncated(stdout []byte) bool {
	text := bytes.TrimSpace(stdout)
	return bytes.HasPrefix(text, []byte("{")) && !bytes.HasSuffix(text, []byte("}"))
}
