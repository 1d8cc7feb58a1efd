package fn

import "slices"

// About is what a function states about itself beside its name, its summary
// and its config, for those who choose one and for those who write a pipeline
// step. Give it to [New] by [Describe]. What can be checked of it is checked
// for the fixtures of every function of the catalogue.
type About struct {
	// Kinds that the function changes, each as "Route.route.openshift.io" or, of
	// the core group, "Service"; or one of [AnyKind] and [PodTemplates]. Empty for
	// a function that changes nothing.
	Kinds []string
	// Validates is true for a function that changes nothing and is meant for a
	// pipeline's validators.
	Validates bool
	// Phases of Velero that the function is meant for, [Backup] or [Restore]. Empty
	// for both.
	Phases []string
	// Needs is what a pipeline step must grant. The zero value is for a function
	// that changes objects it was given, each on its own.
	Needs Needs
	// Irreversible says, in one sentence, what is lost that nothing brings back.
	// Empty when the backup keeps what the function changes.
	Irreversible string
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

// Keys of a pipeline step.
const (
	grantAllow   = "allow"
	grantContext = "context"
	grantScope   = "scope"
)

// Grants lists what is needed in the order in which pages show it.
func (n Needs) Grants() []Grant {
	all := []Grant{
		{grantAllow, "Create", n.Create},
		{grantAllow, "Delete", n.Delete},
		{grantAllow, "Rename", n.Rename},
		{grantContext, "true", n.Context},
		{grantScope, "List", n.List},
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
	if len(a.Phases) == 0 {
		a.Phases = []string{Backup, Restore}
	}
	return a
}

// IfIgnored returns About().IfIgnored, for pipelines.
func (f Function) IfIgnored() string { return f.about.IfIgnored }

// AlwaysNeeds returns what About().Needs has as [Always], for pipelines: what
// allow must have, and whether the step must have context: true and scope: List.
func (f Function) AlwaysNeeds() (allow []string, context, list bool) {
	for _, g := range f.about.Needs.Grants() {
		switch {
		case g.When != Always:
		case g.Key == grantAllow:
			allow = append(allow, g.Value)
		case g.Key == grantContext:
			context = true
		case g.Key == grantScope:
			list = true
		}
	}
	return allow, context, list
}
