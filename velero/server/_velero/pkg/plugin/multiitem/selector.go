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
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/vmware-tanzu/velero/pkg/discovery"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	"github.com/vmware-tanzu/velero/pkg/util/collections"
)

// selector tells which items an action wants, by the rules for item actions
// (pkg/plugin/framework/action_resolver.go).
type selector struct {
	resources  *collections.IncludesExcludes
	namespaces *collections.IncludesExcludes
	labels     labels.Selector
}

// resolveSelector asks an action what it applies to. One that does not say so in
// time hangs, and its process is killed.
func resolveSelector(ctx context.Context, process *process, timeout time.Duration, helper discovery.Helper) (*selector, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	running, err := process.get(ctx)
	if err != nil {
		return nil, err
	}
	applies, err := running.Client.AppliesTo(ctx)
	running.Stop(err != nil)
	if err != nil {
		return nil, err
	}

	s := &selector{
		resources:  collections.GetResourceIncludesExcludes(helper, applies.IncludedResources, applies.ExcludedResources),
		namespaces: collections.NewIncludesExcludes().Includes(applies.IncludedNamespaces...).Excludes(applies.ExcludedNamespaces...),
		labels:     labels.Everything(),
	}
	if applies.LabelSelector != "" {
		if s.labels, err = labels.Parse(applies.LabelSelector); err != nil {
			return nil, fmt.Errorf("error parsing label selector: %w", err)
		}
	}
	return s, nil
}

// matches is the rule for all but labels.
func (s *selector) matches(id velero.ResourceIdentifier) bool {
	if !s.resources.ShouldInclude(id.GroupResource.String()) {
		return false
	}
	if id.Namespace == "" {
		return s.namespaces.IncludeEverything()
	}
	return s.namespaces.ShouldInclude(id.Namespace)
}

// matchesLabels looks into the object only when there is a label selector.
func (s *selector) matchesLabels(object []byte) (bool, error) {
	if s.labels.Empty() {
		return true, nil
	}
	head, err := ReadHead(object)
	if err != nil {
		return false, err
	}
	return s.labels.Matches(labels.Set(head.Metadata.Labels)), nil
}
