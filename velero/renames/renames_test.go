package renames_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/catalog/rename"
	"github.com/velero-krm/velero-krm/krm"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

const oldName, newName = "the-old-name", "the-new-name"

// renamed are the kinds that something in the Kubernetes API may name.
var renamed = []string{
	"ConfigMap", "Secret", "Service", "ServiceAccount", "PersistentVolumeClaim", "PersistentVolume", "Node", "Endpoints",
	"StorageClass", "VolumeAttributesClass", "CSIDriver", "PriorityClass", "RuntimeClass", "IngressClass", "DeviceClass",
	"ResourceClaim", "ResourceClaimTemplate", "ClusterTrustBundle", "PriorityLevelConfiguration", "Lease", "GMSACredentialSpec",
	"ValidatingAdmissionPolicy", "MutatingAdmissionPolicy",
}

// words are what the last key of a field has that may name an object.
var words = []string{"name", "ref", "secret", "account", "class", "host", "claim", "service"}

// others are ends of fields that have one of these words and name no object
// that can be renamed.
var others = map[string]string{
	"Namespace": "a namespace", "namespace": "a namespace", "namespaces[*]": "namespaces",
	"containers[*].name": "a container", "containerName": "a container", "targetContainerName": "a container",
	"volumeMounts[*].name": "a volume of the pod", "volumeDevices[*].name": "a volume of the pod", "volumes[*].name": "a volume of the pod",
	"env[*].name": "a variable", "prefix": "of variables", "ports[*].name": "a port", "port.name": "a port", "portName": "a port", "hostIP": "an address",
	"httpHeaders[*].name": "a header", "options[*].name": "an option of DNS", "nameservers[*]": "addresses",
	"resourceClaims[*].name": "a claim of the pod", "claims[*].name": "a claim of the pod", "resourceName": "a resource as cpu",
	"sysctls[*].name": "a setting of the kernel", "os.name": "a system", "schedulingGates[*].name": "a gate", "schedulerName": "a program",
	"runAsUserName": "a user of the machine", "localhostProfile": "a file", "hostname": "of the pod itself", "grpc.service": "of the program",
	"image.reference": "an image", "diskName": "of the cloud", "shareName": "of the cloud", "pdName": "of the cloud", "datasetName": "of the cloud",
	"secretFile": "a file", "initiatorName": "of iSCSI", "scaleIO.volumeName": "of the storage", "storageos.volumeName": "of the storage", "storagePolicyName": "of vSphere",
	"hostPath.path": "a file", "persistentVolumeReclaimPolicy": "a policy", "reclaimPolicy": "a policy", "loadBalancerClass": "a program",
	"source.host": "where an event came from", "deprecatedSource.host": "where an event came from",
	"scopeName": "a scope", "matchConditions[*].name": "a condition", "variables[*].name": "a variable", "webhooks[*].name": "the webhook itself",
	"signerName": "a program", "preferredHolder": "a program", "forZones[*].name": "a zone", "rules[*].host": "of the world", "hosts[*]": "of the world",
	"metricName": "a metric", "metric.name": "a metric", "resource.name": "a resource as cpu, or an object of a custom kind", "containerResource.name": "a resource as cpu",
	"group.name": "a group of users", "user.name": "a user", "username": "a user", "requests[*].name": "a request", "firstAvailable[*].name": "a request",
	"pool.name": "of the driver", "devices[*].name": "of the driver", "sharedCounters[*].name": "of the driver", "drivers[*].name": "of the node itself", "driverName": "followed, and the name of a driver never changes",
	"target.name": "of a Binding, which is never stored",
}

// leftOut are kinds that are never in a backup.
var leftOut = []string{
	"APIGroup", "Status", "Binding", "SerializedReference", "DeploymentRollback", "TokenRequest", "LocalSubjectAccessReview",
	"SelfSubjectAccessReview", "SubjectAccessReview", "SelfSubjectReview", "TokenReview", "Scale", "Eviction", "RangeAllocation", "NodeProxyOptions",
}

// TestEveryNameIsFollowed puts an old name into each field of the API that may
// name an object: it must be changed, or told of.
func TestEveryNameIsFollowed(t *testing.T) {
	checked := 0
	for gvk, typ := range scheme.Scheme.AllKnownTypes() {
		if typ.Kind() != reflect.Struct || gvk.Version == "__internal" || slices.Contains(leftOut, gvk.Kind) || strings.HasSuffix(gvk.Kind, "List") || strings.HasSuffix(gvk.Kind, "Options") {
			continue
		}
		for _, f := range fieldsOf(typ, nil) {
			checked++
			if !follows(t, gvk, f) {
				t.Errorf("%s: %s may name an object and is neither changed nor reported", gvk, f.path)
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d fields were found", checked)
	}
}

// field is one that may name an object.
type field struct {
	path string
	// in puts a value there, into a new mapping with all that the reference
	// needs beside.
	in func(value any) map[string]any
}

func fieldsOf(typ reflect.Type, parents []reflect.Type) []field {
	if slices.Contains(parents, typ) {
		return nil
	}
	parents = append(parents[:len(parents):len(parents)], typ)
	var list []field
	for f := range typ.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		elem, lists := f.Type, 0
		for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice}, elem.Kind()) {
			if elem.Kind() == reflect.Slice {
				lists++
			}
			elem = elem.Elem()
		}
		path := key + strings.Repeat("[*]", lists)
		in := func(value any) map[string]any {
			for range lists {
				value = []any{value}
			}
			return beside(typ, map[string]any{key: value})
		}
		switch {
		case key == "metadata" || key == "status" || key == "kind" || key == "apiVersion":
		case elem.Kind() == reflect.Struct && key == "":
			list = append(list, fieldsOf(elem, parents)...)
		case elem.Kind() == reflect.Struct:
			for _, sub := range fieldsOf(elem, parents) {
				list = append(list, field{path + "." + sub.path, func(value any) map[string]any { return in(sub.in(value)) }})
			}
		case elem.Kind() == reflect.String && mayName(key):
			list = append(list, field{path, in})
		}
	}
	return slices.DeleteFunc(list, func(f field) bool { return isOther(f.path) })
}

// beside adds what says which kind of object is named.
func beside(typ reflect.Type, m map[string]any) map[string]any {
	if f, ok := typ.FieldByName("Kind"); ok && f.Type.Kind() == reflect.String {
		m["kind"] = "Service"
	}
	if _, ok := m["resourceNames"]; ok {
		m["apiGroups"], m["resources"] = []any{"*"}, []any{"services"}
	}
	return m
}

func mayName(key string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(strings.ToLower(key), word) })
}

func isOther(path string) bool {
	for end := range others {
		if strings.HasSuffix(path, end) {
			return true
		}
	}
	// Ephemeral and init containers are containers.
	return strings.HasSuffix(path, "Containers[*].name")
}

// follows reports whether the function changes the field or warns of it.
func follows(t *testing.T, gvk schema.GroupVersionKind, f field) bool {
	t.Helper()
	object := f.in(oldName)
	apiVersion, kind := gvk.ToAPIVersionAndKind()
	object["apiVersion"], object["kind"] = apiVersion, kind
	object["metadata"] = map[string]any{"name": "referrer", "namespace": "shop"}
	item, err := krm.FromObject(object)
	if err != nil {
		t.Fatal(err)
	}
	out, err := rename.Function().Run(t.Context(), &krm.ResourceList{FunctionConfig: config(t), Items: []*krm.Item{item}})
	if err != nil {
		t.Fatal(err)
	}
	warned := slices.ContainsFunc(out.Results, func(r krm.Result) bool { return r.Severity == krm.Warning })
	return warned || !strings.Contains(string(out.Items[0].Raw()), oldName)
}

func config(t *testing.T) *krm.Item {
	t.Helper()
	var list []any
	for _, kind := range renamed {
		list = append(list, map[string]any{"kind": kind, "from": oldName, "to": newName})
	}
	raw, err := json.Marshal(map[string]any{"apiVersion": "velero-krm.io/v1alpha1", "kind": "Rename", "spec": map[string]any{"renames": list}})
	if err != nil {
		t.Fatal(fmt.Errorf("encode config: %w", err))
	}
	item, err := krm.ParseConfig(raw)
	if err != nil {
		t.Fatal(err)
	}
	return item
}
