package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PipelineKey labels the ConfigMaps that hold pipelines, and is the label or
// annotation with which a Backup or Restore names those it wants.
const PipelineKey = "velero-krm.io/pipeline"

// PipelineConfigMap returns the ConfigMap of a pipeline beside Velero.
func PipelineConfigMap(name, text string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: VeleroNamespace, Name: name, Labels: map[string]string{PipelineKey: ""}},
		Data:       map[string]string{"pipeline.yaml": text},
	}
}

// CreatePipeline puts a pipeline beside Velero.
func (c *ControlPlane) CreatePipeline(ctx context.Context, name, text string) error {
	if err := c.Client.Create(ctx, PipelineConfigMap(name, text)); err != nil {
		return fmt.Errorf("create pipeline %q: %w", name, err)
	}
	return nil
}

// LinkFunctions fills a folder, which must exist, with functions of the
// catalogue as an image for Velero's pod would: each is krm-functions of the
// folder bin under the function's own name.
func LinkFunctions(dir, bin string, names ...string) error {
	target, err := filepath.Abs(filepath.Join(bin, "krm-functions"))
	if err != nil {
		return fmt.Errorf("link functions: %w", err)
	}
	for _, name := range names {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("link function %q: %w", name, err)
		}
	}
	return nil
}
