package execfn_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/execfn"
)

func ExampleNew() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "refuse")
	script := "#!/bin/sh\ncat > /dev/null\necho no route to the registry >&2\nexit 3\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		fmt.Println(err)
		return
	}
	f, err := execfn.New(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = runner.WithTimeout(f, 30*time.Second).Run(context.Background(), &krm.ResourceList{})
	fmt.Println(err)

	_, err = execfn.New("/data/executables/missing")
	fmt.Println(err)
	// Output:
	// run function "refuse": exit code 3: stderr: no route to the registry
	// run function "missing": executable not found: /data/executables/missing (there is no /data: is the volume mounted?)
}
