package stack

import (
	"context"
	"fmt"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// locationKey names the one BackupStorageLocation, which is the default.
var locationKey = client.ObjectKey{Namespace: VeleroNamespace, Name: "default"}

// installVelero puts the CRDs that binary wants and the objects its server
// needs into the cluster. It may run again, with another binary.
func (s *Stack) installVelero(ctx context.Context, binary string) error {
	manifests, err := crds(ctx, binary, s.Dir)
	if err != nil {
		return err
	}
	objects, err := ParseManifests(manifests)
	if err != nil {
		return err
	}
	if err := s.ControlPlane.Apply(ctx, objects...); err != nil {
		return err
	}
	if err := s.ControlPlane.CreateNamespace(ctx, VeleroNamespace); err != nil {
		return err
	}
	if err := createOnce(ctx, s.ControlPlane.Client, deployment()); err != nil {
		return err
	}
	return s.resetLocation(ctx)
}

// resetLocation makes the BackupStorageLocation, or takes away the state that
// an earlier server left in it, so that it becomes available when the next
// server has seen the bucket.
func (s *Stack) resetLocation(ctx context.Context) error {
	location := s.location()
	status := "null"
	if s.shared() {
		// Velero looks for backups when it starts and then every minute, only in a
		// location that is known to be available. This one is: another Velero uses it.
		location.Status.Phase = velerov1api.BackupStorageLocationPhaseAvailable
		status = `{"phase":"Available","lastSyncedTime":null,"lastValidationTime":null}`
	}
	err := s.ControlPlane.Client.Create(ctx, location)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"status":`+status+`}`))
	if err := s.ControlPlane.Client.Patch(ctx, location, patch); err != nil {
		return fmt.Errorf("reset BackupStorageLocation: %w", err)
	}
	return nil
}

// location points Velero at the stack's bucket.
func (s *Stack) location() *velerov1api.BackupStorageLocation {
	return &velerov1api.BackupStorageLocation{
		ObjectMeta: metav1.ObjectMeta{Namespace: locationKey.Namespace, Name: locationKey.Name},
		Spec: velerov1api.BackupStorageLocationSpec{
			Provider: "aws",
			Default:  true,
			StorageType: velerov1api.StorageType{
				ObjectStorage: &velerov1api.ObjectStorageLocation{Bucket: s.S3.Bucket},
			},
			Config: map[string]string{
				"region":           s.S3.Region,
				"s3ForcePathStyle": "true",
				"s3Url":            s.S3.Endpoint,
			},
		},
	}
}

// deployment is what Velero looks up when it restores: the pod-volume action
// reads its own Deployment and fails each restore when it is missing.
func deployment() *appsv1.Deployment {
	labels := map[string]string{"component": "velero", "deploy": "velero"}
	var none int32
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: VeleroNamespace, Name: "velero", Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: &none,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					Containers: []corev1.Container{{Name: "velero", Image: "velero"}},
				},
			},
		},
	}
}

// createOnce leaves an object that exists as it is.
func createOnce(ctx context.Context, c client.Client, obj client.Object) error {
	if err := c.Create(ctx, obj); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create %s: %w", client.ObjectKeyFromObject(obj), err)
	}
	return nil
}
