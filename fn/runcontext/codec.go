package runcontext

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/krm"
)

// ErrKind says that an object is not the context of a run.
var ErrKind = errors.New("it is no " + Kind + " of " + APIVersion)

// Is reports whether an object is the context of a run, in any version, and
// nothing of the backup.
func Is(item *krm.Item) bool {
	id := item.Identity()
	return id.Kind == Kind && id.Group() == group
}

// Of returns the context among the items that a function got, nil when the
// step asked for none. The error is that of [Read].
func Of(items []*krm.Item) (*RunContext, error) {
	for _, item := range items {
		if Is(item) {
			return Read(item)
		}
	}
	return nil, nil //nolint:nilnil // most steps have none
}

// Read returns the context that an object is. Fields that this version does
// not know are left out.
//
// # Errors
//
// [ErrKind], and that of encoding/json when a field has another type.
func Read(item *krm.Item) (*RunContext, error) {
	if item.Identity().APIVersion != APIVersion || item.Identity().Kind != Kind {
		return nil, fmt.Errorf("read context of the run: %w", ErrKind)
	}
	var c RunContext
	if err := json.Unmarshal(item.Raw(), &c); err != nil {
		return nil, fmt.Errorf("read context of the run: %w", err)
	}
	return &c, nil
}

// Item returns the context as an object; apiVersion and kind may be empty and
// are filled in. The facts are written sorted, so that equal contexts have
// equal bytes. The error lists all that a reader may rely on and that is not
// there.
func (c *RunContext) Item() (*krm.Item, error) {
	own := *c
	own.APIVersion, own.Kind = APIVersion, Kind
	own.Cluster.Facts = slices.Compact(slices.Sorted(slices.Values(c.Cluster.Facts)))
	if err := own.validate(); err != nil {
		return nil, fmt.Errorf("write context of the run: %w", err)
	}
	raw, err := json.Marshal(&own)
	if err != nil {
		return nil, fmt.Errorf("write context of the run: %w", err)
	}
	return krm.NewItem(raw)
}

func (c *RunContext) validate() error {
	var errs []error
	want := func(ok bool, problem string) {
		if !ok {
			errs = append(errs, errors.New(problem))
		}
	}
	want(c.Metadata.Name != "", "metadata.name is empty")
	want(c.Phase == PhaseBackup || c.Phase == PhaseRestore, "phase is not Backup or Restore")
	want(c.Backup != nil && c.Backup.Name != "", "backup has no name")
	want((c.Restore != nil) == (c.Phase == PhaseRestore), "restore is there in a backup or is not in a restore")
	want(c.Restore == nil || c.Restore.Name != "", "restore has no name")
	for _, f := range c.Cluster.Facts {
		want(slices.Contains(Facts(), f), fmt.Sprintf("cluster.facts has %q, which is no fact", f))
	}
	for _, told := range c.Cluster.told() {
		want(c.Cluster.Asked(told), fmt.Sprintf("cluster.%s is told and not in cluster.facts", told))
	}
	return errors.Join(errs...)
}

// told returns the facts that have a value, but for the one that is always told.
func (c Cluster) told() []Fact {
	var list []Fact
	for fact, there := range map[Fact]bool{
		OpenShiftVersion: c.OpenShiftVersion != "", InternalRegistry: c.InternalRegistry != nil, RegistryState: c.RegistryState != "",
		PullSecrets: c.PullSecrets != nil, SecurityContextConstraints: c.SecurityContextConstraints != nil,
		ServedAPIs: c.ServedAPIs != nil,
	} {
		if there {
			list = append(list, fact)
		}
	}
	slices.Sort(list)
	return list
}
