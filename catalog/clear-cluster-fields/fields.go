package clearclusterfields

import (
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
)

// serverFields of metadata are set by the API server alone
// (k8s.io/apimachinery/pkg/apis/meta/v1, ObjectMeta, "Read-only" and "Populated
// by the system").
var serverFields = [...]string{
	"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
	"deletionGracePeriodSeconds", "selfLink", "managedFields",
}

func clearMetadata(o *fn.Object) {
	metadata, ok := o.Node("metadata")
	if !ok {
		return
	}
	for _, field := range serverFields {
		metadata.Remove(field)
	}
}

// clearServiceIPs leaves headless Services headless: there "None" is a choice.
func clearServiceIPs(o *fn.Object) {
	if !o.Is("", "Service") {
		return
	}
	if ip, _ := o.GetString("spec", "clusterIP"); ip == "None" {
		return
	}
	if ips, _ := o.Get("spec", "clusterIPs"); isNone(ips) {
		return
	}
	o.Remove("spec", "clusterIP")
	o.Remove("spec", "clusterIPs")
}

func isNone(ips any) bool {
	list, _ := ips.([]any)
	return len(list) > 0 && list[0] == "None"
}

func clearNodePorts(o *fn.Object) {
	if !o.Is("", "Service") {
		return
	}
	for _, port := range o.Nodes("spec", "ports") {
		port.Remove("nodePort")
	}
	o.Remove("spec", "healthCheckNodePort")
}

func clearPodNode(o *fn.Object) {
	if o.Is("", "Pod") {
		o.Remove("spec", "nodeName")
	}
}

// clearClaimRef keeps the claim's namespace and name: without the identity a
// volume is reserved for a claim of that name, with it the controller would
// hold the new claim for another one and release the volume.
func clearClaimRef(o *fn.Object) {
	if !o.Is("", "PersistentVolume") {
		return
	}
	o.Remove("spec", "claimRef", "uid")
	o.Remove("spec", "claimRef", "resourceVersion")
}

// bindingAnnotations are what the controllers of volumes note on claims.
var bindingAnnotations = [...]string{
	"pv.kubernetes.io/bind-completed",
	"pv.kubernetes.io/bound-by-controller",
	"volume.kubernetes.io/selected-node",
	"volume.kubernetes.io/storage-provisioner",
	"volume.beta.kubernetes.io/storage-provisioner",
}

func clearVolumeBinding(o *fn.Object) {
	if !o.Is("", "PersistentVolumeClaim") {
		return
	}
	o.Remove("spec", "volumeName")
	for _, key := range bindingAnnotations {
		o.Remove("metadata", "annotations", key)
	}
}

// jobLabels name the Job by its uid. The API server generates them, and
// refuses them with another uid, unless spec.manualSelector is true.
var jobLabels = [...]string{"controller-uid", "batch.kubernetes.io/controller-uid"}

func clearJobLabels(o *fn.Object) {
	if !o.Is("batch", "Job") {
		return
	}
	if manual, _ := o.GetBool("spec", "manualSelector"); manual {
		return
	}
	for _, label := range jobLabels {
		o.Remove("metadata", "labels", label)
		o.Remove("spec", "selector", "matchLabels", label)
		for _, template := range podspec.Templates(o) {
			template.Remove("metadata", "labels", label)
		}
	}
	if labels, ok := o.Node("spec", "selector", "matchLabels"); ok && len(labels.Keys()) == 0 && !o.Has("spec", "selector", "matchExpressions") {
		o.Remove("spec", "selector")
	}
}

// clearStatus removes a mapping alone: anything else of that name is no status
// in the sense of the API conventions.
func clearStatus(o *fn.Object) {
	if _, ok := o.Node("status"); ok {
		o.Remove("status")
	}
}
