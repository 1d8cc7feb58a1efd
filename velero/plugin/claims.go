package plugin

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// holder is the object that has a place in a backup or restore.
type holder struct {
	// id of the object as it came, or of one that a step created.
	id krm.Identity
	// content is a digest of a created object, the zero value for one that came:
	// several batches may create one and the same object.
	content [sha256.Size]byte
}

// claim takes the place of what an object became. Velero would write two objects
// of one name into one file, and the first would be lost.
func (r *run) claim(o *tracked) error {
	if r.claims == nil {
		return nil
	}
	h, place := holder{id: placeOf(o.identity())}, placeOf(o.out.Identity())
	if o.in == nil {
		h.content = sha256.Sum256(o.out.Raw())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other, taken := r.claims[place]; taken && other != h {
		what := "backup holds"
		if r.ref.phase == pipeline.Restore {
			what = "restore has"
		}
		return fmt.Errorf("%s: the %s %s as %s already, and can keep one of them: let the function give each a name of its own", o.identity(), what, other.id, place)
	}
	r.claims[place] = h
	return nil
}

// placeOf returns what the versions of an object share.
func placeOf(id krm.Identity) krm.Identity {
	id.APIVersion = id.Group() + "/"
	return id
}

// mayAny reports whether a step of the run has one of the permissions.
func (r *run) mayAny(permissions ...pipeline.Permission) bool {
	return slices.ContainsFunc(r.pipelines, func(p *pipeline.Pipeline) bool {
		return slices.ContainsFunc(p.Spec.Mutators, func(s pipeline.Step) bool {
			return slices.ContainsFunc(permissions, func(wanted pipeline.Permission) bool { return slices.Contains(s.Allow, wanted) })
		})
	})
}

// wholeList reports whether a step of the run needs all objects at once.
func (r *run) wholeList() bool {
	return slices.ContainsFunc(r.pipelines, func(p *pipeline.Pipeline) bool {
		return slices.ContainsFunc(slices.Concat(p.Spec.Mutators, p.Spec.Validators), func(s pipeline.Step) bool { return s.Scope == pipeline.List })
	})
}
