package features

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// testCarry changes objects in the very lists in which Velero's own restore
// actions change them too: both changes are in what is restored.
func (p *pipelines) testCarry(t *testing.T) {
	p.apply(t, "testdata/pipeline/workloads", "carry")
	p.complete(t, p.backup(t, "carry", "carry", named("none")))
	p.put(t, "carry", pipelineText("carry", `
mutators:
- builtin: set-image-registry
  configMap: {from: registry.old.example, to: registry.dr.example}
- exec: testfn krm-feature move-ports
  selectors: [{kind: Service}]
`))
	p.complete(t, p.restore(t, "carry", "carry", "carried", named("carry")))

	api := p.ControlPlane.Client
	var pod corev1.Pod
	if err := api.Get(t.Context(), client.ObjectKey{Namespace: "carried", Name: "single"}, &pod); err != nil {
		t.Fatal(err)
	}
	images := []string{pod.Spec.InitContainers[0].Image, pod.Spec.Containers[0].Image, pod.Spec.Containers[1].Image}
	want := []string{"registry.dr.example/shop/prepare:1", "registry.dr.example/shop/web:1", "docker.io/library/nginx:1.27"}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Errorf("images of the Pod (-want +got):\n%s", diff)
	}
	if pod.Spec.NodeName != "" || len(pod.Spec.Volumes) != 1 || len(pod.Spec.Containers[0].VolumeMounts) != 1 || len(pod.Spec.InitContainers[0].VolumeMounts) != 0 {
		t.Errorf("the Pod lacks what Velero changes: node %q, volumes %v, mounts %v and %v", pod.Spec.NodeName, pod.Spec.Volumes,
			pod.Spec.Containers[0].VolumeMounts, pod.Spec.InitContainers[0].VolumeMounts)
	}

	var job batchv1.Job
	if err := api.Get(t.Context(), client.ObjectKey{Namespace: "carried", Name: "once"}, &job); err != nil {
		t.Fatal(err)
	}
	if got := job.Spec.Template.Spec.Containers[0].Image; got != "registry.dr.example/shop/once:1" {
		t.Errorf("image of the Job: want registry.dr.example/shop/once:1, got %s", got)
	}
	if got := job.Spec.Selector.MatchLabels["batch.kubernetes.io/controller-uid"]; got != string(job.UID) {
		t.Errorf("selector of the Job: want its new uid %s, got %s", job.UID, got)
	}
	p.checkCarriedService(t)
}

func (p *pipelines) checkCarriedService(t *testing.T) {
	t.Helper()
	var services [2]corev1.Service
	for i, namespace := range []string{"carry", "carried"} {
		if err := p.ControlPlane.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "ports"}, &services[i]); err != nil {
			t.Fatal(err)
		}
	}
	before, after := services[0].Spec, services[1].Spec
	var ports []int
	for i, port := range after.Ports {
		ports = append(ports, port.TargetPort.IntValue())
		if port.NodePort == before.Ports[i].NodePort {
			t.Errorf("node port %d came along; Velero takes it out", port.NodePort)
		}
	}
	if want := []int{18080, 18443}; !slices.Equal(want, ports) {
		t.Errorf("target ports of the Service: want %v, got %v", want, ports)
	}
}
