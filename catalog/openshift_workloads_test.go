package catalog_test

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// workload is what the plugin does on restore to everything with pods: the
// actions 07 to 14 and 16.
func (p plugin) workload(o, backup map[string]any, kind string) bool {
	switch kind {
	case "Pod":
		return p.pod(o, backup)
	case "DeploymentConfig":
		p.deploymentConfig(o)
	case "ReplicationController": // 09-replicationcontroller-restore-plugin
		for range owners(backup, "DeploymentConfig") {
			if texts(o, "metadata", "annotations")["openshift.io/paused-owner-ref"] == "" {
				return false
			}
		}
		if len(owners(backup, "DeploymentConfig")) > 0 {
			delete(mapping(o, "metadata", "annotations"), "openshift.io/paused-owner-ref")
		}
	case "Job": // 10-job-restore-plugin
		if len(owners(backup, "CronJob")) > 0 {
			return false
		}
	case "CronJob": // 16-cronjob-restore-plugin
		p.images(o, mapping(o, "spec", "jobTemplate", "spec", "template", "spec"))
		delete(mapping(o, "spec"), "timeZone") // batch/v1beta1 got it late
		return true
	}
	p.images(o, mapping(o, "spec", "template", "spec"))
	return true
}

// images swaps the registries of containers and init containers, and writes
// each container as the typed object that it was read into.
func (p plugin) images(o, spec map[string]any) {
	for _, field := range []string{"containers", "initContainers"} {
		for _, c := range elements(spec[field]) {
			p.swap(o, c, "image")
			c["resources"] = map[string]any{}
		}
	}
}

// swap is ReplaceImageRefPrefix of the plugin.
func (p plugin) swap(o, holder map[string]any, field string) {
	notes := texts(o, "metadata", "annotations")
	from, to := notes["openshift.io/backup-registry-hostname"], notes["openshift.io/restore-registry-hostname"]
	host, path, ok := strings.Cut(text(holder, field), "/")
	if !ok || from == "" || to == "" || host != from {
		return
	}
	namespace, rest, ok := strings.Cut(path, "/")
	mapped := path
	if ok && p.namespaces[namespace] != "" {
		mapped = p.namespaces[namespace] + "/" + rest
	}
	if name, _, digest := strings.Cut(path, "@"); ok && namespace == "openshift" && digest {
		mapped = name
	}
	holder[field] = to + "/" + mapped
}

// pod is 07-pod-restore-plugin.
func (p plugin) pod(o, backup map[string]any) bool {
	if texts(backup, "metadata", "annotations")["openshift.io/build.name"] != "" {
		return false
	}
	spec := mapping(o, "spec")
	delete(spec, "nodeSelector")
	for _, key := range []string{"k8s.ovn.org/pod-networks", "k8s.v1.cni.cncf.io/network-status"} {
		delete(mapping(o, "metadata", "annotations"), key)
	}
	labels := mapping(o, "metadata", "labels")
	needed := hasData(o) || p.hooks != nil && (asksForHook(o) || p.hooked(text(o, "metadata", "namespace"), texts(o, "metadata", "labels")))
	if refs, _ := mapping(backup, "metadata")["ownerReferences"].([]any); len(refs) > 0 && !needed {
		return false
	}
	if text(labels, "deployment") != "" && text(labels, "deploymentconfig") != "" && needed {
		delete(labels, "deployment")
		delete(labels, "deploymentconfig")
		labels["oadp.openshift.io/disconnected-from-dc"] = p.restore
	}
	p.images(o, spec)
	for _, ref := range elements(spec["imagePullSecrets"]) {
		p.secret(ref)
	}
	if image := p.notes["migration.openshift.io/stage-pod-image"]; image != "" && text(labels, "migration-included-stage-backup") != "" {
		stage(o, spec, image)
	}
	return true
}

// stage makes a stage pod: init containers keep their mounts.
func stage(o, spec map[string]any, image string) {
	excluded := strings.Split(texts(o, "metadata", "annotations")["migration.openshift.io/exclude-pvcs"], ",")
	var volumes, names []any
	for _, v := range elements(spec["volumes"]) {
		if v["persistentVolumeClaim"] != nil && !slices.Contains(excluded, text(v, "name")) {
			volumes, names = append(volumes, v), append(names, v["name"])
		}
	}
	spec["volumes"] = volumes
	for _, c := range elements(spec["containers"]) {
		var mounts []any
		for _, m := range elements(c["volumeMounts"]) {
			if slices.Contains(names, m["name"]) {
				mounts = append(mounts, m)
			}
		}
		c["image"], c["command"], c["args"], c["volumeMounts"] = image, []any{"sleep"}, []any{"infinity"}, mounts
	}
}

// deploymentConfig is 08-deploymentconfig-restore-plugin, without the images. A
// trigger gets the new namespace of the DeploymentConfig.
func (p plugin) deploymentConfig(o map[string]any) {
	for _, trigger := range elements(mapping(o, "spec")["triggers"]) {
		if from := mapping(trigger, "imageChangeParams", "from"); p.namespaces[text(from, "namespace")] != "" {
			from["namespace"] = p.namespaces[text(o, "metadata", "namespace")]
		}
	}
	spec, notes := mapping(o, "spec"), texts(o, "metadata", "annotations")
	replicas, _ := spec["replicas"].(int64)
	labels := map[string]string{}
	for pair := range strings.SplitSeq(notes["oadp.openshift.io/pod-labels"], ",") {
		key, value, _ := strings.Cut(pair, "=")
		labels[key] = value
	}
	if replicas == 0 || notes["oadp.openshift.io/pods-have-volumes"] != "true" && notes["oadp.openshift.io/has-pod-restore-hooks"] != "true" &&
		!p.hooked(text(o, "metadata", "namespace"), labels) {
		return
	}
	paused, _ := spec["paused"].(bool)
	annotate(o, "oadp.openshift.io/original-replicas", strconv.FormatInt(replicas, 10))
	annotate(o, "oadp.openshift.io/original-paused", strconv.FormatBool(paused))
	spec["replicas"] = int64(0)
	if paused {
		spec["paused"] = false
	}
	metadata := mapping(o, "metadata")
	if metadata["labels"] == nil {
		metadata["labels"] = map[string]any{}
	}
	mapping(metadata, "labels")["oadp.openshift.io/replicas-modified"] = p.restore
}

// mapping returns the mapping at keys, nil when there is none.
func mapping(o map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		o, _ = o[key].(map[string]any)
	}
	return o
}

// text returns the text at keys, "" when there is none.
func text(o map[string]any, keys ...string) string {
	last := len(keys) - 1
	s, _ := mapping(o, keys[:last]...)[keys[last]].(string)
	return s
}

// texts returns the mapping of texts at keys.
func texts(o map[string]any, keys ...string) map[string]string {
	m := map[string]string{}
	for key, v := range mapping(o, keys...) {
		if s, ok := v.(string); ok {
			m[key] = s
		}
	}
	return m
}

// elements returns the mappings of a list.
func elements(v any) []map[string]any {
	list, _ := v.([]any)
	var all []map[string]any
	for _, element := range list {
		if m, ok := element.(map[string]any); ok {
			all = append(all, m)
		}
	}
	return all
}

func annotate(o map[string]any, key, value string) {
	metadata := mapping(o, "metadata")
	if mapping(metadata, "annotations") == nil {
		metadata["annotations"] = map[string]any{}
	}
	mapping(metadata, "annotations")[key] = value
}

// owners returns the names of the owners of a kind.
func owners(o map[string]any, kind string) []string {
	var names []string
	for _, ref := range elements(mapping(o, "metadata")["ownerReferences"]) {
		if text(ref, "kind") == kind {
			names = append(names, text(ref, "name"))
		}
	}
	return names
}

func groupOf(o map[string]any) string {
	group, _, ok := strings.Cut(text(o, "apiVersion"), "/")
	if !ok {
		return ""
	}
	return group
}

// includes reports whether labels have all of a selector.
func includes(labels, selector map[string]string) bool {
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		if labels[key] != selector[key] {
			return false
		}
	}
	return true
}

// hasData reports whether a pod of the example has a volume that is backed up.
func hasData(pod map[string]any) bool {
	return slices.ContainsFunc(elements(mapping(pod, "spec")["volumes"]), func(v map[string]any) bool {
		return v["persistentVolumeClaim"] != nil || v["emptyDir"] != nil
	})
}

// asksForHook reports whether the annotations of a pod ask for a hook.
func asksForHook(pod map[string]any) bool {
	notes := texts(pod, "metadata", "annotations")
	return notes["post.hook.restore.velero.io/command"] != "" || notes["init.hook.restore.velero.io/container-image"] != ""
}

// hooked reports whether the Restore has a hook for pods of a namespace with
// these labels. The example has hooks of the simplest patterns.
func (p plugin) hooked(namespace string, labels map[string]string) bool {
	names := func(hook map[string]any, field, name string) bool {
		list, _ := hook[field].([]any)
		return slices.ContainsFunc(list, func(pattern any) bool {
			ok, err := path.Match(pattern.(string), name)
			return ok && err == nil
		})
	}
	return slices.ContainsFunc(p.hooks, func(hook map[string]any) bool {
		actions, _ := hook["postHooks"].([]any)
		return len(actions) > 0 && names(hook, "includedNamespaces", namespace) && !names(hook, "excludedNamespaces", namespace) &&
			names(hook, "includedResources", "pods") && includes(labels, texts(hook, "labelSelector", "matchLabels"))
	})
}

// dropLast takes the last element whose name begins with prefix out of a list.
func dropLast(o map[string]any, field, prefix string) {
	list, _ := o[field].([]any)
	for i := len(list) - 1; i >= 0; i-- {
		if ref, _ := list[i].(map[string]any); strings.HasPrefix(text(ref, "name"), prefix) {
			o[field] = slices.Delete(slices.Clone(list), i, i+1)
			return
		}
	}
}
