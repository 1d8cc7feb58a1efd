package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
)

// Download returns the folder of a released Velero in the module cache, which
// go fills if need be. goTool is the go command. The folder is read-only.
func Download(ctx context.Context, goTool, version string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, goTool, "mod", "download", "-json", Module+"@"+version)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runErr := cmd.Run()
	var module struct{ Dir, Error string }
	if err := json.Unmarshal(stdout.Bytes(), &module); err != nil && runErr == nil {
		return "", fmt.Errorf("download Velero %s: decode answer: %w", version, err)
	}
	if module.Error != "" {
		return "", fmt.Errorf("download Velero %s: %s", version, module.Error)
	}
	if runErr != nil {
		return "", fmt.Errorf("download Velero %s: %w: %s", version, runErr, bytes.TrimSpace(stderr.Bytes()))
	}
	return module.Dir, nil
}
