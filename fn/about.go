package fn

import (
	"slices"

	"github.com/velero-krm/velero-krm/krm"
)

// About is what a function states about itself beside its name, its summary
// and its config, for those who choose one and for those who write a pipeline
// step. Give it to [New] by [Describe]. What can be checked of it is checked
// for the fixtures of every function of the catalogue.
type About struct {
	// Kinds that the function changes, or asks for additional items with, each as
	// "Route.route.openshift.io" or, of the core group, "Service"; or one of
	// [AnyKind] and [PodTemplates]. Empty for a function that changes nothing.
	Kinds []string
	// AdditionalItems are the resources that the function asks Velero for with
	// [List.RequestItems], each as "deployments.apps". Empty for most.
	AdditionalItems []string
	// Validates is true for a function that changes nothing and is meant for a
	// pipeline's validators.
	Validates bool
	// Phases of Velero that the function is meant for, [Backup] or [Restore]. Empty
	// for both. A pipeline that runs in another phase, too, is refused: what the
	// function makes of objects would do harm there, as Secrets that are restored
	// sealed. For a function that Validates, and so does none, it is advice. A
	// config that is a [PhaseTeller] may say otherwise.
	Phases []string
	// Needs is what a pipeline step must grant. The zero value is for a function
	// that changes objects it was given, each on its own.
	Needs Needs
	// Irreversible says, in one sentence, what is lost that nothing brings back.
	// Empty when the backup keeps what the function changes.
	Irreversible string
	// Follows says which references the function changes in other objects than
	// those that its config names, as "references to what is renamed": a step that
	// selects by kind or name leaves some of them as they are. Empty for most.
	Follows string
	// IfIgnored says, in one sentence, what a step with onError: Ignore would do to
	// objects that the function could not change, as leave a password in clear. A
	// pipeline refuses such a step. Empty for a function that may be ignored.
	IfIgnored string
}

// What Kinds may have beside kinds.
const (
	// AnyKind stands for every kind: the config or the selectors of the step say
	// which.
	AnyKind = "any kind"
	// PodTemplates stands for the kinds that package fn/podspec knows.
	PodTemplates = "every kind with a pod template"
)

// Phases of Velero, as a pipeline names them.
const (
	Backup  = "Backup"
	Restore = "Restore"
)

// Always is for the fields of [Needs] that no config makes unnecessary.
const Always = "always"

// Needs says what a step of a pipeline must grant. Each field is empty when
// the function never needs it, [Always], or a phrase that says when it does,
// as "with objects: true".
type Needs struct {
	// Create, Delete and Rename are what allow must have.
	Create, Delete, Rename string
	// Context is for context: true.
	Context string
	// List is for scope: List, the whole list at once.
	List string
}

// Grant is one thing that a step must grant, as [Needs.Grants] lists them.
type Grant struct {
	// Key and Value of the step: allow Delete, context true, scope List.
	Key   string `json:"key"`
	Value string `json:"value"`
	// When the step needs it: [Always] or a phrase.
	When string `json:"when"`
}

// Keys of a pipeline step, as a [Grant] has them.
const (
	GrantAllow   = "allow"
	GrantContext = "context"
	GrantScope   = "scope"
)

// Grants lists what is needed in the order in which pages show it.
func (n Needs) Grants() []Grant {
	all := []Grant{
		{GrantAllow, "Create", n.Create},
		{GrantAllow, "Delete", n.Delete},
		{GrantAllow, "Rename", n.Rename},
		{GrantContext, "true", n.Context},
		{GrantScope, "List", n.List},
	}
	return slices.DeleteFunc(all, func(g Grant) bool { return g.When == "" })
}

// Describe says what the function states about itself.
func Describe(about About) Option {
	return func(f *Function) { f.about = about }
}

// About returns what was given by [Describe], with both phases when it named
// none. The caller may change it.
func (f Function) About() About {
	a := f.about
	a.Kinds = slices.Clone(a.Kinds)
	a.Phases = slices.Clone(a.Phases)
	a.AdditionalItems = slices.Clone(a.AdditionalItems)
	if len(a.Phases) == 0 {
		a.Phases = []string{Backup, Restore}
	}
	return a
}

// IfIgnored returns About().IfIgnored, for pipelines.
func (f Function) IfIgnored() string { return f.about.IfIgnored }

// Follows returns About().Follows, for pipelines.
func (f Function) Follows() string { return f.about.Follows }

// PhaseTeller is a config that knows whether the function, configured so, is for
// fewer phases than all: Phases returns them, or nil for all, in place of
// About().Phases. It is asked after it was validated.
type PhaseTeller interface{ Phases() []string }

// OnlyPhases returns the phases outside of which a pipeline must not run the
// function with config, nil for none: those of About, or what the config says if
// it is a [PhaseTeller]. It is nil when the function may run in any, and when
// such a config has problems, which is told elsewhere. The caller may change it.
func (f Function) OnlyPhases(config *krm.Item) []string {
	if f.about.Validates || f.phases == nil {
		return nil
	}
	if phases, told := f.phases(config); told {
		return slices.Clone(phases)
	}
	return slices.Clone(f.about.Phases)
}

// NeedsTeller is a config that knows what a step must grant to a function that
// is configured so: each field of [Needs] that is not empty is needed, and says
// when it is, as "with objects: true". It is asked after it was validated, and
// pipelines that do not grant it are refused.
type NeedsTeller interface{ Needs() Needs }

// Needs returns what a step with config, nil for none, must grant: what
// About().Needs has as [Always], and what the config says if it is a
// [NeedsTeller] without problems.
func (f Function) Needs(config *krm.Item) []Grant {
	grants := f.about.Needs.Grants()
	grants = slices.DeleteFunc(grants, func(g Grant) bool { return g.When != Always })
	for _, g := range f.needs(config).Grants() {
		if !slices.ContainsFunc(grants, func(known Grant) bool { return known.Key == g.Key && known.Value == g.Value }) {
			grants = append(grants, g)
		}
	}
	return grants
}
