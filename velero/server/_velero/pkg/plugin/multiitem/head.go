/*
Copyright the Velero contributors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package multiitem

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

// Head is what identifies an object.
type Head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
}

// ReadHead reads the head of an object, and checks that all of it is JSON.
func ReadHead(object []byte) (Head, error) {
	var head Head
	if err := json.Unmarshal(object, &head); err != nil {
		return Head{}, fmt.Errorf("error decoding object: %w", err)
	}
	if head.Kind == "" || head.Metadata.Name == "" {
		return Head{}, errors.New("object has no kind or no name")
	}
	return head, nil
}

// CheckUpdated returns the head of an object that is to replace an item, or an
// error when it is not the same object under the same or another name. kind
// may be empty when the host does not know it. Versions are not compared.
func CheckUpdated(object []byte, id velero.ResourceIdentifier, kind string) (Head, error) {
	head, err := ReadHead(object)
	if err != nil {
		return Head{}, err
	}
	version, err := schema.ParseGroupVersion(head.APIVersion)
	if err != nil {
		return Head{}, fmt.Errorf("error parsing apiVersion: %w", err)
	}
	switch {
	case version.Group != id.Group:
		return Head{}, fmt.Errorf("action changed the API group from %q to %q", id.Group, version.Group)
	case kind != "" && head.Kind != kind:
		return Head{}, fmt.Errorf("action changed the kind from %q to %q", kind, head.Kind)
	case head.Metadata.Namespace != id.Namespace:
		return Head{}, fmt.Errorf("action changed the namespace from %q to %q", id.Namespace, head.Metadata.Namespace)
	}
	return head, nil
}
