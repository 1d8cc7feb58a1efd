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
	"sync"

	mia "github.com/velero-krm/velero-krm/multiitem"
)

// process keeps the plugin process of one action between its calls: a late
// call is about one item, and starting a process takes longer than the call.
type process struct {
	start mia.Start

	mu      sync.Mutex
	current *mia.Process
}

// get is a mia.Start that returns the process that runs, if there is one.
func (p *process) get(ctx context.Context) (*mia.Process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		started, err := p.start(ctx)
		if err != nil {
			return nil, err
		}
		p.current = started
	}
	current := p.current
	return &mia.Process{Client: current.Client, Stop: func(failed bool) {
		if failed {
			p.drop(current)
		}
	}}, nil
}

// drop kills a process that failed. Other calls that use it fail too, and are
// made again on the next.
func (p *process) drop(failed *mia.Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != failed {
		return
	}
	p.current = nil
	end(failed, true)
}

func (p *process) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		end(p.current, false)
		p.current = nil
	}
}

// end stops a process, unless somebody else does so.
func end(p *mia.Process, failed bool) {
	if p.Stop != nil {
		p.Stop(failed)
	}
}
